"""Who has left since a backup, from a copy of the audit log: an export of it, or the file of its mirror.

The log names a resident by a random pseudonym, which stands in the row as well; so those who left are found again,
and the copy holds no address.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.administration.office import Refused

LEFT = ("unsubscribe:done", "subscriber:forgotten")


@dataclass(slots=True)
class Since:
    """What the copy tells of the time after the backup. Not frozen: it grows while the copy is read."""

    gone: set[str] = field(default_factory=set)
    last: int = 0  # entry
    newer: int = 0
    joined: int = 0  # registrations that are lost
    changed: int = 0  # changes of districts that are lost
    numbers: dict[int, int] = field(default_factory=dict)  # the last alert of each year


def read(files: Sequence[Path], entries: int, last: dict[str, object] | None) -> Since:
    """What follows entry `entries` of the log, whose newest is `last`. Raises Refused where it does not follow."""
    found, expected = Since(last=entries), entries + 1
    for seq, value in sorted(_log(files, entries).items()):
        if seq == entries and last is not None and _essence(value) != _essence(last):
            raise Refused(f"entry {seq} of the copy differs from the backup's: it is of another log")
        if seq < expected:
            continue
        if seq > expected:
            raise Refused(
                f"entries {expected} to {seq - 1} are not in the copy; name the files before it, too: --audit OLDER "
                "--audit NEWER"
            )
        expected += 1
        _take(found, value)
    return found


def _log(files: Sequence[Path], first: int) -> dict[int, dict[str, Any]]:
    """The entries from `first` on. A log that was put back once goes on from there, and the copy has both ends."""
    kept: dict[int, dict[str, Any]] = {}
    for value in _values(files):
        seq = int(value["seq"])
        if seq in kept and _essence(kept[seq]) != _essence(value):
            kept = {number: each for number, each in kept.items() if number < seq}
        if seq >= first:
            kept[seq] = value
    return kept


def _take(found: Since, value: dict[str, Any]) -> None:
    found.last, found.newer = int(value["seq"]), found.newer + 1
    event, subject = value["event"], value["subject"]
    if event in LEFT and isinstance(subject, str):
        found.gone.add(subject)
    found.joined += event == "subscribe:confirmed"
    found.changed += event == "change:done"
    if event in ("alert:accepted", "alert:held") and isinstance(subject, str):
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
                    raise Refused(f"{file}: not an export of the audit log: a line is no JSON") from None
                if isinstance(value, dict) and {"seq", "event", "subject", "detail"} <= set(value):
                    yield value


def _essence(value: dict[str, Any]) -> tuple[object, ...]:
    return tuple(value.get(name) for name in ("seq", "at", "event", "mail", "subject", "detail"))
