"""What became of an alert's copies: by district, by destination domain, over time, and for one subscriber.

Read from the sealed tallies of its chunks, so only while its year lives. Nothing is changed, and no address is opened.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from storage import alerts, pace
from storage.clock import micros, moment
from storage.keyring import Keyring, Place, YearKey
from storage.records import Address, Alert, AlertState, Delivered
from storage.tables import alert, audience_district, chunk, subscription
from storage.tally import MAYBE, rows_of

ENDED = frozenset(AlertState) - {AlertState.HELD, AlertState.RELAYING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many copies there are for some of the readers, and what became of them."""

    matched: int
    relayed: int
    failed: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """All that the chunks of one alert tell. Whoever has left since counts in the curve, and in no district."""

    districts: Mapping[str, Reach]  # by code; a person may count in several
    domains: Mapping[str, tuple[int, int]]  # handed over and failed; "" is all others
    codes: Mapping[int, int]  # copies refused for good, by reply code
    curve: tuple[tuple[datetime, int], ...]  # how many were handed over by then


class Lot(StrEnum):
    """What became of one subscriber's copy."""

    RELAYED = "relayed"
    MAYBE = "maybe"  # sent, and no answer came
    REFUSED = "refused"
    WAITING = "waiting"
    NOT_SENT = "not-sent"  # the alert ended before
    SUSPENDED = "suspended"  # their mailbox takes nothing
    NOT_MATCHED = "not-matched"  # other districts, or registered later
    NOT_REGISTERED = "not-registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    lot: Lot
    code: int | None = None  # of the last refusal
    attempts: int = 0
    next_try: datetime | None = None


@dataclass(slots=True)
class _Part:
    """One chunk, opened."""

    row: Row[Any]
    handed: frozenset[int] = field(repr=False)
    deferred: Mapping[int, tuple[int, int, int]] = field(repr=False)
    failed: Mapping[int, int] = field(repr=False)
    domains: Mapping[str, tuple[int, int]] = field(repr=False)
    readers: frozenset[int] | None = field(repr=False)  # of a follow-up

    @property
    def tried(self) -> Set[int]:
        return self.handed | self.deferred.keys() | self.failed.keys()


def of_alert(connection: Connection, keyring: Keyring, found: Alert, now: datetime) -> Delivery | None:
    """What became of its copies until now; None where its year is destroyed."""
    if found.year not in keyring.years():
        return None
    key = keyring.year(found.year)
    groups = _groups(connection, key, found)
    districts = {code: Counter[str]() for code in found.districts}
    domains: dict[str, list[int]] = {}
    codes = Counter[int]()
    for part in _parts(connection, key, found.id):
        for number, codes_of in _readers(connection, part, groups):
            for code in codes_of:
                districts[code].update(("matched", _lot(part, number)))
        for domain, counts in part.domains.items():
            known = domains.setdefault(domain, [0, 0])
            known[:] = [known[0] + counts[0], known[1] + counts[1]]
        codes.update(part.failed.values())
    names = ("matched", "relayed", "failed", "waiting")
    return Delivery(
        districts={code: Reach(**{name: count[name] for name in names}) for code, count in districts.items()},
        domains={domain: (handed, failed) for domain, (handed, failed) in domains.items()},
        codes=dict(codes),
        curve=pace.curve(connection, found, now),
    )


def of_ending(connection: Connection, keyring: Keyring, now: datetime) -> dict[int, Delivered]:
    """5.6  How the alerts fared that are about to end, by row number: read before, so that the end itself is quick."""
    open_chunk = select(chunk.c.id).where(chunk.c.alert_id == alert.c.id, chunk.c.state == "open").exists()
    runs, stopped = (alert.c.state == state.value for state in (AlertState.RELAYING, AlertState.STOPPED))
    ending = stopped | (runs & (~open_chunk | (alert.c.expires_at <= micros(now))))
    numbers = connection.scalars(select(alert.c.id).where(alert.c.finished_at.is_(None), ending)).all()
    return {
        number: delivered(found, delivery)
        for number in numbers
        for found in alerts.alerts(connection, number)
        if (delivery := of_alert(connection, keyring, found, now)) is not None
    }


def delivered(found: Alert, delivery: Delivery) -> Delivered:
    times = {share: pace.seconds_to(delivery.curve, found, share) for share in pace.SHARES}
    return Delivered(
        by_district={code: reach.relayed for code, reach in delivery.districts.items()},
        seconds_to={share: seconds for share, seconds in times.items() if seconds is not None},
    )


