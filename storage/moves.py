"""Registrants of a district are carried to another code, some at a time, while mail comes and goes (protocol 8.5).

A move is a row until it is done, so that it survives a restart. First every audience of the old code is given the new
one's index as well: from then on an alert to either finds them all. Then row by row the sealed districts follow.
Nobody's row number, pseudonym or evidence of consent changes.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, func, select, update

from storage import subscriptions
from storage.clock import micros
from storage.keyring import Keyring, Place, YearKey
from storage.records import AlertState, RequestState
from storage.tables import alert, audience, audience_district, district_move, request, subscription

UNFINISHED = (AlertState.RELAYING.value, AlertState.HELD.value)
Kind = Literal["rename", "merge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """From one code to another. Codes are public; they say nothing about a person."""

    old: str
    new: str
    kind: Kind

    def applied(self, codes: Sequence[str]) -> list[str]:
        """The codes as they are after it, each once."""
        return list(dict.fromkeys(self.new if code == self.old else code for code in codes))


def pending(connection: Connection) -> Move | None:
    """The move that is under way; there is never more than one."""
    row = connection.execute(select(district_move)).first()
    return Move(old=row.old, new=row.new, kind=row.kind) if row is not None else None


def begin(connection: Connection, keyring: Keyring, move: Move, now: datetime) -> None:
    """Writes the move down, and lets alerts to the new code find those who registered for the old one."""
    if pending(connection) is None:
        values = {"old": move.old, "new": move.new, "kind": move.kind, "begun_at": micros(now)}
        connection.execute(district_move.insert().values(values))
    open_both(connection, keyring, move)


def open_both(connection: Connection, keyring: Keyring, move: Move) -> None:
    """Gives the new index to every audience that has the old one."""
    for year in keyring.years():
        key = keyring.year(year)
        new = key.blind("district", move.new)
        has_new = select(audience_district.c.audience_id).where(audience_district.c.district_index == new)
        lacking = _with_old(key, move).where(audience_district.c.audience_id.not_in(has_new))
        rows = [{"audience_id": group, "district_index": new} for group in connection.scalars(lacking)]
        if rows:
            connection.execute(audience_district.insert(), rows)


def under_way(connection: Connection, move: Move) -> list[str]:
    """The alerts that name the old code and have not ended."""
    rows = connection.execute(select(alert).where(alert.c.state.in_(UNFINISHED)).order_by(alert.c.id))
    return [f"{row.year}-{row.number:04d}" for row in rows if move.old in json.loads(row.districts)]


def carry_alerts(connection: Connection, move: Move) -> None:
    """Alerts name the new code, so that the same staff may follow them up. To a renamed code the same people belong."""
    rows = connection.execute(select(alert.c.id, alert.c.districts)).all()
    for number, written in rows:
        if move.old in (codes := json.loads(written)):
            connection.execute(
                update(alert).where(alert.c.id == number).values(districts=json.dumps(move.applied(codes)))
            )


def registrations(connection: Connection, keyring: Keyring, move: Move) -> int:
    """How many rows still have the old code."""
    total = 0
    for year in keyring.years():
        groups = _with_old(keyring.year(year), move)
        query = select(func.count()).select_from(subscription).where(subscription.c.audience_id.in_(groups))
        total += connection.scalar(query) or 0
    return total


def carry_some(connection: Connection, keyring: Keyring, move: Move, most: int) -> int:
    """Carries up to `most` registrations; returns how many, 0 where none is left."""
    for year in keyring.years():
        key = keyring.year(year)
        mine = subscription.c.audience_id.in_(_with_old(key, move))
        query = select(subscription).where(mine).order_by(subscription.c.id).limit(most).with_for_update()
        if rows := connection.execute(query).all():
            _carry(connection, key, move, rows)
            return len(rows)
    return 0


def _carry(connection: Connection, key: YearKey, move: Move, rows: Sequence[Any]) -> None:
    groups: dict[frozenset[str], int] = {}
    steps: Counter[int] = Counter()
    values = []
    for row in rows:
        place = subscriptions.place("districts", row.uuid)
        codes = frozenset(move.applied(json.loads(key.open(place, row.districts))))
        if codes not in groups:
            groups[codes] = subscriptions.audience_of(connection, key, codes)
        sealed = key.seal(place, json.dumps(sorted(codes)).encode())
        values.append({"number": row.id, "sealed": sealed, "group": groups[codes]})
        if row.state == "active":
            steps.update({row.audience_id: -1, groups[codes]: 1})
    changed = update(subscription).where(subscription.c.id == bindparam("number"))
    connection.execute(changed.values(districts=bindparam("sealed"), audience_id=bindparam("group")), values)
    for group in sorted(steps):  # in one order, so that two writers never wait for each other
        subscriptions.count_audience(connection, group, steps[group])


def carry_requests(connection: Connection, keyring: Keyring, move: Move, after: int, most: int) -> int | None:
    """The next `most` requests above `after` that wait for an answer; the number of the last, None after the end."""
    waits = (request.c.state == RequestState.OPEN.value) & request.c.body.is_not(None) & (request.c.id > after)
    query = select(request).where(waits, request.c.year.in_(keyring.years())).order_by(request.c.id).limit(most)
    last = None
    for row in connection.execute(query.with_for_update()).all():
        last = int(row.id)
        key, place = keyring.year(row.year), Place("request", "body", row.uuid)
        body = json.loads(key.open(place, row.body))
        if move.old in body["districts"] or move.old in body["removed"]:
            body |= {name: sorted(move.applied(body[name])) for name in ("districts", "removed")}
            sealed = key.seal(place, json.dumps(body).encode())
            connection.execute(update(request).where(request.c.id == row.id).values(body=sealed))
    return last


def finish(connection: Connection, keyring: Keyring, move: Move) -> bool:
    """Ends the move where nobody is left behind; False: somebody came meanwhile."""
    if registrations(connection, keyring, move):
        return False
    for year in keyring.years():
        empty = list(connection.scalars(_with_old(keyring.year(year), move)))
        connection.execute(delete(audience_district).where(audience_district.c.audience_id.in_(empty)))
        connection.execute(delete(audience).where(audience.c.id.in_(empty)))
    connection.execute(delete(district_move).where(district_move.c.old == move.old))
    return True


def _with_old(key: YearKey, move: Move) -> Any:
    old = key.blind("district", move.old)
    return select(audience_district.c.audience_id).where(audience_district.c.district_index == old)
