"""What waits to be sent, in numbers: letters by urgency, chunks by alert. It opens nothing and changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from storage.clock import micros, moment
from storage.outbox import LIFE
from storage.records import AlertState
from storage.tables import alert, audience, chunk, letter


@dataclass(frozen=True, slots=True, kw_only=True)
class LettersWaiting:
    """The letters of one urgency."""

    urgent: int  # 0: ordinary
    waiting: int
    retried: int  # of these: tried at least once
    oldest: datetime  # when the oldest was written
    next_try: datetime  # when the first falls due


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunksOpen:
    """The chunks of one alert that are not done."""

    alert_id: int
    open: int
    leased: int  # of these: somebody works on them
    deferred: int  # of these: they wait for the time of the next try
    next_try: datetime  # when the first falls due


def letters(connection: Connection) -> list[LettersWaiting]:
    """The most urgent first."""
    query = (
        select(
            letter.c.urgent,
            func.count().label("waiting"),
            func.sum(case((letter.c.attempts > 0, 1), else_=0)).label("retried"),
            func.min(letter.c.gives_up_at).label("gives_up_at"),
            func.min(letter.c.ready_at).label("ready_at"),
        )
        .group_by(letter.c.urgent)
        .order_by(letter.c.urgent.desc())
    )
    return [
        LettersWaiting(
            urgent=row.urgent,
            waiting=row.waiting,
            retried=int(row.retried),
            oldest=moment(row.gives_up_at) - LIFE,
            next_try=moment(row.ready_at),
        )
        for row in connection.execute(query)
    ]


def chunks(connection: Connection, now: datetime) -> dict[int, ChunksOpen]:
    """What is open of running alerts, by the alert's row number; those that were stopped or expired send no more."""
    leased = case((chunk.c.lease_until > micros(now), 1), else_=0)
    deferred = case(((chunk.c.lease_until <= micros(now)) & (chunk.c.ready_at > micros(now)), 1), else_=0)
    query = (
        select(
            chunk.c.alert_id,
            func.count().label("open"),
            func.sum(leased).label("leased"),
            func.sum(deferred).label("deferred"),
            func.min(chunk.c.ready_at).label("ready_at"),
        )
        .join(alert, alert.c.id == chunk.c.alert_id)
        .where(chunk.c.state == "open", alert.c.state == AlertState.RELAYING.value)
        .group_by(chunk.c.alert_id)
    )
    return {
        row.alert_id: ChunksOpen(
            alert_id=row.alert_id,
            open=row.open,
            leased=int(row.leased),
            deferred=int(row.deferred),
            next_try=moment(row.ready_at),
        )
        for row in connection.execute(query)
    }


def stalled(connection: Connection, since: datetime) -> bool:
    """Whether a running alert has a chunk that fell due before `since` and that nobody has taken up.

    A follow-up's chunks may wait for those of the first alert, which are looked at themselves.
    """
    forgotten = (chunk.c.state == "open") & chunk.c.source_id.is_(None)
    forgotten &= (chunk.c.ready_at < micros(since)) & (chunk.c.lease_until < micros(since))
    runs = (alert.c.state == AlertState.RELAYING.value) & (alert.c.accepted_at < micros(since))
    return connection.scalar(select(select(chunk.c.id).join(alert).where(forgotten, runs).exists())) or False


def alert_states(connection: Connection) -> dict[str, int]:
    """How many alerts are in each state."""
    query = select(alert.c.state, func.count().label("alerts")).group_by(alert.c.state)
    return {row.state: int(row.alerts) for row in connection.execute(query)}


def copies(connection: Connection) -> tuple[int, int, int]:
    """Copies of all alerts that are kept: handed over, failed, waiting for another try."""
    sums = (func.coalesce(func.sum(column), 0) for column in (chunk.c.relayed, chunk.c.failed, chunk.c.waiting))
    relayed, failed, waiting = connection.execute(select(*sums)).one()
    return int(relayed), int(failed), int(waiting)


def subscribers(connection: Connection) -> dict[int, int]:
    """Active registrations of each year; the cost is that of the audiences, not of the residents."""
    query = select(audience.c.year, func.sum(audience.c.active)).group_by(audience.c.year)
    return {year: int(active) for year, active in connection.execute(query)}
