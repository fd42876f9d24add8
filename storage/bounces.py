"""Failures at mailboxes: counts keyed to a row's number, suspension, revival, refusals while relaying (6.6–6.9).

A count dies with its row. What fails everywhere is three numbers that name nobody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, func, select, update

from storage import counters
from storage.clock import micros, moment
from storage.keyring import Keyring, Place
from storage.records import Address, FailureDays, FailureKind, Failures, LeaveClaim, SaveFailures, Weather
from storage.subscriptions import count_audience
from storage.tables import alert, bounce, chunk, subscription
from storage.tally import Tally

HOUR, FROZEN, IN_HOUR = "bounces hour", "bounces frozen until", "bounces in the hour"


@dataclass(frozen=True, slots=True)
class Refusals:
    """What the next hop refused for good in one chunk of an alert that has ended: row numbers with reply codes."""

    chunk_id: int
    alert_id: int
    year: int
    codes: dict[int, int]


def failures(connection: Connection, claim: LeaveClaim) -> Failures:
    rows = connection.execute(select(bounce).where(bounce.c.subscription_id == claim.subscription_id))
    return {FailureKind(row.kind): FailureDays(days=row.days, last=date.fromordinal(row.last_on)) for row in rows}


def save(connection: Connection, change: SaveFailures) -> None:
    number = change.claim.subscription_id
    connection.execute(delete(bounce).where(bounce.c.subscription_id == number))
    rows = [
        {"subscription_id": number, "kind": kind.value, "days": each.days, "last_on": each.last.toordinal()}
        for kind, each in change.failures.items()
    ]
    if rows:
        connection.execute(bounce.insert(), rows)


def suspend(connection: Connection, claim: LeaveClaim) -> None:
    """Takes an active row out of its audience, and forgets its failures: they have done their work."""
    mine = (subscription.c.id == claim.subscription_id) & (subscription.c.year == claim.year)
    row = connection.execute(select(subscription).where(mine).with_for_update()).first()
    if row is None or row.state != "active":
        return
    connection.execute(update(subscription).where(mine).values(state="suspended"))
    connection.execute(delete(bounce).where(bounce.c.subscription_id == row.id))
    count_audience(connection, row.audience_id, -1)


def revive(connection: Connection, keyring: Keyring, address: Address) -> None:
    """Puts the address's suspended rows of every year back into their audiences."""
    for year in keyring.years():
        index = keyring.year(year).blind("address", address.canonical)
        mine = (subscription.c.year == year) & (subscription.c.address_index == index)
        row = connection.execute(select(subscription).where(mine).with_for_update()).first()
        if row is not None and row.state == "suspended":
            connection.execute(update(subscription).where(mine).values(state="active"))
            count_audience(connection, row.audience_id, +1)


def weather(connection: Connection, now: datetime, *, lock: bool = False) -> Weather:
    """Failures of the hour that was last counted, and the copies of the last day."""
    hour, until = (counters.value(connection, name, lock=lock) for name in (HOUR, FROZEN))
    since = micros(now - timedelta(days=1))
    copies = (
        select(func.sum(chunk.c.relayed))
        .join(alert, alert.c.id == chunk.c.alert_id)
        .where(alert.c.accepted_at >= since)
    )
    return Weather(
        hour=moment(hour) if hour else None,
        failures=counters.value(connection, IN_HOUR, lock=lock),
        copies=connection.scalar(copies) or 0,
        frozen_until=moment(until) if until else None,
    )


def save_weather(connection: Connection, weather: Weather) -> None:
    counters.save(connection, HOUR, micros(weather.hour) if weather.hour else 0)
    counters.save(connection, IN_HOUR, weather.failures)
    counters.save(connection, FROZEN, micros(weather.frozen_until) if weather.frozen_until else 0)


def refusals(connection: Connection, keyring: Keyring) -> Refusals | None:
    """The next chunk of an ended alert whose refusals are not counted yet; or None."""
    open_ = (chunk.c.failed > 0) & (chunk.c.refusals_counted == 0) & alert.c.finished_at.is_not(None)
    query = select(chunk).join(alert, alert.c.id == chunk.c.alert_id).where(open_, chunk.c.year.in_(keyring.years()))
    row = connection.execute(query.order_by(chunk.c.id).limit(1).with_for_update(skip_locked=True, of=chunk)).first()
    if row is None:
        return None
    sealed = keyring.year(row.year).open(Place("chunk", "exceptions", row.uuid), row.exceptions)
    return Refusals(row.id, row.alert_id, row.year, dict(Tally.opened(b"", sealed).refused()))


def counted(connection: Connection, number: int, *, whole_alert: bool = False) -> None:
    """Marks a chunk, or all chunks of an alert, so that its refusals are not counted again."""
    column = chunk.c.alert_id if whole_alert else chunk.c.id
    connection.execute(update(chunk).where(column == number).values(refusals_counted=1))


def still_registered(connection: Connection, found: Refusals) -> Iterator[LeaveClaim]:
    """The rows of these refusals whose people have not left, a row after the other."""
    query = select(subscription.c.id).where(subscription.c.id.in_(found.codes), subscription.c.year == found.year)
    for number in connection.scalars(query.order_by(subscription.c.id)).all():
        yield LeaveClaim(year=found.year, subscription_id=number)
