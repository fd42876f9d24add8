"""Alerts as rows: written, released, stopped, ended, shown. Their chunks are made here and worked off by fanout.py.

An alert's text is sealed with its year. Its counts, districts and category say nothing about a person.
"""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, func, or_, select, update

from storage import chunks
from storage.clock import micros, moment
from storage.keyring import Keyring, Place, YearKey
from storage.records import Alert, AlertContent, AlertState, NewAlert, Relation, ReleaseAlert, alert_name
from storage.subscriptions import matched
from storage.tables import alert, chunk

URGENT = 1  # priority of what takes back or puts right
_SAVED = alert.insert().returning(alert.c.id)
_FIRST = alert.alias("first")
_PUBLISHED = (
    select(alert, _FIRST.c.uuid.label("first"))
    .outerjoin(_FIRST, _FIRST.c.id == alert.c.follows_id)
    .where(alert.c.id == bindparam("row"))
)


def save(connection: Connection, key: YearKey, new: NewAlert) -> None:
    """Writes the alert, and its chunks where it is relayed at once; nobody who registers later is in them."""
    uuid = secrets.token_bytes(16)
    first = named(connection, new.follows) if new.follows else None
    reached = _reached(connection, key, new.districts, first)
    body = {"subject": new.subject, "text": new.text, "new_key": new.new_key, "reasons": new.reasons}
    held = new.release != "direct"
    values = {
        "uuid": uuid,
        "year": new.year,
        "number": new.number,
        "state": (AlertState.HELD if held else AlertState.RELAYING).value,
        "author": new.author,
        "organisation": new.organisation,
        "category": new.category,
        "districts": json.dumps(new.districts),
        "language": new.language,
        "body": key.seal(Place("alert", "body", uuid), json.dumps(body).encode()),
        "text_key": new.text_key,
        "matched": reached,
        "accepted_at": micros(new.accepted_at),
        "expires_at": micros(new.expires_at),
        "release": new.release,
        "minutes": new.minutes,
        "held_until": micros(new.held_until) if new.held_until else None,
        "relation": new.relation.value if new.relation else None,
        "follows_id": first.id if first else None,
        "priority": URGENT if new.relation is not None and new.relation.stops else 0,
    }
    number = connection.scalars(_SAVED, values).one()
    if not held:
        _cut(connection, number, new.year, reached, first, new.accepted_at)


def release(connection: Connection, keyring: Keyring, change: ReleaseAlert, now: datetime) -> None:
    """5.5  Makes the chunks of a held alert, of those who match now."""
    held = named(connection, change.name)
    if held is None or held.state is not AlertState.HELD:
        return
    first = _first(connection, held)
    reached = _reached(connection, keyring.year(held.year), held.districts, first)
    values = {
        "state": AlertState.RELAYING.value,
        "released_by": change.by,
        "released_at": micros(now),
        "expires_at": micros(change.expires_at),
        "matched": reached,
    }
    connection.execute(update(alert).where(alert.c.id == held.id).values(values))
    _cut(connection, held.id, held.year, reached, first, now)


def stop(connection: Connection, name: str, now: datetime) -> None:
    """5.7  Refuses a held alert; stops a running one, whose copies under way `finish` waits for."""
    found = named(connection, name, lock=True)
    if found is not None and found.state is AlertState.HELD:
        values: dict[str, object] = {"state": AlertState.REFUSED.value, "finished_at": micros(now)}
        connection.execute(update(alert).where(alert.c.id == found.id).values(values))
    elif found is not None and found.state is AlertState.RELAYING:
        values = {"state": AlertState.STOPPED.value}
        connection.execute(update(alert).where(alert.c.id == found.id).values(values))


_OPEN = select(chunk.c.id).where(chunk.c.alert_id == alert.c.id, chunk.c.state == "open")


def cut_short(now: datetime) -> ColumnElement[bool]:
    """Stopped, or out of time while it runs."""
    return or_(alert.c.state == AlertState.STOPPED.value, _late(now))


def ending(now: datetime) -> ColumnElement[bool]:
    """Complete, or cut short with nothing under way; an alert that has ended before is among them."""
    complete = and_(alert.c.state == AlertState.RELAYING.value, ~_OPEN.exists())
    return or_(complete, and_(cut_short(now), ~_OPEN.where(chunk.c.lease_until > micros(now)).exists()))


