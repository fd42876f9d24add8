"""Checkpoints: the size and the root of the log, signed (C2SP tlog-checkpoint). Whoever holds one can tell later.

Two further lines tell which checkpoint it is and of when, so that none can be dropped from a row of them unseen
(protocol 8.3).
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.audit.note import NoteError, SigningKey, Verifier, sign_note, verify_note
from storage import audit, checkpoints
from storage.checkpoints import Kept
from storage.clock import micros
from storage.merkle import OCTETS
from storage.store import Transaction

SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
NUMBER = re.compile(r"number ([1-9][0-9]{0,9})")
TIME = "time "


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a checkpoint says. One that another program made has neither number nor time."""

    origin: str
    size: int
    root: bytes
    number: int | None = None
    at: datetime | None = None

    def __str__(self) -> str:
        """The text that is signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        if self.number is not None and self.at is not None:
            lines += [f"number {self.number}", f"{TIME}{self.at.isoformat()}"]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Raises NoteError."""
        lines = text.removesuffix("\n").split("\n")
        if not text.endswith("\n") or len(lines) < 3 or "" in lines:
            raise NoteError("signed, but not a checkpoint")
        origin, size, root, *further = lines
        octets = _root(root)
        if not SIZE.fullmatch(size) or octets is None:
            raise NoteError("signed, but not a checkpoint")
        number, at = _further(further)
        return cls(origin=origin, size=int(size), root=octets, number=number, at=at)


def make(transaction: Transaction, key: SigningKey) -> Kept:
    """A checkpoint of the log as it is in this transaction; the newest one again where the log has not grown since."""
    end = audit.end(transaction.connection, lock=True)
    newest = checkpoints.newest(transaction.connection)
    if newest is not None and newest.size == end.size:
        return newest
    made = Checkpoint(
        origin=key.name, size=end.size, root=end.frontier.root(), number=end.checkpoints + 1, at=transaction.now
    )
    note = sign_note(str(made), key)
    checkpoints.save(transaction.connection, end.checkpoints + 1, end.size, note, transaction.now)
    return Kept(number=end.checkpoints + 1, size=end.size, made_at=micros(transaction.now), note=note)


def opened(note: str, keys: Sequence[Verifier]) -> Checkpoint:
    """What a checkpoint says that one of these keys has signed. Raises NoteError."""
    found = Checkpoint.parse(verify_note(note, keys))
    if found.origin not in {key.name for key in keys}:
        raise NoteError("a checkpoint of another log")
    return found


def unverified(note: str) -> Checkpoint:
    """What a checkpoint says, whoever signed it. Raises NoteError."""
    return Checkpoint.parse(note.rpartition("\n\n")[0] + "\n")


def _root(text: str) -> bytes | None:
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return octets if len(octets) == OCTETS and base64.b64encode(octets).decode() == text else None


def _further(lines: Sequence[str]) -> tuple[int | None, datetime | None]:
    number = next((int(match[1]) for line in lines if (match := NUMBER.fullmatch(line))), None)
    shown = next((line.removeprefix(TIME) for line in lines if line.startswith(TIME)), None)
    try:
        at = datetime.fromisoformat(shown) if shown is not None else None
    except ValueError:
        raise NoteError("a checkpoint with a time that is none") from None
    return number, at if at is None or at.tzinfo is not None else None
