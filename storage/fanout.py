"""Working off an alert's chunks: a worker claims one with a lease and a fence, hands copies over, and moves the cursor
in the transaction that records what became of them. A late worker's fence is stale, so its report changes nothing.

A follow-up's chunk goes to the rows that were handed over in one chunk of the first alert, in that order (5.7).
"""

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from storage.clock import micros, moment
from storage.keyring import Keyring, KeyTrouble, Place, YearKey
from storage.parcels import Recipient
from storage.records import AlertState
from storage.tables import alert, audience_district, chunk, subscription
from storage.tally import Tally, rows_of

log = logging.getLogger("mimamori.relay")
LEASE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A chunk that is ours until the lease ends."""

    id: int
    uuid: bytes
    alert_id: int
    year: int
    last: int  # where the cursor stands when all were tried
    cursor: int
    ahead: int = 0  # up to where copies may have gone out before
    fence: int
    expires_at: datetime  # of its alert
    tally: Tally = field(repr=False)
    first_alert: int | None = None  # 5.7  which alert it follows
    readers: tuple[int, ...] = field(default=(), repr=False)  # of a follow-up: the rows that got the first
    complete: bool = True  # False: more readers may come


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What a follow-up's chunk is worked off by."""

    alert_id: int
    readers: tuple[int, ...]
    complete: bool
    settled: bool  # no reader changes places any more; before, those handed over only become more


def _has_readers(now: ColumnElement[int]) -> ColumnElement[bool]:
    """5.7  A follow-up's chunk has work when more of its readers have the first, when nobody gets that any more, or
    when some of its own copies wait for another try."""
    source, first = chunk.alias("source"), alert.alias("first")
    settled = or_(source.c.state == "done", and_(first.c.finished_at.is_not(None), source.c.lease_until <= now))
    over = select(source.c.id).join(first, first.c.id == source.c.alert_id)
    own = or_(chunk.c.source_id.is_(None), chunk.c.waiting > 0, _more_readers())
    return or_(own, over.where(source.c.id == chunk.c.source_id, settled).exists())


def _more_readers() -> ColumnElement[bool]:
    source = chunk.alias("reached")
    return select(source.c.id).where(source.c.id == chunk.c.source_id, source.c.relayed > chunk.c.cursor).exists()


def _due_at() -> ColumnElement[int]:
    """New readers of a follow-up do not wait for the next try of others."""
    return case((_more_readers(), literal(0, BigInteger)), else_=chunk.c.ready_at)


# The statements of every step and chunk are made once: making one costs more than running it.
_NOW: BindParameter[int] = bindparam("now", type_=BigInteger)
_RUNS = alert.c.state == AlertState.RELAYING.value
_LIVING = chunk.c.year.in_(bindparam("years", expanding=True))  # what a destroyed year left behind holds nobody up
_RUNNING = (
    select(alert.c.id, alert.c.expires_at)
    .where(_RUNS, alert.c.expires_at > _NOW)
    .order_by(alert.c.priority.desc(), alert.c.id)
)
_LEASE = (
    update(chunk)
    .where(chunk.c.id == bindparam("number"))
    .values(fence=bindparam("held"), lease_until=bindparam("until"))
)
_DUE_OF_ONE = (
    select(chunk)
    .where(chunk.c.alert_id == bindparam("alert"), chunk.c.state == "open", _LIVING)
    .where(_due_at() <= _NOW, chunk.c.lease_until <= _NOW, _has_readers(_NOW))
    .order_by(chunk.c.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=chunk)
)

_DISTRICTS = select(alert.c.districts).where(alert.c.id == bindparam("number"))
_COLUMNS = select(subscription.c.id, subscription.c.uuid, subscription.c.address)
_INDEX = audience_district.c.district_index.in_(bindparam("indexes", expanding=True))
_MATCHING = (  # the active rows of the districts of an alert; behind them the position of each
    _COLUMNS.add_columns(subscription.c.id.label("position"))
    .where(subscription.c.year == bindparam("of_year"), subscription.c.state == "active")
    .where(subscription.c.audience_id.in_(select(audience_district.c.audience_id).where(_INDEX)))
)
_NEXT = (
    _MATCHING.where(subscription.c.id > bindparam("after"), subscription.c.id <= bindparam("last"))
    .order_by(subscription.c.id)
    .limit(bindparam("most"))
)


