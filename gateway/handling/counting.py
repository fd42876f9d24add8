"""Reads the audit log once, from its first entry, and counts all that a report tells of it (protocol 8.7)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from gateway.administration.office import Tell
from gateway.handling.people import People
from gateway.handling.period import Period
from gateway.handling.postings import Postings
from storage import audit
from storage.audit import Entry
from storage.clock import moment
from storage.tables import audit as audit_table

BATCH = 1_000
KEY_EVENTS = ("key:", "year:", "backup:", "district:", "staff:", "audit:", "subscriber:")


@dataclass(slots=True)
class Counted:
    """Not frozen: it counts while the log is read."""

    period: Period
    people: People
    postings: Postings
    events: Counter[str] = field(default_factory=Counter)  # of the period
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)  # of the period
    sums: Counter[tuple[str, str]] = field(default_factory=Counter)  # of details that are counts
    acts: list[Entry] = field(default_factory=list)  # of keys, years, backups, districts, staff: all of the log
    last: Entry | None = None

    def take(self, entry: Entry) -> None:
        value = entry.value()
        self.last = entry
        self.people.take(entry, value)
        self.postings.take(entry, value)
        if entry.event.startswith(KEY_EVENTS):
            self.acts.append(entry)
        if self.period.month(entry.at) is None:
            return
        detail = value["detail"]
        assert isinstance(detail, dict)
        self.events[entry.event] += 1
        if isinstance(cause := detail.get("cause"), str):
            self.causes[entry.event, cause] += 1
        for name in ("count", "letters"):
            if isinstance(number := detail.get(name), int):
                self.sums[entry.event, name] += number


def counted(connection: Connection, period: Period, tell: Tell) -> Counted:
    """Everything that the log tells about the period."""
    found = Counted(period=period, people=People(period), postings=Postings(period))
    total = audit.last_number(connection)
    for entry in _entries(connection):
        found.take(entry)
        if entry.seq % BATCH == 0:
            tell(entry.seq, total, "監査記録を数えています / counting the audit log")
    return found


def _entries(connection: Connection) -> Iterator[Entry]:
    """The whole log, some at a time."""
    table, after = audit_table, 0
    columns = select(table.c.seq, table.c.at, table.c.event, table.c.entry).order_by(table.c.seq).limit(BATCH)
    while rows := connection.execute(columns.where(table.c.seq > after)).all():
        for row in rows:
            yield Entry(seq=row.seq, at=moment(row.at), event=row.event, text=row.entry)
        after = rows[-1].seq