def of_subscriber(
    connection: Connection, keyring: Keyring, found: Alert, address: Address, now: datetime
) -> Standing | None:
    """What became of the copy of one address; None where the alert's year is destroyed."""
    if found.year not in keyring.years():
        return None
    key = keyring.year(found.year)
    mine = subscription.c.address_index == key.blind("address", address.canonical)
    query = select(subscription.c.id, subscription.c.audience_id, subscription.c.state)
    row = connection.execute(query.where(subscription.c.year == found.year, mine)).first()
    if row is None:
        return Standing(lot=Lot.NOT_REGISTERED)
    within = (chunk.c.first_id <= row.id) & (chunk.c.last_id >= row.id)
    part = next(_parts(connection, key, found.id, within), None)
    if part is None:
        return Standing(lot=Lot.NOT_MATCHED)
    if row.id in part.tried:
        return _standing(part, row.id, found)
    matches = row.audience_id in _groups(connection, key, found)
    if not (matches if part.readers is None else row.id in part.readers):
        return Standing(lot=Lot.NOT_MATCHED)
    if row.state != "active":
        return Standing(lot=Lot.SUSPENDED)
    if part.readers is None and row.id <= part.row.cursor:  # moved into the districts after its turn
        return Standing(lot=Lot.NOT_MATCHED)
    if part.readers is None and row.id <= part.row.ahead:
        return Standing(lot=Lot.MAYBE)
    return Standing(lot=Lot.NOT_SENT if found.state in ENDED else Lot.WAITING, next_try=moment(part.row.ready_at))


def _standing(part: _Part, number: int, found: Alert) -> Standing:
    if number in part.handed:
        return Standing(lot=Lot.RELAYED)
    if number in part.failed:
        return Standing(lot=Lot.REFUSED, code=part.failed[number])
    attempts, next_try, code = part.deferred[number]
    if code == MAYBE:
        return Standing(lot=Lot.MAYBE, attempts=attempts)
    lot = Lot.NOT_SENT if found.state in ENDED else Lot.WAITING
    return Standing(lot=lot, code=code or None, attempts=attempts, next_try=moment(next_try))


def _lot(part: _Part, number: int) -> str:
    """As which of Reach's counts a row counts, besides `matched`."""
    if number in part.handed:
        return "relayed"
    return "failed" if number in part.failed else "waiting"


def _groups(connection: Connection, key: YearKey, found: Alert) -> dict[int, tuple[str, ...]]:
    """Of each audience that the alert is for, the districts that make it so."""
    names = {key.blind("district", code): code for code in found.districts}
    groups: dict[int, tuple[str, ...]] = {}
    matching = audience_district.c.district_index.in_(names)
    for row in connection.execute(select(audience_district).where(matching)):
        groups[row.audience_id] = (*groups.get(row.audience_id, ()), names[row.district_index])
    return groups


def _parts(connection: Connection, key: YearKey, alert_id: int, where: Any = True) -> Iterator[_Part]:
    rows = connection.execute(select(chunk).where(chunk.c.alert_id == alert_id, where).order_by(chunk.c.id)).all()
    sources = select(chunk.c.source_id).where(chunk.c.alert_id == alert_id, chunk.c.source_id.is_not(None))
    firsts = {row.id: row for row in connection.execute(select(chunk).where(chunk.c.id.in_(sources)))}
    for row in rows:
        handed, told = _opened(key, row)
        yield _Part(
            row=row,
            handed=handed,
            deferred={int(number): tuple(facts) for number, facts in told["deferred"].items()},
            failed={int(number): code for number, code in told["failed"].items()},
            domains=told.get("domains", {}),
            readers=_got_it(key, firsts[row.source_id]) if row.source_id is not None else None,
        )


def _opened(key: YearKey, row: Row[Any]) -> tuple[frozenset[int], dict[str, Any]]:
    if row.handed is None:
        return frozenset(), {"deferred": {}, "failed": {}}
    handed = frozenset(rows_of(key.open(Place("chunk", "handed", row.uuid), row.handed)))
    told: dict[str, Any] = json.loads(key.open(Place("chunk", "exceptions", row.uuid), row.exceptions))
    return handed, told


def _got_it(key: YearKey, first: Row[Any]) -> frozenset[int]:
    """5.7  The readers of a follow-up: to whom the first was handed over, or may have been."""
    handed, told = _opened(key, first)
    return handed | {int(number) for number, facts in told["deferred"].items() if facts[2] == MAYBE}


def _readers(
    connection: Connection, part: _Part, groups: Mapping[int, tuple[str, ...]]
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows of a chunk that its alert is for, with the districts by which they count."""
    columns = (subscription.c.id, subscription.c.audience_id, subscription.c.state)
    within = (subscription.c.id >= part.row.first_id) & (subscription.c.id <= part.row.last_id)
    tried = part.tried
    for row in connection.execute(select(*columns).where(subscription.c.year == part.row.year, within)):
        if row.audience_id not in groups:
            continue
        reader = row.state == "active" if part.readers is None else row.id in part.readers
        if reader or row.id in tried:
            yield row.id, groups[row.audience_id]
