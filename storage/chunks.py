"""The chunks of an alert, when it begins: ranges of subscription rows, or, of a follow-up, the first one's chunks."""

import secrets
from datetime import datetime

from sqlalchemy import Connection, select

from storage.clock import micros
from storage.tables import chunk, subscription

CHUNK_ROWS = 500  # about; a range of row numbers, cut so that about as many match


def make(connection: Connection, alert_id: int, year: int, total: int, now: datetime) -> None:
    """Cuts the year's row numbers into ranges that hold about CHUNK_ROWS matching rows each."""
    first, last = _bounds(connection, year)
    width = -(-(last - first + 1) // -(-total // CHUNK_ROWS))
    ranges = [(start, min(start + width - 1, last)) for start in range(first, last + 1, width)]
    connection.execute(chunk.insert(), [_new(alert_id, year, *bounds, bounds[0] - 1, now) for bounds in ranges])


def _bounds(connection: Connection, year: int) -> tuple[int, int]:
    """The first and the last row of the year, each by one look into the index: min and max together read all of it."""
    of_year = select(subscription.c.id).where(subscription.c.year == year).limit(1)
    first = connection.scalars(of_year.order_by(subscription.c.id)).one()
    return first, connection.scalars(of_year.order_by(subscription.c.id.desc())).one()


def make_following(connection: Connection, alert_id: int, first_id: int, now: datetime) -> None:
    """5.7  One chunk for each of the first alert's: its readers are the rows that were handed over there."""
    sources = connection.execute(select(chunk).where(chunk.c.alert_id == first_id).order_by(chunk.c.id)).all()
    rows = [
        _new(alert_id, source.year, source.first_id, source.last_id, 0, now) | {"source_id": source.id}
        for source in sources
    ]
    if rows:
        connection.execute(chunk.insert(), rows)


def _new(alert_id: int, year: int, first: int, last: int, cursor: int, now: datetime) -> dict[str, object]:
    return {
        "uuid": secrets.token_bytes(16),
        "alert_id": alert_id,
        "year": year,
        "first_id": first,
        "last_id": last,
        "cursor": cursor,
        "ahead": cursor,
        "state": "open",
        "ready_at": micros(now),
        "lease_until": 0,
        "fence": 0,
        "relayed": 0,
        "failed": 0,
        "waiting": 0,
    }
