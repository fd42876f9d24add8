"""Alerts and their chunks: an alert is one row and some ranges of subscription rows, never a row a copy.

A worker claims a chunk with a lease and a fence, hands copies over, and moves the cursor in the transaction that
records what became of them. A late worker's fence is stale, so its report changes nothing.
"""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, update

from storage.clock import micros, moment
from storage.keyring import Keyring, Place, YearKey
from storage.records import Alert, AlertState, NewAlert
from storage.subscriptions import matched
from storage.tables import alert, audience_district, chunk, subscription
from storage.tally import Tally

CHUNK_ROWS = 500  # about; a range of row numbers, cut so that about as many match
LEASE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A chunk that is ours until the lease ends."""

    id: int
    uuid: bytes
    alert_id: int
    year: int
    last_id: int
    cursor: int
    fence: int
    tally: Tally = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A subscription row as a worker needs it, still sealed."""

    id: int
    uuid: bytes
    address: bytes = field(repr=False)


def save(connection: Connection, key: YearKey, new: NewAlert) -> None:
    """Writes the alert and its chunks; nobody who registers later is in them."""
    uuid = secrets.token_bytes(16)
    total = matched(connection, key, new.districts).total
    body = json.dumps({"subject": new.subject, "text": new.text}).encode()
    values = {
        "uuid": uuid,
        "year": new.year,
        "number": new.number,
        "state": AlertState.RELAYING.value,
        "author": new.author,
        "organisation": new.organisation,
        "category": new.category,
        "districts": json.dumps(new.districts),
        "language": new.language,
        "body": key.seal(Place("alert", "body", uuid), body),
        "text_key": new.text_key,
        "matched": total,
        "accepted_at": micros(new.accepted_at),
        "expires_at": micros(new.expires_at),
    }
    number = connection.scalars(alert.insert().values(values).returning(alert.c.id)).one()
    ranges = _ranges(connection, new.year, total)
    if ranges:
        connection.execute(chunk.insert(), [_new_chunk(number, new, first, last) for first, last in ranges])