def _late(now: datetime) -> ColumnElement[bool]:
    return and_(alert.c.state == AlertState.RELAYING.value, alert.c.expires_at <= micros(now))


def finish(
    connection: Connection, now: datetime, among: Collection[int] | None = None, *, at_once: bool = False
) -> list[Alert]:
    """Ends what is complete, and what is stopped or out of time with nothing under way; returns it as it ended.

    `among`: the row numbers that may end now; None: all. `at_once`: what is out of time ends though it is under way.
    """
    over = or_(ending(now), _late(now)) if at_once else ending(now)
    query = select(alert.c.id, alert.c.state, _OPEN.exists()).where(alert.c.finished_at.is_(None), over)
    if among is not None:
        query = query.where(alert.c.id.in_(among))
    ended = []
    for number, state, unfinished in connection.execute(query.with_for_update(skip_locked=True, of=alert)).all():
        if state == AlertState.RELAYING.value:
            state = (AlertState.EXPIRED if unfinished else AlertState.RELAYED).value
        ended.append(_end(connection, number, state, now))
    return ended


def give_up(connection: Connection, now: datetime) -> list[Alert]:
    """5.5  Ends the held alerts that nobody has released in time."""
    late = (alert.c.state == AlertState.HELD.value) & (alert.c.held_until <= micros(now))
    numbers = connection.scalars(select(alert.c.id).where(late).with_for_update(skip_locked=True)).all()
    return [_end(connection, number, AlertState.EXPIRED.value, now) for number in numbers]


def to_remind(connection: Connection, now: datetime, after: timedelta) -> list[Alert]:
    """The held alerts that wait longer than that and of which nobody was reminded; they count as reminded now."""
    waits = (alert.c.state == AlertState.HELD.value) & (alert.c.reminded == 0)
    waits &= alert.c.accepted_at <= micros(now - after)
    numbers = connection.scalars(select(alert.c.id).where(waits).with_for_update(skip_locked=True)).all()
    connection.execute(update(alert).where(alert.c.id.in_(numbers)).values(reminded=1))
    return [one for number in numbers for one in alerts(connection, number)]


def next_decision(connection: Connection, after: timedelta) -> datetime | None:
    """When the next held alert is to be reminded of, or given up."""
    held = alert.c.state == AlertState.HELD.value
    times = [
        connection.scalar(select(func.min(alert.c.accepted_at)).where(held, alert.c.reminded == 0)),
        connection.scalar(select(func.min(alert.c.held_until)).where(held)),
    ]
    remind, give_up = (moment(time) if time is not None else None for time in times)
    return min((time for time in (remind + after if remind else None, give_up) if time), default=None)


