"""Whether the log is what was written: from the register, or from an export and nothing else (protocol 8.3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.audit import checkpoint
from gateway.audit.lines import CHAIN, CHECKPOINT, HEAD, entry_of
from gateway.audit.note import NoteError, Verifier
from gateway.audit.witnesses import from_files, from_register
from storage import audit, audit_walk, checkpoints
from storage.audit import canonical
from storage.audit_walk import Fault, Sighting, Walk, value_of
from storage.store import Transaction

Tell = Callable[[int, int, str], None]  # done, of how many, of what
WHAT = "監査記録 / audit entries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found: all of it agrees where there is no fault."""

    entries: int
    checkpoints: int  # of the log's own
    witnesses: int  # that were kept elsewhere
    signed: bool  # whether signatures were verified
    fault: Fault | None = None


def register(
    transaction: Transaction, keys: Sequence[Verifier] | None, files: Sequence[Path], tell: Tell | None = None
) -> Verdict:
    """Follows the rows. None as keys: none is known, and signatures stay unverified."""
    connection = transaction.connection
    own, spoilt = from_register(checkpoints.everything(connection), checkpoints.counted(connection), keys)
    others, broken = from_files(files, keys or ())
    size = audit.last_number(connection)
    told = None if tell is None else lambda done: tell(done, size, WHAT)
    followed = audit_walk.verify(connection, [*own, *others], told)
    faults = [each for each in (followed, spoilt) if isinstance(each, Fault)]
    return Verdict(
        entries=followed if isinstance(followed, int) else followed.seq - 1,
        checkpoints=len(own),
        witnesses=len(others),
        signed=keys is not None,
        fault=min(faults, key=lambda each: each.seq, default=broken),
    )


def exported(
    files: Sequence[Path], keys: Sequence[Verifier] | None, witnesses: Sequence[Path], tell: Tell | None = None
) -> Verdict:
    """Follows the lines of files, in the order given. Raises OSError where one cannot be read."""
    others, broken = from_files(witnesses, keys or ())
    reading = _Reading(others, keys, tell)
    fault = reading.follow(_lines(files)) or broken
    return Verdict(
        entries=reading.walk.tree.size,
        checkpoints=reading.checkpoints,
        witnesses=len(others),
        signed=keys is not None,
        fault=fault,
    )


class _Reading:
    """An export on its way through the tree."""

    def __init__(
        self, sightings: Sequence[Sighting], keys: Sequence[Verifier] | None, tell: Tell | None = None
    ) -> None:
        self._tell = tell
        self.walk = Walk(sightings)
        self.checkpoints = 0
        self._keys = keys
        self._chained: bool | None = None  # whether entries have their links beside them: all, or none
        self._head: dict[str, Any] | None = None

    def follow(self, lines: Iterator[str]) -> Fault | None:
        """The first fault, in the order of the lines."""
        if (fault := self.walk.compared()) is not None:
            return fault
        for number, line in enumerate(lines):
            value = value_of(line)
            if not value or canonical(value) != line:
                return self._here("line altered")
            if number == 0 and HEAD in value:
                self._head = value[HEAD] if isinstance(value[HEAD], dict) else {}
            elif CHECKPOINT in value and self._head is None:  # a mirror has entries only
                fault = Fault(seq=min(self.walk.tree.size, 1), what="first line missing")
            elif CHECKPOINT in value:
                fault = self._checkpoint(value[CHECKPOINT])
            elif (fault := self._entry(value)) is not None:
                fault = _explained(fault, value, lines)
            if fault is not None:
                return fault
        self._told(last=True)
        return self.walk.missing() or self._ended()

    def _here(self, what: str) -> Fault:
        return Fault(seq=self.walk.tree.size + 1, what=what)

    def _entry(self, value: dict[str, Any]) -> Fault | None:
        chained = CHAIN in value
        if self._chained is None:
            self._chained = chained
        if chained != self._chained:
            return self._here("line altered")
        fault = self.walk.step(*entry_of(value))
        self._told()
        return fault

    def _told(self, *, last: bool = False) -> None:
        """Shows how far it is, where the first line says how far it goes."""
        done, total = self.walk.tree.size, self._head.get("entries") if self._head else None
        if self._tell is not None and type(total) is int and done >= audit.BATCH and last == bool(done % audit.BATCH):
            self._tell(done, total, WHAT)

    def _checkpoint(self, note: object) -> Fault | None:
        size = self.walk.tree.size
        where = f"checkpoint {self.checkpoints + 1}"
        try:
            text = note if isinstance(note, str) else ""
            found = checkpoint.unverified(text) if self._keys is None else checkpoint.opened(text, self._keys)
        except NoteError:
            return Fault(seq=size, what="checkpoint altered", where=where)
        if found.number != self.checkpoints + 1:
            return Fault(seq=size, what="checkpoint missing", where=where)
        self.checkpoints += 1
        if found.size == size and found.root == self.walk.tree.root():
            return None
        return Fault(seq=min(size, found.size), last=size, what="differs from a checkpoint", where=where)

    def _ended(self) -> Fault | None:
        """Whether it ends where its first line says."""
        if self._head is None:
            return None
        entries, size = self._head.get("entries"), self.walk.tree.size
        if type(entries) is int and entries > size:
            return self._here("entries missing at the end")
        if self._head.get("checkpoints") != self.checkpoints:
            return Fault(seq=size, what="checkpoint missing", where=f"checkpoint {self.checkpoints + 1}")
        agrees = self._head == head_of(size, self.walk.tree.root(), self.checkpoints)
        return None if agrees else Fault(seq=min(size, 1), last=size, what="differs from the first line")


def head_of(entries: int, root: bytes, count: int) -> dict[str, Any]:
    """What the first line of an export says of the rest."""
    return {"checkpoints": count, "entries": entries, "format": 1, "root": root.hex()}


def _lines(files: Sequence[Path]) -> Iterator[str]:
    for file in files:
        with file.open("r", encoding="utf-8", errors="replace", newline="\n") as stream:
            for line in stream:
                # A last line that lost its end is no line any more.
                yield line[:-1] if line.endswith("\n") else f"{line}\\"


def _explained(fault: Fault, value: dict[str, Any], following: Iterator[str]) -> Fault:
    """The same fault with what the lines after it tell."""
    if fault.what != "entry altered":
        return fault
    claimed = value.get("seq")
    if type(claimed) is not int or claimed == fault.seq:
        return fault
    later = any(value_of(line).get("seq") == fault.seq for line in following)
    if later:
        return Fault(seq=fault.seq, what="entry out of order")
    return Fault(seq=fault.seq, what="entry missing") if claimed > fault.seq else fault