def claim(connection: Connection, keyring: Keyring, now: datetime) -> Claimed | None:
    """The next chunk that is due, of the most urgent and then the oldest alert that still runs; or None."""
    known = {"now": micros(now), "years": keyring.years()}
    for running in connection.execute(_RUNNING, known).all():
        while (row := connection.execute(_DUE_OF_ONE, {**known, "alert": running.id}).first()) is not None:
            keyring.year(row.year)  # where there is no key at all, relaying waits for it
            try:
                return taken(connection, keyring, row, moment(running.expires_at), now)
            except KeyTrouble as trouble:  # it has its lease, and is looked at again after that
                log.error("a part of an alert is passed over for now: %s", trouble)
    return None


def taken(connection: Connection, keyring: Keyring, row: Row[Any], expires_at: datetime, now: datetime) -> Claimed:
    """This chunk, which is ours from now on. Raises KeyTrouble where it does not open."""
    fence = row.fence + 1
    connection.execute(_LEASE, {"number": row.id, "held": fence, "until": micros(now + LEASE)})
    source = _source(connection, keyring, row.source_id, now) if row.source_id is not None else None
    anew = source is not None and not source.settled  # where readers change places, a cursor among them means nothing
    return Claimed(
        id=row.id,
        uuid=row.uuid,
        alert_id=row.alert_id,
        year=row.year,
        last=len(source.readers) if source else row.last_id,
        cursor=0 if anew else row.cursor,
        ahead=len(source.readers) if source is not None and anew else row.ahead,
        fence=fence,
        expires_at=expires_at,
        tally=_tally(keyring.year(row.year), row),
        first_alert=source.alert_id if source else None,
        readers=source.readers if source else (),
        complete=source.complete if source else True,
    )


def _source(connection: Connection, keyring: Keyring, number: int, now: datetime) -> _Source:
    """Who has the first alert of this chunk by now; when it has ended, also who may have it."""
    row = connection.execute(select(chunk).where(chunk.c.id == number)).one()
    first = connection.execute(select(alert).where(alert.c.id == row.alert_id)).one()
    key, done = keyring.year(row.year), row.state == "done"
    complete = done or (first.finished_at is not None and row.lease_until <= micros(now))  # as _has_readers says
    tally = _tally(key, row)
    readers = dict.fromkeys(rows_of(tally.handed))
    if complete:
        readers |= dict.fromkeys(tally.maybe())
        if not done and row.ahead > row.cursor:  # a process ended while these were under way
            matching = _matching(connection, key, row.alert_id, row.year)
            between = {"after": row.cursor, "last": row.ahead, "most": row.ahead - row.cursor}
            tried = tally.tried()
            found = connection.execute(_NEXT, {**matching, **between})
            readers |= dict.fromkeys(each.id for each in found if each.id not in tried)
    return _Source(alert_id=row.alert_id, readers=tuple(readers), complete=complete, settled=done or not complete)


def recipients(connection: Connection, key: YearKey, claimed: Claimed, after: int, most: int) -> list[Recipient]:
    """The next rows of the chunk that match its alert now, in order; of a follow-up, the next of its readers. Where
    they are fewer than `most`, the chunk has no more."""
    if claimed.first_alert is not None:
        return _readers(connection, claimed, after, most)
    known = _matching(connection, key, claimed.alert_id, claimed.year)
    found = connection.execute(_NEXT, {**known, "after": after, "last": claimed.last, "most": most})
    # As the driver gives them: the library's own rows take three times as long.
    return [Recipient._make(row) for row in found.cursor.fetchall()]


def _matching(connection: Connection, key: YearKey, alert_id: int, year: int) -> dict[str, object]:
    """What _MATCHING wants to know of an alert, whose districts may be renamed while it runs."""
    codes = json.loads(connection.scalar(_DISTRICTS, {"number": alert_id}) or "[]")
    return {"of_year": year, "indexes": [key.blind("district", code) for code in codes]}


def _readers(connection: Connection, claimed: Claimed, after: int, most: int) -> list[Recipient]:
    """5.7  Those of the first alert's readers who are still registered, whatever their districts are now."""
    found: list[Recipient] = []
    for start in range(after, len(claimed.readers), max(1, most)):  # until there are `most`
        places = {row: place for place, row in enumerate(claimed.readers[start : start + most], start=start + 1)}
        query = _COLUMNS.where(subscription.c.id.in_(places), subscription.c.state == "active")
        part = [
            Recipient(row.id, row.uuid, row.address, places[row.id])
            for row in connection.execute(query.where(subscription.c.year == claimed.year))
        ]
        found += sorted(part, key=lambda recipient: recipient.position)
        if len(found) >= most:
            break
    return found[:most]


