"""How long mail takes to each carrier: letters to mailboxes of our own there, and when they came back (protocol 11.4).

No address is kept, only the carrier's name.
"""

import statistics
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, delete, func, select, update

from storage.clock import micros, moment
from storage.records import AlertState, Canary, Flight
from storage.tables import alert, canary

KEPT = timedelta(days=400)
RECENT = timedelta(days=7)  # what the usual delay is made of
FRESH = timedelta(minutes=10)  # an older alert gets no canaries any more: a restart would send them late


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """What is usual of a carrier; without figures where nothing came back."""

    carrier: str
    sent: int
    returned: int
    median: float | None  # seconds
    slow: float | None  # seconds: 95 of 100 were quicker


def sent(connection: Connection, letter_id: int, measured: Canary, now: datetime) -> None:
    values = {"letter_id": letter_id, "carrier": measured.carrier, "alert_id": measured.alert_id}
    connection.execute(canary.insert().values(**values, sent_at=micros(now)))


def returned(connection: Connection, letter_id: int, now: datetime) -> None:
    """Notes the first return of a canary's letter; of any other letter nothing is known here."""
    first = (canary.c.letter_id == letter_id) & canary.c.returned_at.is_(None)
    connection.execute(update(canary).where(first).values(returned_at=micros(now)))


def unmeasured(connection: Connection, now: datetime) -> list[int]:
    """The row numbers of alerts that began a moment ago and have no canaries yet."""
    began = func.coalesce(alert.c.released_at, alert.c.accepted_at)
    goes_out = (alert.c.release == "direct") | alert.c.released_at.is_not(None)
    goes_out &= alert.c.state != AlertState.REFUSED.value
    measured = select(canary.c.letter_id).where(canary.c.alert_id == alert.c.id).exists()
    query = select(alert.c.id).where(began > micros(now - FRESH), goes_out, ~measured)
    return list(connection.scalars(query))


def of_alert(connection: Connection, alert_id: int) -> list[Flight]:
    query = select(canary).where(canary.c.alert_id == alert_id).order_by(canary.c.carrier, canary.c.letter_id)
    return [_flight(row) for row in connection.execute(query)]


def delays(connection: Connection, now: datetime) -> list[Delay]:
    """What was usual of late, by carrier."""
    query = select(canary).where(canary.c.sent_at > micros(now - RECENT)).order_by(canary.c.carrier)
    flights: dict[str, list[Flight]] = {}
    for row in connection.execute(query):
        flights.setdefault(row.carrier, []).append(_flight(row))
    return [_delay(carrier, each) for carrier, each in flights.items()]


def forget_old(connection: Connection, now: datetime) -> None:
    connection.execute(delete(canary).where(canary.c.sent_at < micros(now - KEPT)))


def _delay(carrier: str, flights: list[Flight]) -> Delay:
    seconds = sorted(each.seconds for each in flights if each.seconds is not None)
    slow = statistics.quantiles(seconds, n=20, method="inclusive")[-1] if len(seconds) > 1 else None
    return Delay(
        carrier=carrier,
        sent=len(flights),
        returned=len(seconds),
        median=statistics.median(seconds) if seconds else None,
        slow=slow if slow is not None else (seconds[0] if seconds else None),
    )


def _flight(row: Row[tuple[object, ...]]) -> Flight:
    back = moment(row.returned_at) if row.returned_at is not None else None
    return Flight(carrier=row.carrier, sent_at=moment(row.sent_at), returned_at=back)