def claim(connection: Connection, keyring: Keyring, now: datetime) -> Claimed | None:
    """The next chunk that is due, of the oldest alert that still runs; or None."""
    runs = (alert.c.state == AlertState.RELAYING.value) & (alert.c.expires_at > micros(now))
    due = (chunk.c.state == "open") & (chunk.c.ready_at <= micros(now)) & (chunk.c.lease_until <= micros(now))
    living = chunk.c.year.in_(keyring.years())  # what a destroyed year left behind holds nobody up
    query = (
        select(chunk)
        .join(alert, alert.c.id == chunk.c.alert_id)
        .where(runs, due, living)
        .order_by(chunk.c.alert_id, chunk.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=chunk)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    fence = row.fence + 1
    lease = {"fence": fence, "lease_until": micros(now + LEASE)}
    connection.execute(update(chunk).where(chunk.c.id == row.id).values(lease))
    return Claimed(
        id=row.id,
        uuid=row.uuid,
        alert_id=row.alert_id,
        year=row.year,
        last_id=row.last_id,
        cursor=row.cursor,
        fence=fence,
        tally=_tally(keyring.year(row.year), row),
    )


def recipients(connection: Connection, key: YearKey, claimed: Claimed, after: int, most: int) -> list[Recipient]:
    """The next rows of the chunk that match its alert now, in order."""
    codes = json.loads(connection.scalar(select(alert.c.districts).where(alert.c.id == claimed.alert_id)) or "[]")
    indexes = [key.blind("district", code) for code in codes]
    audiences = select(audience_district.c.audience_id).where(audience_district.c.district_index.in_(indexes))
    query = _columns().where(
        subscription.c.year == claimed.year,
        subscription.c.id > after,
        subscription.c.id <= claimed.last_id,
        subscription.c.state == "active",
        subscription.c.audience_id.in_(audiences),
    )
    rows = connection.execute(query.order_by(subscription.c.id).limit(most))
    return [Recipient(row.id, row.uuid, row.address) for row in rows]


def deferred(connection: Connection, claimed: Claimed, now: datetime, most: int) -> list[Recipient]:
    """Rows of the chunk whose next try is due. Those that have left since are struck off the tally."""
    due = claimed.tally.due(micros(now))[:most]
    query = _columns().where(subscription.c.id.in_(due), subscription.c.year == claimed.year)
    rows = connection.execute(query.order_by(subscription.c.id))
    found = [Recipient(row.id, row.uuid, row.address) for row in rows]
    for gone in set(due) - {row.id for row in found}:
        claimed.tally.strike(gone)
    return found


def progress(connection: Connection, key: YearKey, claimed: Claimed, cursor: int, now: datetime) -> bool:
    """Records cursor and tally, and lengthens the lease. False: the chunk is not ours any more, or the alert ended."""
    tally = claimed.tally
    values = {
        "cursor": cursor,
        "relayed": tally.relayed,
        "failed": tally.failed,
        "waiting": tally.waiting,
        "handed": key.seal(Place("chunk", "handed", claimed.uuid), tally.handed),
        "exceptions": key.seal(Place("chunk", "exceptions", claimed.uuid), tally.exceptions()),
        "lease_until": micros(now + LEASE),
    }
    mine = and_(chunk.c.id == claimed.id, chunk.c.fence == claimed.fence, chunk.c.state == "open")
    if connection.execute(update(chunk).where(mine).values(values)).rowcount == 0:
        return False
    query = select(alert.c.state, alert.c.expires_at).where(alert.c.id == claimed.alert_id)
    state, expires_at = connection.execute(query).one()
    return bool(state == AlertState.RELAYING.value and expires_at > micros(now))


def hold(connection: Connection, claimed: Claimed, now: datetime) -> None:
    """Lengthens the lease of a chunk whose copies are under way."""
    mine = (chunk.c.id == claimed.id) & (chunk.c.fence == claimed.fence)
    connection.execute(update(chunk).where(mine).values(lease_until=micros(now + LEASE)))


def give_back(connection: Connection, claimed: Claimed, ready_at: datetime | None) -> None:
    """Ends the lease: the chunk is done, or waits until `ready_at`."""
    mine = (chunk.c.id == claimed.id) & (chunk.c.fence == claimed.fence)
    values: dict[str, object] = {"lease_until": 0, "state": "done"}
    if ready_at is not None:
        values = {"lease_until": 0, "ready_at": micros(ready_at)}
    connection.execute(update(chunk).where(mine).values(values))


def release_all(connection: Connection) -> None:
    """Ends every lease: for the start of the only process that has this database."""
    connection.execute(update(chunk).where(chunk.c.lease_until > 0).values(lease_until=0, fence=chunk.c.fence + 1))


def finish(connection: Connection, now: datetime) -> list[Alert]:
    """Ends the alerts that have no open chunk left, or whose time is over; returns them as they ended."""
    open_chunk = select(chunk.c.id).where(chunk.c.alert_id == alert.c.id, chunk.c.state == "open").exists()
    over = or_(~open_chunk, alert.c.expires_at <= micros(now))
    query = select(alert.c.id, open_chunk).where(alert.c.state == AlertState.RELAYING.value, over)
    ended = []
    for number, unfinished in connection.execute(query.with_for_update(skip_locked=True, of=alert)).all():
        state = AlertState.EXPIRED if unfinished else AlertState.RELAYED
        values = {"state": state.value, "finished_at": micros(now)}
        connection.execute(update(alert).where(alert.c.id == number).values(values))
        ended.append(alerts(connection, number)[0])
    return ended


def next_due(connection: Connection, keyring: Keyring) -> datetime | None:
    """When the relay has something to do next: a chunk falls due, a lease ends, or an alert expires."""
    runs = alert.c.state == AlertState.RELAYING.value
    of_running = (chunk.c.alert_id == alert.c.id) & runs & (chunk.c.state == "open")
    of_running &= chunk.c.year.in_(keyring.years())
    times = [
        connection.scalar(select(func.min(chunk.c.ready_at)).where(of_running, chunk.c.lease_until == 0)),
        connection.scalar(select(func.min(chunk.c.lease_until)).where(of_running, chunk.c.lease_until > 0)),
        connection.scalar(select(func.min(alert.c.expires_at)).where(runs)),
    ]
    return min((moment(time) for time in times if time is not None), default=None)


def content(connection: Connection, keyring: Keyring, number: int) -> tuple[str, str]:
    """Subject and text of an alert, opened."""
    row = connection.execute(select(alert.c.year, alert.c.uuid, alert.c.body).where(alert.c.id == number)).one()
    body = json.loads(keyring.year(row.year).open(Place("alert", "body", row.uuid), row.body))
    return body["subject"], body["text"]


def alerts(connection: Connection, only: int | None = None, most: int = 1_000) -> list[Alert]:
    """Alerts with their counts, newest first; `only` one of them where its row number is given."""
    columns = (chunk.c.relayed, chunk.c.failed, chunk.c.waiting)
    sums = [func.coalesce(func.sum(column), 0).label(f"{column.name}_copies") for column in columns]
    query = select(alert, *sums).outerjoin(chunk, chunk.c.alert_id == alert.c.id).group_by(alert.c.id)
    if only is not None:
        query = query.where(alert.c.id == only)
    return [_alert(row) for row in connection.execute(query.order_by(alert.c.id.desc()).limit(most))]


def _alert(row: Row[Any]) -> Alert:
    names = ("id", "year", "number", "author", "organisation", "category", "matched", "language")
    return Alert(
        **{name: row._mapping[name] for name in names},
        state=AlertState(row.state),
        districts=tuple(json.loads(row.districts)),
        accepted_at=moment(row.accepted_at),
        expires_at=moment(row.expires_at),
        finished_at=moment(row.finished_at) if row.finished_at is not None else None,
        relayed=int(row.relayed_copies),
        failed=int(row.failed_copies),
        waiting=int(row.waiting_copies),
    )


def _ranges(connection: Connection, year: int, total: int) -> list[tuple[int, int]]:
    """The year's row numbers cut into ranges that hold about CHUNK_ROWS matching rows each."""
    if total == 0:
        return []
    query = select(func.min(subscription.c.id), func.max(subscription.c.id)).where(subscription.c.year == year)
    first, last = connection.execute(query).one()
    pieces = -(-total // CHUNK_ROWS)
    width = -(-(last - first + 1) // pieces)
    return [(start, min(start + width - 1, last)) for start in range(first, last + 1, width)]


def _new_chunk(alert_id: int, new: NewAlert, first: int, last: int) -> dict[str, object]:
    return {
        "uuid": secrets.token_bytes(16),
        "alert_id": alert_id,
        "year": new.year,
        "first_id": first,
        "last_id": last,
        "cursor": first - 1,
        "state": "open",
        "ready_at": micros(new.accepted_at),
        "lease_until": 0,
        "fence": 0,
        "relayed": 0,
        "failed": 0,
        "waiting": 0,
    }


def _columns() -> Select[tuple[int, bytes, bytes]]:
    return select(subscription.c.id, subscription.c.uuid, subscription.c.address)


def _tally(key: YearKey, row: Row[Any]) -> Tally:
    if row.handed is None:
        return Tally()
    handed = key.open(Place("chunk", "handed", row.uuid), row.handed)
    return Tally.opened(handed, key.open(Place("chunk", "exceptions", row.uuid), row.exceptions))