def deferred(connection: Connection, claimed: Claimed, now: datetime, most: int) -> list[Recipient]:
    """Rows of the chunk whose next try is due. Those that have left since are struck off the tally."""
    due = claimed.tally.due(micros(now))[:most]
    query = _COLUMNS.where(subscription.c.id.in_(due), subscription.c.year == claimed.year)
    rows = connection.execute(query.order_by(subscription.c.id))
    found = [Recipient(row.id, row.uuid, row.address, claimed.cursor) for row in rows]
    for gone in set(due) - {row.id for row in found}:
        claimed.tally.strike(gone)
    return found


_MINE = and_(chunk.c.id == bindparam("number"), chunk.c.fence == bindparam("held"), chunk.c.state == "open")
_STATE_NOW = select(alert.c.state).where(alert.c.id == chunk.c.alert_id).scalar_subquery()
_RECORDED = ("cursor", "ahead", "relayed", "failed", "waiting", "handed", "exceptions", "lease_until")
_PROGRESS = update(chunk).where(_MINE).values({name: bindparam(name) for name in _RECORDED}).returning(_STATE_NOW)


def progress(
    connection: Connection, key: YearKey, claimed: Claimed, cursor: int, now: datetime, *, ahead: int | None = None
) -> bool | None:
    """Records cursor and tally, and lengthens the lease. None: the chunk is not ours any more; False: its alert ended.

    `ahead`: up to where copies may be under way from now on, where that is more than the cursor.
    """
    tally = claimed.tally
    values = {
        "number": claimed.id,
        "held": claimed.fence,
        "cursor": cursor,
        "ahead": cursor if ahead is None else ahead,
        "relayed": tally.relayed,
        "failed": tally.failed,
        "waiting": tally.waiting,
        "handed": key.seal(Place("chunk", "handed", claimed.uuid), tally.handed),
        "exceptions": key.seal(Place("chunk", "exceptions", claimed.uuid), tally.exceptions()),
        "lease_until": micros(now + LEASE),
    }
    state = connection.execute(_PROGRESS, values).scalar_one_or_none()
    if state is None:
        return None
    return bool(state == AlertState.RELAYING.value and claimed.expires_at > now)


_HELD = update(chunk).where(chunk.c.id == bindparam("number"), chunk.c.fence == bindparam("held"))


def give_back(connection: Connection, claimed: Claimed, ready_at: datetime | None, now: datetime) -> None:
    """Ends the lease: the chunk is done, or waits until `ready_at`."""
    known: dict[str, object] = {"number": claimed.id, "held": claimed.fence, "lease_until": 0}
    told: dict[str, object] = {"state": "done", "finished_at": micros(now)}
    if ready_at is not None:
        told = {"ready_at": micros(ready_at)}
    connection.execute(_HELD, {**known, **told})


def pass_over(connection: Connection, alert_id: int, now: datetime) -> None:
    """Leaves all of an alert alone for as long as a lease: what it says does not open."""
    free = (chunk.c.alert_id == alert_id) & (chunk.c.state == "open") & (chunk.c.lease_until <= micros(now))
    connection.execute(update(chunk).where(free).values(lease_until=micros(now + LEASE)))


def release_all(connection: Connection) -> None:
    """Ends every lease: for the start of the only process that has this database."""
    connection.execute(update(chunk).where(chunk.c.lease_until > 0).values(lease_until=0, fence=chunk.c.fence + 1))


def next_due(connection: Connection, keyring: Keyring, now: datetime) -> datetime | None:
    """When the relay has something to do next: a chunk falls due, a lease ends, or an alert expires."""
    runs = alert.c.state == AlertState.RELAYING.value
    stopped = (alert.c.state == AlertState.STOPPED.value) & alert.c.finished_at.is_(None)
    own = (chunk.c.alert_id == alert.c.id) & (chunk.c.state == "open") & chunk.c.year.in_(keyring.years())
    free, leased = chunk.c.lease_until == 0, chunk.c.lease_until > 0
    times = [
        connection.scalar(
            select(func.min(_due_at())).where(own, runs, free, _has_readers(literal(micros(now), BigInteger)))
        ),
        connection.scalar(select(func.min(chunk.c.lease_until)).where(own, or_(runs, stopped), leased)),
        connection.scalar(select(func.min(alert.c.expires_at)).where(runs)),
    ]
    return min((moment(time) for time in times if time is not None), default=None)


def _tally(key: YearKey, row: Row[Any]) -> Tally:
    if row.handed is None:
        return Tally()
    handed = key.open(Place("chunk", "handed", row.uuid), row.handed)
    return Tally.opened(handed, key.open(Place("chunk", "exceptions", row.uuid), row.exceptions))
