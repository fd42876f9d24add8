"""A copy of the log in a file of lines, put aside when it is large. It only ever grows (protocol 8.3).

A file put aside has the number of its last entry behind its name, so that names sort as the log goes.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from storage.audit_walk import value_of

TAIL_OCTETS = 1_048_576  # no line is longer
MODE = 0o600


class JsonLines:
    """The file and those put aside; `keep` of them stay, 0: all."""

    def __init__(self, path: Path, most_octets: int, keep: int) -> None:
        self.path = path
        self._most_octets = most_octets
        self._keep = keep

    def last(self) -> tuple[int, str] | None:
        """The number of the last entry in the newest file, and its line; None where there is none."""
        for file in (self.path, *reversed(self._aside())):
            if (line := _last_line(file)) is not None:
                number = value_of(line).get("seq")
                return (number if type(number) is int else -1), line
        return None

    def write(self, numbered: Sequence[tuple[int, str]]) -> None:
        """Writes lines and sees them onto the disk. Raises OSError."""
        octets = 0 if not self.path.exists() else self.path.stat().st_size
        waiting: list[str] = []
        for number, line in numbered:
            waiting.append(f"{line}\n")
            octets += len(waiting[-1].encode())
            if octets >= self._most_octets:
                self._append("".join(waiting))
                self.put_aside(number)
                waiting, octets = [], 0
        self._append("".join(waiting))

    def put_aside(self, number: int) -> None:
        """Gives the file a name of its own, with this number, and drops the oldest that need not stay."""
        goal = self.path.with_name(f"{self.path.name}.{number:012d}")
        while goal.exists():  # of a log that was taken back to an older day
            goal = goal.with_name(f"{goal.name}-")
        self.path.rename(goal)
        old = self._aside()
        for file in old[: len(old) - self._keep] if self._keep else ():
            file.unlink()

    def _aside(self) -> list[Path]:
        return sorted(self.path.parent.glob(f"{self.path.name}.[0-9]*"))

    def _append(self, text: str) -> None:
        if not text:
            return
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "r+b", buffering=0) as stream:
            _end_whole(stream.fileno())
            stream.write(text.encode(errors="surrogatepass"))
            os.fsync(stream.fileno())


def _last_line(file: Path) -> str | None:
    """The last whole line of a file."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - TAIL_OCTETS))
            lines = stream.read().rpartition(b"\n")[0].rsplit(b"\n", 1)
    except FileNotFoundError:
        return None
    return lines[-1].decode(errors="replace") or None


def _end_whole(descriptor: int) -> None:
    """Cuts off what a machine that fell over has left of a line."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, TAIL_OCTETS, max(0, size - TAIL_OCTETS))
    torn = len(tail) - (tail.rfind(b"\n") + 1)
    if torn:
        os.ftruncate(descriptor, size - torn)
