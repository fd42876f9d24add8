"""What each worker handed over last, in a file that outlives every process: what was killed does not send it again.

A commit records many copies at a time. Until it comes, the worker keeps a counterfoil of every copy that was taken
over, in the operating system's cache at once, and on the disk some at a time: a kill loses none of them, a power cut
the last few. When the chunk is claimed again, these copies count as handed over. A counterfoil is the id of the copy, a
keyed digest, which its Message-ID shows too.
"""

import logging
import os
from pathlib import Path

from storage.keyring import COPY_ID_OCTETS

log = logging.getLogger("mimamori.relay")
NAME = "counterfoils"  # of the file, in the state folder
KEPT = 8_192  # of each worker. A new process begins anew: those of the one before last a while, should it be killed too
PAGE_OCTETS = KEPT * COPY_ID_OCTETS


def prepare(file: Path, workers: int) -> None:
    """Makes the file as long as it will be, so that syncing a counterfoil writes nothing but that."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "ab") as stream:
            stream.write(bytes(max(0, workers * PAGE_OCTETS - stream.tell())))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        log.error("%s cannot be made (%s): after a kill some copies would be sent twice", file, error.strerror)


def found(file: Path) -> frozenset[bytes]:
    """All that is kept, of whatever process: what was handed over once stays handed over."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            content = stream.read()
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        log.error("%s cannot be read (%s): some copies may be sent twice", file, error.strerror)
        return frozenset()
    cut = range(0, len(content) - COPY_ID_OCTETS + 1, COPY_ID_OCTETS)
    return frozenset(content[start : start + COPY_ID_OCTETS] for start in cut)


class Counterfoils:
    """Those of one worker: the oldest gives its place to the newest."""

    def __init__(self, file: Path, number: int, synced_every: int) -> None:
        """`synced_every`: how many are written until they are synced; 0: they never are."""
        self._start = number * PAGE_OCTETS
        self._place = 0
        self._synced_every = synced_every
        self._unsynced = 0
        self._descriptor = self._opened(file)

    @property
    def kept(self) -> bool:
        return self._descriptor is not None

    def add(self, copy_id: bytes) -> None:
        if self._descriptor is None:
            return
        try:
            os.pwrite(self._descriptor, copy_id, self._start + self._place)
            self._unsynced += 1
            if self._unsynced == self._synced_every:
                os.fdatasync(self._descriptor)
                self._unsynced = 0
        except OSError as error:
            self._without(error)
        self._place = (self._place + COPY_ID_OCTETS) % PAGE_OCTETS

    def _opened(self, file: Path) -> int | None:
        try:
            return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._without(error)
            return None

    def _without(self, error: OSError) -> None:
        """The alert goes on: a copy twice is better than none."""
        log.error("counterfoils cannot be kept (%s): after a kill some copies would be sent twice", error.strerror)
        self._descriptor = None
