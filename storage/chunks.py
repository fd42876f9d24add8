"""The chunks of an alert, when it begins: ranges of subscription rows, or, of a follow-up, the first one's chunks."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Insert, bindparam, case, func, literal, select

from storage.clock import micros
from storage.tables import chunk, subscription

CHUNK_ROWS = 500  # about; a range of row numbers, cut so that about as many match
_OF_YEAR = select(subscription.c.id).where(subscription.c.year == bindparam("of_year")).limit(1)
_FIRST, _LAST = _OF_YEAR.order_by(subscription.c.id), _OF_YEAR.order_by(subscription.c.id.desc())
_BEGUN = {"state": "open", "lease_until": 0, "fence": 0, "relayed": 0, "failed": 0, "waiting": 0}


def _cut(uuid: ColumnElement[bytes]) -> Insert:
    """All ranges in one statement: the first copy waits for it, and rows that come from here take six times as long."""
    first, width, last, of, year, now = (
        bindparam(name, type_=BigInteger) for name in ("first", "width", "last", "of", "of_year", "now")
    )
    part = select(first.label("start")).cte("part", recursive=True)
    part = part.union_all(select(part.c.start + width).where(part.c.start + width <= last))
    start = part.c.start
    end = case((start + width > last, last), else_=start + width - 1)
    values: dict[str, ColumnElement[Any]] = {
        "uuid": uuid,
        "alert_id": of,
        "year": year,
        "first_id": start,
        "last_id": end,
        "cursor": start - 1,
        "ahead": start - 1,
        "ready_at": now,
        **{name: literal(value) for name, value in _BEGUN.items()},
    }
    return chunk.insert().from_select(list(values), select(*values.values()).order_by(start))


_CUT = {"sqlite": _cut(func.randomblob(16)), "postgresql": _cut(func.uuid_send(func.gen_random_uuid()))}


def make(connection: Connection, alert_id: int, year: int, total: int, now: datetime) -> None:
    """Cuts the year's row numbers into ranges that hold about CHUNK_ROWS matching rows each."""
    first, last = _bounds(connection, year)
    width = -(-(last - first + 1) // -(-total // CHUNK_ROWS))
    known = {"first": first, "last": last, "width": width, "of": alert_id, "of_year": year, "now": micros(now)}
    connection.execute(_CUT[connection.dialect.name], known)


def _bounds(connection: Connection, year: int) -> tuple[int, int]:
    """The first and the last row of the year, each by one look into the index: min and max together read all of it."""
    of_year = {"of_year": year}
    return connection.scalars(_FIRST, of_year).one(), connection.scalars(_LAST, of_year).one()


def make_following(connection: Connection, alert_id: int, first_id: int, now: datetime) -> None:
    """5.7  One chunk for each of the first alert's: its readers are the rows that were handed over there."""
    sources = connection.execute(select(chunk).where(chunk.c.alert_id == first_id).order_by(chunk.c.id)).all()
    of_all = {**_BEGUN, "alert_id": alert_id, "cursor": 0, "ahead": 0, "ready_at": micros(now)}
    rows = [
        {
            **of_all,
            "uuid": secrets.token_bytes(16),
            "year": source.year,
            "first_id": source.first_id,
            "last_id": source.last_id,
            "source_id": source.id,
        }
        for source in sources
    ]
    if rows:
        connection.execute(chunk.insert(), rows)
