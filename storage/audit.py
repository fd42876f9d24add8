"""The audit log: entries written in the transaction of what they tell, and read. No address ever enters.

An entry is canonical JSON. Its leaf SHA-256(0x00 | entry) enters a Merkle tree (merkle.py), whose signed roots
outsiders can hold; its link SHA-256(link before | leaf) stands beside it and shows where a log was changed (8.3).
"""

import hashlib
import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from storage.clock import micros, moment
from storage.engine import StorageTrouble
from storage.merkle import Frontier, leaf_hash
from storage.tables import audit, audit_tree

START = bytes(32)
BATCH = 1_000
ONLY = audit_tree.c.id == 1
_END = select(audit_tree).where(ONLY)
_LOCKED_END = _END.with_for_update()
_GROWN = update(audit_tree).where(ONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log; `text` is the canonical JSON that the tree holds."""

    seq: int
    at: datetime
    event: str
    text: str

    def value(self) -> dict[str, object]:
        """The entry with its six names: seq, at, event, mail, subject, detail (protocol 8)."""
        found: dict[str, object] = json.loads(self.text)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The end of the log as its one row tells it."""

    size: int
    frontier: Frontier
    link: bytes
    checkpoints: int


def append(
    connection: Connection,
    now: datetime,
    event: str,
    mail: str | None,
    subject: str | None,
    detail: Mapping[str, object],
) -> int:
    """Writes one entry and returns its number."""
    before = end(connection, lock=True)
    seq = before.size + 1
    entry = canonical(
        {"seq": seq, "at": now.isoformat(), "event": event, "mail": mail, "subject": subject, "detail": dict(detail)}
    )
    leaf = leaf_hash(entry.encode())
    chain = link(before.link, leaf)
    before.frontier.append(leaf)
    connection.execute(audit.insert(), {"seq": seq, "entry": entry, "event": event, "at": micros(now), "chain": chain})
    connection.execute(_GROWN, {"size": seq, "frontier": bytes(before.frontier), "link": chain})
    return seq


def end(connection: Connection, *, lock: bool = False) -> End:
    """Where the log ends; with `lock` no other node may go on from there meanwhile. Raises StorageTrouble."""
    row = connection.execute(_LOCKED_END if lock else _END).first()
    if row is None or (frontier := Frontier.parse(row.size, row.frontier)) is None:
        raise StorageTrouble(
            "the end of the audit log is damaged; run `mimamori audit verify`, and restore the database from a backup"
        )
    return End(size=row.size, frontier=frontier, link=row.link, checkpoints=row.checkpoints)


def last_number(connection: Connection) -> int:
    """The number of the newest entry; 0 in an empty log."""
    return connection.scalar(select(audit_tree.c.size).where(ONLY)) or 0


# --- reading ------------------------------------------------------------------------------------


def read(
    connection: Connection, *, after: int = 0, last: int | None = None, glob: str = "*", since: datetime | None = None
) -> list[Entry]:
    """Entries in order: those numbered above `after`, of them the `last` n, of those events that match `glob`."""
    return list(entries(connection, after=after, last=last, glob=glob, since=since))


def entries(
    connection: Connection, *, after: int = 0, last: int | None = None, glob: str = "*", since: datetime | None = None
) -> Iterator[Entry]:
    """As `read`, one by one. Whatever is asked for, an index leads to it: nothing scans the log."""
    here = audit.c.seq > after
    if since is not None:
        if (first := _first_since(connection, since)) is None:
            return
        # The sum keeps the index on the time from being taken for the order of the numbers.
        here = here & (audit.c.seq >= first) & (audit.c.at + 0 >= micros(since))
    wanted = [here] if glob == "*" else [here & (audit.c.event == each) for each in _events(connection, glob)]
    backwards = last is not None
    series = [_series(connection, where, backwards=backwards, batch=min(BATCH, last or BATCH)) for where in wanted]
    merged = heapq.merge(*series, key=lambda entry: entry.seq, reverse=backwards)
    yield from merged if last is None else reversed(list(islice(merged, last)))


def holding(connection: Connection, member: str, value: str) -> list[Entry]:
    """The entries whose `mail` or `subject` is this value. It reads the whole log."""
    part = f'"{member}":{json.dumps(value)}'
    return list(_series(connection, audit.c.entry.contains(part, autoescape=True), backwards=False, batch=BATCH))


def matches(entry: Entry, glob: str) -> bool:
    return fnmatchcase(entry.event, glob)


def _first_since(connection: Connection, since: datetime) -> int | None:
    """The lowest number of an entry at that time or later; clocks may have jumped, so it need not be the next."""
    later = select(audit.c.seq).where(audit.c.at >= micros(since)).offset(0).subquery()
    first: int | None = connection.scalar(select(func.min(later.c.seq)))
    return first


def _events(connection: Connection, glob: str) -> Iterator[str]:
    """The events of this log that match, found by leaps along their index."""
    event = connection.scalar(select(func.min(audit.c.event)))
    while event is not None:
        if fnmatchcase(event, glob):
            yield event
        event = connection.scalar(select(func.min(audit.c.event)).where(audit.c.event > event))


def _series(connection: Connection, where: ColumnElement[bool], *, backwards: bool, batch: int) -> Iterator[Entry]:
    query = select(audit.c.seq, audit.c.at, audit.c.event, audit.c.entry).where(where).limit(batch)
    query = query.order_by(audit.c.seq.desc() if backwards else audit.c.seq)
    rows: Sequence[Any] = connection.execute(query).all()
    while rows:
        for row in rows:
            yield Entry(seq=row.seq, at=moment(row.at), event=row.event, text=row.entry)
        further = audit.c.seq < rows[-1].seq if backwards else audit.c.seq > rows[-1].seq
        rows = connection.execute(query.where(further)).all() if len(rows) == batch else ()


def canonical(value: Mapping[str, object]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def link(before: bytes, leaf: bytes) -> bytes:
    return hashlib.sha256(before + leaf).digest()