def content(connection: Connection, keyring: Keyring, number: int) -> AlertContent:
    """What an alert says, opened."""
    row = connection.execute(select(alert.c.year, alert.c.uuid, alert.c.body).where(alert.c.id == number)).one()
    body = _body(keyring, row)
    new_key = body.get("new_key")
    return AlertContent(
        subject=body["subject"],
        text=body["text"],
        new_key=tuple(new_key) if new_key else None,
        reasons=tuple(body.get("reasons", ())),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What every copy of an alert is made of."""

    year: int
    uuid: bytes
    name: str
    organisation: str
    accepted_at: datetime
    subject: str = field(repr=False)
    text: str = field(repr=False)
    first: bytes | None  # 5.7  the uuid of the alert that it follows


def published(connection: Connection, keyring: Keyring, number: int) -> Published:
    """The alert of that row number, for its copies: one statement, because the first copy waits for it."""
    row = connection.execute(_PUBLISHED, {"row": number}).one()
    body = _body(keyring, row)
    return Published(
        year=row.year,
        uuid=row.uuid,
        name=alert_name(row.year, row.number),
        organisation=row.organisation,
        accepted_at=moment(row.accepted_at),
        subject=body["subject"],
        text=body["text"],
        first=row.first,
    )


def _body(keyring: Keyring, row: Any) -> Any:
    return json.loads(keyring.year(row.year).open(Place("alert", "body", row.uuid), row.body))


def uuid_of(connection: Connection, number: int) -> bytes:
    """By which an alert is known for good."""
    return bytes(connection.execute(select(alert.c.uuid).where(alert.c.id == number)).scalar_one())


def named(connection: Connection, name: str, *, lock: bool = False) -> Alert | None:
    """The alert called so; with `lock` nobody else may change it meanwhile."""
    year, dash, number = name.partition("-")
    if not dash or not (year.isdecimal() and number.isdecimal()) or len(name) > 20:
        return None
    query = select(alert.c.id).where(alert.c.year == int(year), alert.c.number == int(number))
    found = connection.scalar(query.with_for_update() if lock else query)
    return alerts(connection, found)[0] if found is not None else None


def follow_ups(connection: Connection, first: int) -> list[Alert]:
    """What follows the alert of that row number, oldest first."""
    numbers = connection.scalars(select(alert.c.id).where(alert.c.follows_id == first).order_by(alert.c.id)).all()
    return [one for number in numbers for one in alerts(connection, number)]


def alerts(connection: Connection, only: int | None = None, most: int = 1_000) -> list[Alert]:
    """Alerts with their counts, newest first; `only` one of them where its row number is given."""
    columns = (chunk.c.relayed, chunk.c.failed, chunk.c.waiting)
    sums = [func.coalesce(func.sum(column), 0).label(f"{column.name}_copies") for column in columns]
    query = select(alert, *sums).outerjoin(chunk, chunk.c.alert_id == alert.c.id).group_by(alert.c.id)
    if only is not None:
        query = query.where(alert.c.id == only)
    rows = connection.execute(query.order_by(alert.c.id.desc()).limit(most)).all()
    firsts = {row.follows_id for row in rows if row.follows_id is not None}
    found = connection.execute(select(alert.c.id, alert.c.year, alert.c.number).where(alert.c.id.in_(firsts)))
    names = {each.id: alert_name(each.year, each.number) for each in found} if firsts else {}
    return [_alert(row, names) for row in rows]


def running(connection: Connection) -> list[Alert]:
    """The alerts that are being relayed, with how far they are."""
    numbers = connection.scalars(select(alert.c.id).where(alert.c.state == AlertState.RELAYING.value)).all()
    return [one for number in numbers for one in alerts(connection, number)]


def _end(connection: Connection, number: int, state: str, now: datetime) -> Alert:
    ended = alerts(connection, number)[0]
    told = ended.relayed + ended.failed + ended.waiting
    # 5.7  A follow-up's readers may have become more while the first was on its way, or fewer, as people leave.
    all_tried = ended.follows_id is not None and state == AlertState.RELAYED.value
    reached = told if all_tried else max(ended.matched, told)
    values = {"state": state, "finished_at": micros(now), "matched": reached}
    connection.execute(update(alert).where(alert.c.id == number).values(values))
    return alerts(connection, number)[0]


def _first(connection: Connection, follow_up: Alert) -> Alert | None:
    return alerts(connection, follow_up.follows_id)[0] if follow_up.follows_id is not None else None


def _reached(connection: Connection, key: YearKey, districts: Sequence[str], first: Alert | None) -> int:
    """To how many it goes: of a follow-up, as many as the first has reached by now."""
    return matched(connection, key, districts).total if first is None else first.relayed


def _cut(connection: Connection, number: int, year: int, reached: int, first: Alert | None, now: datetime) -> None:
    if first is not None:
        chunks.make_following(connection, number, first.id, now)
    elif reached:
        chunks.make(connection, number, year, reached, now)


def _alert(row: Row[Any], names: dict[int, str]) -> Alert:
    plain = (
        *("id", "year", "number", "author", "organisation", "category", "matched", "language"),
        *("release", "minutes", "released_by", "follows_id"),
    )
    times = ("accepted_at", "expires_at", "finished_at", "held_until", "released_at")
    facts = row._mapping
    values: dict[str, Any] = {name: facts[name] for name in plain}
    values |= {name: moment(facts[name]) if facts[name] is not None else None for name in times}
    return Alert(
        **values,
        state=AlertState(row.state),
        districts=tuple(json.loads(row.districts)),
        relation=Relation(row.relation) if row.relation else None,
        follows=names.get(row.follows_id, ""),
        relayed=int(row.relayed_copies),
        failed=int(row.failed_copies),
        waiting=int(row.waiting_copies),
    )
