"""A directory in place of a smarthost: each copy becomes a file of a maildir, to look at or to hand over as files.

It keeps maildir's promise: a name in new/ is a whole message that is on disk. Files are private to the gateway's user.
"""

import asyncio
import itertools
import os
import secrets
import socket
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from gateway.relay.handover import BAD_ADDRESS, DISK_TROUBLE, Copy, Feed, Handover, Unreachable

TOGETHER = 4  # copies: when the process is killed, they may be sent twice
ACCEPTED = Handover(250, "2.0.0")


class Maildir:
    """A NextHop that writes files."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._host = socket.gethostname().replace("/", r"\057").replace(":", r"\072")
        self._numbers = itertools.count(1)

    async def send(self, copies: Sequence[Copy]) -> list[Handover]:
        """See NextHop. Returns when all that it accepts is on disk."""
        return await asyncio.to_thread(self._write_all, copies) if copies else []

    async def carry(self, feed: Feed) -> bool:
        """See NextHop. Some copies at a time share the syncing of the directory."""
        while copies := list(islice(iter(feed.take, None), TOGETHER)):
            try:
                handovers = await self.send(copies)
            except Unreachable:
                for copy in reversed(copies):
                    feed.put_back(copy)
                raise
            for copy, handover in zip(copies, handovers, strict=True):
                feed.done(copy, handover)
        return True

    async def close(self) -> None:
        """Nothing is kept open."""

    def _write_all(self, copies: Sequence[Copy]) -> list[Handover]:
        self._prepare()
        handovers = [self._write(copy) for copy in copies]
        try:
            _sync(self._directory / "new")
        except OSError:
            return [DISK_TROUBLE if handover.accepted else handover for handover in handovers]
        return handovers

    def _prepare(self) -> None:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in ("tmp", "new", "cur"):
                (self._directory / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as trouble:
            why = f"maildir {self._directory}: {trouble.strerror}; make it a directory that this user may write to"
            raise Unreachable(why) from None

    def _write(self, copy: Copy) -> Handover:
        if not copy.fits:
            return BAD_ADDRESS
        name = self._unique_name()
        unfinished = self._directory / "tmp" / name
        try:
            _write_synced(unfinished, _stored(copy))
            unfinished.rename(self._directory / "new" / name)
        except OSError:
            _remove(unfinished)
            return DISK_TROUBLE
        return ACCEPTED

    def _unique_name(self) -> str:
        seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        unique = f"M{nanoseconds // 1000}P{os.getpid()}Q{next(self._numbers)}R{secrets.token_hex(4)}"
        return f"{seconds}.{unique}.{self._host}"


def _stored(copy: Copy) -> bytes:
    """The message with its envelope on top; lines end in LF, as programs that read a maildir expect."""
    envelope = f"Return-Path: <{copy.sender}>\nDelivered-To: {copy.recipient}\n".encode("ascii")
    return envelope + copy.message.replace(b"\r\n", b"\n")


def _write_synced(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the disk is in trouble; the next cleaning of tmp/ takes it


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
