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

from sqlalchemy import Connection, Row, bindparam, select

from storage import alerts, canaries, pace
from storage.clock import moment
from storage.keyring import Keyring, KeyTrouble, Place, YearKey
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
    counts = {name: Counter[int]() for name in ("matched", "relayed", "failed", "waiting")}
    domains: dict[str, list[int]] = {}
    codes = Counter[int]()
    for part in _parts(connection, key, found.id):
        _count(part, _rows(connection, part, groups), counts)
        for domain, (handed, failed) in part.domains.items():
            known = domains.setdefault(domain, [0, 0])
            known[:] = [known[0] + handed, known[1] + failed]
        codes.update(part.failed.values())
    return Delivery(
        districts={code: _reach(code, counts, groups) for code in found.districts},
        domains={domain: (handed, failed) for domain, (handed, failed) in domains.items()},
        codes=dict(codes),
        curve=pace.curve(connection, found, now),
    )


def of_ending(connection: Connection, keyring: Keyring, now: datetime) -> dict[int, Delivered | None]:
    """5.6  How the alerts fared that are about to end, by row number: read before, so that the end itself is quick.

    None where the alert's year is destroyed, or what became of its copies does not open.
    """
    over = alerts.ending(now)
    numbers = connection.scalars(select(alert.c.id).where(alert.c.finished_at.is_(None), over)).all()
    usual = {each.carrier: each.median for each in canaries.delays(connection, now) if each.median} if numbers else {}
    ending: dict[int, Delivered | None] = {}
    for number in numbers:
        found = alerts.alerts(connection, number)[0]
        delivery = _of_one(connection, keyring, found, now)
        ending[number] = delivered(found, delivery, usual) if delivery is not None else None
    return ending


def _of_one(connection: Connection, keyring: Keyring, found: Alert, now: datetime) -> Delivery | None:
    try:
        return of_alert(connection, keyring, found, now)
    except KeyTrouble:  # it ends all the same, and keeps no other from ending
        return None


def delivered(found: Alert, delivery: Delivery, carriers: Mapping[str, float]) -> Delivered:
    times = {share: pace.seconds_to(delivery.curve, found, share) for share in pace.SHARES}
    return Delivered(
        by_district={code: reach.relayed for code, reach in delivery.districts.items()},
        seconds_to={share: seconds for share, seconds in times.items() if seconds is not None},
        carriers=carriers,
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
    maybe = {int(number) for number, facts in told["deferred"].items() if facts[2] == MAYBE}
    return handed | maybe | frozenset(told.get("doubted", ()))


_ROWS = select(subscription.c.id, subscription.c.audience_id, subscription.c.state == "active").where(
    subscription.c.year == bindparam("of_year"),
    subscription.c.id.between(bindparam("first"), bindparam("last")),
)


def _rows(connection: Connection, part: _Part, groups: Mapping[int, tuple[str, ...]]) -> list[tuple[int, int]]:
    """The rows of a chunk that its alert is for, each with the number of its audience."""
    within = {"first": part.row.first_id, "last": part.row.last_id, "of_year": part.row.year}
    found = connection.execute(_ROWS, within).cursor.fetchall()  # as the driver gives them, which is twice as fast
    tried, readers = part.tried, part.readers
    if readers is not None:
        return [(row, group) for row, group, _ in found if group in groups and (row in readers or row in tried)]
    return [(row, group) for row, group, active in found if group in groups and (active or row in tried)]


def _reach(code: str, counts: Mapping[str, Counter[int]], groups: Mapping[int, tuple[str, ...]]) -> Reach:
    """The counts of a district's audiences together."""
    here = [group for group, codes in groups.items() if code in codes]
    return Reach(**{name: sum(count[group] for group in here) for name, count in counts.items()})


def _count(part: _Part, rows: list[tuple[int, int]], counts: Mapping[str, Counter[int]]) -> None:
    """Adds a chunk's rows to the counts of their audiences. Called for each chunk, so each step is one pass in C."""
    handed, failed = part.handed, part.failed
    matched = Counter([group for _, group in rows])
    relayed = Counter([group for row, group in rows if row in handed])
    refused = Counter([group for row, group in rows if row in failed and row not in handed]) if failed else Counter()
    counts["matched"].update(matched)
    counts["relayed"].update(relayed)
    counts["failed"].update(refused)
    counts["waiting"].update(matched - relayed - refused)
