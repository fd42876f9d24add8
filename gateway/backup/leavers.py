"""Who has left since a backup, from a copy of the audit log: an export of it, or the file of its mirror.

The log names a resident by a random pseudonym, which stands in the row as well; so those who left are found again,
and the copy holds no address.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.administration.office import Refused
from storage import escrow

LEFT = ("unsubscribe:done", "subscriber:forgotten")
STAFF = ("staff:added", "staff:removed")
COPIES = (escrow.MADE, escrow.DESTROYED)
Copies = Counter[tuple[str, int]]  # what became of copies of a year's key: event and year


@dataclass(slots=True)
class Since:
    """What the copy tells. Not frozen: it grows while the copy is read.

    A log that was put back before goes on from there, and the copy has both ends. Who left at either has left; nobody
    who came again goes by the same name.
    """

    gone: set[str] = field(default_factory=set)
    staff: set[str] = field(default_factory=set)  # ids of staff whose rights have changed since the backup
    numbers: dict[int, int] = field(default_factory=dict)  # the last alert of each year
    copies: Copies = field(default_factory=Counter)  # behind the backup, at the end of the log
    copies_ever: Copies = field(default_factory=Counter)  # in all of the copy, at every end of the log
    last: int = 0  # entry
    newer: int = 0
    joined: int = 0  # registrations that are lost
    changed: int = 0  # changes of districts that are lost


def read(files: Sequence[Path], entries: int, last: dict[str, object] | None) -> Since:
    """What follows entry `entries` of the log, whose newest is `last`. Raises Refused where it does not follow."""
    found, expected = Since(last=entries), entries + 1
    for seq, value in sorted(_followed(files, entries, last, found).items()):
        if seq > expected:
            raise Refused(
                f"entries {expected} to {seq - 1} are not in the copy; name the files before it, too: --audit OLDER "
                "--audit NEWER"
            )
        expected, found.last, found.newer = seq + 1, seq, found.newer + 1
        found.joined += value["event"] == "subscribe:confirmed"
        found.changed += value["event"] == "change:done"
        if value["event"] in COPIES:
            found.copies[value["event"], int(value["detail"]["year"])] += 1
    return found


def _followed(
    files: Sequence[Path], entries: int, last: dict[str, object] | None, found: Since
) -> dict[int, dict[str, Any]]:
    """The entries behind the backup, of the end of the log that was written last; `found` learns of all of them."""
    kept: dict[int, dict[str, Any]] = {}
    beside = []  # what the copy has in the place of the backup's newest entry
    copies: set[tuple[int, str, str, int]] = set()  # files may overlap
    for value in _values(files):
        seq = int(value["seq"])
        _note(found, value["event"], value["subject"])
        if value["event"] in COPIES:
            copies.add((seq, str(value["at"]), str(value["event"]), int(value["detail"]["year"])))
        if seq == entries:
            beside.append(_essence(value))
        if seq in kept and _essence(kept[seq]) != _essence(value):
            kept = {number: each for number, each in kept.items() if number < seq}
        if seq > entries:
            kept[seq] = value
            if value["event"] in STAFF:
                found.staff.add(value["subject"])
    found.copies_ever.update((event, year) for _, _, event, year in copies)
    if last is not None and beside and _essence(last) not in beside:
        raise Refused(f"entry {entries} of the copy differs from the backup's: it is of another log")
    return kept


def _note(found: Since, event: object, subject: object) -> None:
    if not isinstance(subject, str):
        return
    if event in LEFT:
        found.gone.add(subject)
    if event in ("alert:accepted", "alert:held"):
        year, _, number = subject.partition("-")
        found.numbers[int(year)] = max(found.numbers.get(int(year), 0), int(number))


def _values(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """The entries of all files; lines that are none, as those of checkpoints, are passed over."""
    for file in files:
        with file.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                try:
                    value = json.loads(line)
                except ValueError:
                    if not line.endswith("\n"):
                        break  # it was being written when the machine fell over
                    raise Refused(f"{file}: not an export of the audit log: a line is no JSON") from None
                if isinstance(value, dict) and {"seq", "event", "subject", "detail"} <= set(value):
                    yield value


def _essence(value: dict[str, Any]) -> tuple[object, ...]:
    return tuple(value.get(name) for name in ("seq", "at", "event", "mail", "subject", "detail"))
