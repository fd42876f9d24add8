"""The audit log: rows chained by hashes, written in the transaction of what they tell. No address ever enters.

A leaf is SHA-256(0x00 | entry), the entry being canonical JSON; a link is SHA-256(link before | leaf). Whoever
changes, drops, adds or reorders a row breaks every link after it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Connection, Row, select, update

from storage.clock import micros, moment
from storage.tables import audit, counter

START = bytes(32)
BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log; `text` is the canonical JSON that the chain holds."""

    seq: int
    at: datetime
    event: str
    text: str

    def value(self) -> dict[str, object]:
        """The entry with its six names: seq, at, event, mail, subject, detail (protocol 8)."""
        found: dict[str, object] = json.loads(self.text)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where the log first departs from what was written."""

    seq: int
    what: str


def append(
    connection: Connection,
    now: datetime,
    event: str,
    mail: str | None,
    subject: str | None,
    detail: Mapping[str, object],
) -> int:
    """Writes one entry and returns its number."""
    last = connection.scalar(select(counter.c.value).where(counter.c.name == "audit").with_for_update()) or 0
    before = connection.scalar(select(audit.c.chain).where(audit.c.seq == last)) if last else START
    seq = last + 1
    entry = canonical(
        {"seq": seq, "at": now.isoformat(), "event": event, "mail": mail, "subject": subject, "detail": dict(detail)}
    )
    row = {"seq": seq, "entry": entry, "event": event, "at": micros(now), "chain": link(before or START, entry)}
    connection.execute(audit.insert().values(row))
    connection.execute(update(counter).where(counter.c.name == "audit").values(value=seq))
    return seq


def read(
    connection: Connection, *, after: int = 0, last: int | None = None, glob: str = "*", since: datetime | None = None
) -> list[Entry]:
    """Entries in order: those numbered above `after`, of them the `last` n, of those events that match `glob`."""
    query = select(audit.c.seq, audit.c.at, audit.c.event, audit.c.entry).where(audit.c.seq > after)
    if since is not None:
        query = query.where(audit.c.at >= micros(since))
    if "*" not in glob and "?" not in glob and "[" not in glob:
        query = query.where(audit.c.event == glob)
    found: list[Entry] = []
    for row in connection.execute(query.order_by(audit.c.seq.desc() if last is not None else audit.c.seq)):
        if last is not None and len(found) >= last:
            break
        entry = Entry(seq=row.seq, at=moment(row.at), event=row.event, text=row.entry)
        if matches(entry, glob):
            found.append(entry)
    return found[::-1] if last is not None else found


def matches(entry: Entry, glob: str) -> bool:
    return fnmatchcase(entry.event, glob)


def last_number(connection: Connection) -> int:
    """The number of the newest entry; 0 in an empty log."""
    return connection.scalar(select(counter.c.value).where(counter.c.name == "audit")) or 0


def verify(connection: Connection) -> Fault | int:
    """The number of entries where the whole chain holds; else the first fault."""
    before, count = START, 0
    for row in _rows(connection):
        count += 1
        if row.seq != count:
            return Fault(seq=count, what="entry missing")
        if link(before, row.entry) != row.chain:
            return Fault(seq=count, what="entry altered")
        value = json.loads(row.entry)
        if (value["seq"], value["event"], micros(datetime.fromisoformat(value["at"]))) != (row.seq, row.event, row.at):
            return Fault(seq=count, what="columns differ from the entry")
        before = row.chain
    expected = connection.scalar(select(counter.c.value).where(counter.c.name == "audit"))
    return count if expected == count else Fault(seq=count + 1, what="entries missing at the end")


def canonical(value: Mapping[str, object]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def link(before: bytes, entry: str) -> bytes:
    leaf = hashlib.sha256(b"\x00" + entry.encode()).digest()
    return hashlib.sha256(before + leaf).digest()


def _rows(connection: Connection) -> Iterator[Row[Any]]:
    last = 0
    while rows := connection.execute(select(audit).where(audit.c.seq > last).order_by(audit.c.seq).limit(BATCH)).all():
        yield from rows
        last = rows[-1].seq
