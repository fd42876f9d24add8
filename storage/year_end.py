"""How far the end of a fiscal year is, and the rows that it deletes (protocol 3.9, 8).

One row a run. Each step is committed with what it did, under the lock of that row, so that a crash or a second process
only ever does what is still to be done. Nothing here touches a key or a file.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Delete, Row, Table, delete, func, select, update

from storage import alerts, counters
from storage.clock import micros, moment
from storage.records import Alert, AlertState
from storage.tables import (
    alert,
    audience,
    audience_district,
    bounce,
    canary,
    chunk,
    letter,
    pace,
    request,
    subscription,
    year_end,
)

MUTEX = "year end"  # whoever begins a year's end holds this counter


class Step(StrEnum):
    """What is done and committed."""

    BEGUN = "begun"  # the year's alerts have ended; rows are being deleted
    DESTROYED = "destroyed"  # no row and no key of the year is left
    REWRAPPED = "rewrapped"  # what lives has a new KEK, where it can be made
    CLEANED = "cleaned"  # the database's free space holds nothing of it
    DONE = "done"  # certificate, letter, audit entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One ending of one year. `facts` become the certificate; they hold counts and fingerprints only."""

    id: int
    year: int
    early: bool  # on the administrator's word, before its date: the year may begin anew
    step: Step
    began_at: datetime
    not_before: datetime | None  # the moment before which it never is again, once the year has ended by its date
    facts: Mapping[str, Any] = field(default_factory=dict)


# In this order, since rows point at rows.
TABLES: tuple[Table, ...] = (
    pace,
    canary,
    chunk,
    alert,
    letter,
    request,
    bounce,
    subscription,
    audience_district,
    audience,
)

# Tables without a year of their own: the column by which a row hangs on one that has it.
HANGING: dict[Table, Column[Any]] = {
    pace: pace.c.alert_id,
    canary: canary.c.alert_id,
    bounce: bounce.c.subscription_id,
    audience_district: audience_district.c.audience_id,
}


def begin(
    connection: Connection,
    year: int,
    now: datetime,
    *,
    not_before: datetime | None,
    facts: Callable[[], Mapping[str, object]],
) -> Run:
    """The run that ends the year: the unfinished one, or a new one. `not_before` is None for an early end."""
    counters.hold(connection, MUTEX)
    if (found := unfinished(connection, year)) is not None:
        return found
    values = {
        "year": year,
        "step": Step.BEGUN.value,
        "began_at": micros(now),
        "not_before": micros(not_before) if not_before is not None else None,
        "facts": json.dumps({**facts(), "rows": dict.fromkeys((table.name for table in TABLES), 0)}),
    }
    number = connection.scalars(year_end.insert().values(values).returning(year_end.c.id)).one()
    return held(connection, number)


def unfinished(connection: Connection, year: int) -> Run | None:
    """The year's run that has not come to its end."""
    query = select(year_end).where(year_end.c.year == year, year_end.c.step != Step.DONE.value)
    row = connection.execute(query.order_by(year_end.c.id)).first()
    return _run(row) if row is not None else None


def runs(connection: Connection) -> list[Run]:
    """Every run, oldest first."""
    return [_run(row) for row in connection.execute(select(year_end).order_by(year_end.c.id))]


def held(connection: Connection, number: int) -> Run:
    """The run as it stands; nobody else goes on with it until this transaction ends."""
    return _run(connection.execute(select(year_end).where(year_end.c.id == number).with_for_update()).one())


def advance(connection: Connection, run: Run, step: Step, **facts: object) -> None:
    """Notes that the step is done."""
    values = {"step": step.value, "facts": json.dumps({**run.facts, **facts})}
    connection.execute(update(year_end).where(year_end.c.id == run.id).values(values))


def latest_end(connection: Connection) -> datetime | None:
    """The moment at which the newest year that ended by its date was over: it is later than that ever since."""
    found = connection.scalar(select(func.max(year_end.c.not_before)).where(year_end.c.step == Step.DONE.value))
    return moment(found) if found is not None else None


def sweep(connection: Connection, run: Run, most: int) -> int:
    """Deletes up to `most` rows of the year and counts them; 0 when none is left."""
    for table in TABLES:
        if gone := connection.execute(_some(table, run.year, most)).rowcount:
            rows = {**run.facts["rows"], table.name: run.facts["rows"][table.name] + gone}
            advance(connection, run, run.step, rows=rows)
            return gone
    return 0


def unsent(connection: Connection, run: Run, now: datetime) -> int:
    """How many chunks and letters of the year a worker has in its hands."""
    leased = [
        select(func.count()).where(table.c.year == run.year, table.c.lease_until > micros(now))
        for table in (chunk, letter)
    ]
    return sum(connection.scalar(query) or 0 for query in leased)


def end_alerts(connection: Connection, year: int, now: datetime) -> list[Alert]:
    """Ends what of the year is still held or under way; returns every alert that has ended by that."""
    of_year = alert.c.year == year
    for state, column in ((AlertState.RELAYING, alert.c.expires_at), (AlertState.HELD, alert.c.held_until)):
        open_alerts = of_year & (alert.c.state == state.value)
        connection.execute(update(alert).where(open_alerts).values({column: micros(now)}))
    return [*alerts.finish(connection, now, at_once=True), *alerts.give_up(connection, now)]


def drop_letters(connection: Connection, run: Run, now: datetime) -> None:
    """Deletes the year's letters that no worker has in its hands: nobody of an ending year is written to any more."""
    free = (letter.c.year == run.year) & (letter.c.lease_until <= micros(now))
    gone = connection.execute(delete(letter).where(free)).rowcount
    rows = {**run.facts["rows"], letter.name: run.facts["rows"][letter.name] + gone}
    advance(connection, run, run.step, rows=rows)


def counts(connection: Connection, year: int) -> dict[str, int]:
    """How many rows of the year each table has."""
    found = {}
    for table in TABLES:
        query = select(func.count()).select_from(table).where(_of_year(table, year))
        found[table.name] = connection.scalar(query) or 0
    return found


def _some(table: Table, year: int, most: int) -> Delete:
    key = _key(table)
    return delete(table).where(key.in_(select(key).where(_of_year(table, year)).limit(most)))


def _key(table: Table) -> Column[Any]:
    if table in HANGING:
        return HANGING[table]
    return table.c.id


def _of_year(table: Table, year: int) -> ColumnElement[bool]:
    if table not in HANGING:
        return table.c.year == year
    (pointer,) = HANGING[table].foreign_keys
    parent = pointer.column.table
    return HANGING[table].in_(select(parent.c.id).where(parent.c.year == year))


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        year=row.year,
        early=row.not_before is None,
        step=Step(row.step),
        began_at=moment(row.began_at),
        not_before=moment(row.not_before) if row.not_before is not None else None,
        facts=json.loads(row.facts),
    )
