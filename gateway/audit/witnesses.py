"""Checkpoints read again, from the register, from files and from saved mails: what each says the log was.

A file holds notes and nothing else, so whatever else stands there is a fault; in a mail other words stand around the
note (protocol 8.3).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from email import message_from_bytes, policy
from pathlib import Path

from gateway.audit import checkpoint
from gateway.audit.checkpoint import Checkpoint
from gateway.audit.note import MARK, NoteError, Verifier
from storage.audit_walk import Fault, Sighting
from storage.checkpoints import Kept
from storage.clock import micros

HEADER = re.compile(rb"(?:From |[!-9;-~]+:)")
IN_A_MAIL = re.compile(
    r"^[^\s+]+\n(?:0|[1-9][0-9]*)\n[A-Za-z0-9+/]{43}=\n(?:[^\n]+\n)*\n(?:\u2014 [^\n]+\n?)+", re.MULTILINE
)

Placed = tuple[str, str]  # where a note stands, and the note


def from_register(
    kept: Sequence[Kept], counted: object, keys: Sequence[Verifier] | None
) -> tuple[list[Sighting], Fault | None]:
    """What the register's own checkpoints tell, and the first that is not as it was made. None: no key is known."""
    sightings: list[Sighting] = []
    size = 0
    for number, row in enumerate(kept, start=1):
        where = f"checkpoint {row.number}"
        if row.number != number:
            return sightings, Fault(seq=size, what="checkpoint missing", where=f"checkpoint {number}")
        found = _as_made(row, keys)
        if found is None or found.size < size:
            return sightings, Fault(seq=max(row.size, 0), what="checkpoint altered", where=where)
        sightings.append(Sighting(size=found.size, root=found.root, where=where))
        size = found.size
    if counted != len(kept):
        return sightings, Fault(seq=size, what="checkpoint missing", where=f"checkpoint {len(kept) + 1}")
    return sightings, None


def from_files(files: Iterable[Path], keys: Sequence[Verifier]) -> tuple[list[Sighting], Fault | None]:
    """What checkpoints tell that were kept elsewhere. Raises OSError where a file cannot be read."""
    sightings: list[Sighting] = []
    for where, note in (each for file in files for each in notes(file)):
        try:
            found = checkpoint.opened(note, keys)
        except NoteError as error:
            return sightings, Fault(seq=0, what="checkpoint altered", where=f"{where} ({error})")
        sightings.append(Sighting(size=found.size, root=found.root, where=where))
    return sightings, None


def tells_nothing(file: Path) -> bool:
    """Whether nothing in the file has the shape of a checkpoint, whoever signed it. Raises OSError."""
    for _, note in notes(file):
        try:
            checkpoint.unverified(note)
        except NoteError:
            continue
        return False
    return True


def notes(file: Path) -> Iterator[Placed]:
    """Every note of a file, with its place; at least one, which is empty where the file has none."""
    octets = file.read_bytes()
    if HEADER.match(octets):
        yield from _of_mail(file.name, octets)
    else:
        yield from _of_notes(file.name, octets.decode(errors="replace"))


def _of_mail(name: str, octets: bytes) -> Iterator[Placed]:
    body = message_from_bytes(octets, policy=policy.default).get_body(("plain",))
    text = "" if body is None else str(body.get_content()).replace("\r\n", "\n")
    found = IN_A_MAIL.findall(text)
    if not found or text.count(f"\n{MARK}") != sum(note.count(f"\n{MARK}") for note in found):
        yield name, ""
    for note in found:
        yield name, note if note.endswith("\n") else f"{note}\n"


def _of_notes(name: str, text: str) -> Iterator[Placed]:
    current: list[str] = []
    begin, signed, found = 1, False, False
    for number, line in enumerate(text.split("\n"), start=1):
        if signed and not line.startswith(MARK):
            yield f"{name}:{begin}", "\n".join([*current, ""])
            current, signed, found = [], False, True
            if not line:
                continue
        if not current:
            begin = number
        current.append(line)
        signed = line.startswith(MARK)
    if any(current) or not found:
        yield f"{name}:{begin}", "\n".join(current)


def _as_made(row: Kept, keys: Sequence[Verifier] | None) -> Checkpoint | None:
    """What a row says, or None where row and note differ, or nobody known has signed the note."""
    try:
        found = checkpoint.unverified(row.note) if keys is None else checkpoint.opened(row.note, keys)
    except NoteError:
        return None
    same = (row.number, row.size) == (found.number, found.size)
    return found if same and found.at is not None and micros(found.at) == row.made_at else None
