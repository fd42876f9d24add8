"""Files that hold secrets: replaced whole or not at all, and destroyed so that as little as can be is left of them.

Overwriting reaches the old octets on a plain disk only. Flash, journals and snapshots may keep them; that is why what
lies here is wrapped, and why the wrapping key is made anew at a year's end (protocol 9, [keys]).
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BESIDE = ".new"


class KeyTrouble(Exception):
    """A key is absent, unreadable or unsafe. The message names the remedy and no secret."""


def read_private(file: Path, strict: bool = True, what: str = "key") -> bytes:
    """The content of a file that only its owner may read; `what` names it. Raises KeyTrouble where others could."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        remedy = "put it back from your safe" if what == "key" else "check the name"
        raise KeyTrouble(f"{file}: no such {what}; {remedy}") from None
    except OSError as error:
        raise KeyTrouble(f"{file}: cannot be read ({error.strerror}); it must be a plain file of this user") from None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise KeyTrouble(f"{file}: cannot be read; it must be a plain file of this user")
    with os.fdopen(descriptor, "rb") as stream:
        if strict and stat.S_IMODE(facts.st_mode) & 0o077:
            raise KeyTrouble(f"{file}: others may read this {what}; run `chmod 600 {file}`")
        if strict and facts.st_uid not in (os.geteuid(), 0):
            raise KeyTrouble(f"{file}: belongs to another user; run `chown {os.geteuid()} {file}`")
        return stream.read(65_536)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps every other thread and process that asks for the same from changing the folder's files meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def replace_private(file: Path, content: bytes) -> None:
    """Puts a new content in a file's place, whole or not at all; the old content is overwritten."""
    beside = file.with_name(file.name + BESIDE)
    destroy_private(beside)  # of an attempt that ended half-way
    write_private(beside, content)
    move_private(beside, file)


def move_private(source: Path, goal: Path) -> None:
    """Renames a file to a place that may be taken; what stood there is overwritten once it has no name any more."""
    try:
        old = os.open(goal, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        old = -1
    source.rename(goal)
    sync_folder(goal.parent)
    if old >= 0:
        _overwrite(old)


def destroy_private(file: Path) -> bool:
    """Overwrites the file, removes it, and sees both onto the disk. False where there was none."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    _overwrite(descriptor)
    file.unlink()
    sync_folder(file.parent)
    return True


def write_private(file: Path, content: bytes) -> None:
    """Writes a new file that only its owner may read, and sees it onto the disk. Raises FileExistsError."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _overwrite(descriptor: int) -> None:
    with os.fdopen(descriptor, "wb", buffering=0) as stream:
        stream.write(os.urandom(os.fstat(stream.fileno()).st_size))
        os.fsync(stream.fileno())
