"""Residents' rows: found by blind index, sealed one by one, grouped into audiences. Nothing here sees a clock."""

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from storage.absent import insert_absent
from storage.keyring import Keyring, Place, YearKey
from storage.records import Address, Consent, LeaveClaim, Matched, SaveSubscription, Subscription
from storage.tables import audience, audience_district, district_move, request, subscription

PSEUDONYM_OCTETS = 8
_AUDIENCES = (  # made once: making a statement costs more than running it
    select(audience.c.id, audience.c.active, audience_district.c.district_index)
    .join(audience_district, audience_district.c.audience_id == audience.c.id)
    .where(audience.c.year == bindparam("of_year"))
    .where(audience_district.c.district_index.in_(bindparam("indexes", expanding=True)))
)


def place(column: str, uuid: bytes) -> Place:
    return Place("subscription", column, uuid)


def find(connection: Connection, keyring: Keyring, address: Address, for_update: bool = False) -> list[Subscription]:
    """The address's rows of every year whose key is at hand, oldest year first."""
    rows = (_row(connection, keyring.year(year), address, for_update) for year in keyring.years())
    return [_opened(row, keyring.year(row.year)) for row in rows if row is not None]


def claimed(
    connection: Connection, keyring: Keyring, claim: LeaveClaim, for_update: bool = False
) -> Subscription | None:
    """The row that a leave or bounce token names, or None where it is gone."""
    query = select(subscription).where(subscription.c.id == claim.subscription_id, subscription.c.year == claim.year)
    row = connection.execute(query.with_for_update() if for_update else query).first()
    return _opened(row, keyring.year(claim.year)) if row is not None else None


def save(connection: Connection, keyring: Keyring, change: SaveSubscription) -> None:
    """Creates the row, or gives the existing one other districts; it keeps its number, pseudonym and tokens."""
    key = keyring.year(change.year)
    group = audience_of(connection, key, change.districts)
    row = _row(connection, key, change.address, for_update=True)
    if row is None:
        _create(connection, key, keyring, change, group)
    else:
        values = {"audience_id": group, "districts": key.seal(place("districts", row.uuid), _codes(change.districts))}
        if change.consent is not None:
            values["consent"] = key.seal(place("consent", row.uuid), _consent(change.consent))
        connection.execute(update(subscription).where(subscription.c.id == row.id).values(state="active", **values))
        if row.state == "active":
            count_audience(connection, row.audience_id, -1)
    count_audience(connection, group, +1)


def erase(connection: Connection, keyring: Keyring, address: Address, only: int | None = None) -> None:
    """Deletes the rows of the address, or `only` one year's, and empties its requests so that nothing stays (4.3)."""
    for year in keyring.years() if only is None else [only]:
        key = keyring.year(year)
        row = _row(connection, key, address, for_update=True)
        if row is not None:
            connection.execute(delete(subscription).where(subscription.c.id == row.id))
            if row.state == "active":
                count_audience(connection, row.audience_id, -1)
        if only is not None:  # the address goes on in another year
            continue
        mine = request.c.address_index == key.blind("address", address.canonical)
        mine &= request.c.kind != "release"  # of a member of staff, who may be a resident, too
        connection.execute(update(request).where(mine).values(address_index=None, body=None, state="used"))


def pseudonym(connection: Connection, keyring: Keyring, address: Address) -> str | None:
    """The random name under which the audit knows the address, or None where it knows none."""
    for year in keyring.years():
        index = keyring.year(year).blind("address", address.canonical)
        of_row = select(subscription.c.pseudonym).where(
            subscription.c.year == year, subscription.c.address_index == index
        )
        of_resident = (request.c.address_index == index) & (request.c.kind != "release")
        of_request = select(request.c.pseudonym).where(of_resident).order_by(request.c.id.desc())
        if found := connection.scalar(of_row) or connection.scalar(of_request.limit(1)):
            return str(found)
    return None


def new_pseudonym() -> str:
    return f"r-{secrets.token_hex(PSEUDONYM_OCTETS)}"


def matched(connection: Connection, key: YearKey, districts: Sequence[str]) -> Matched:
    """Exact counts, at the cost of the number of audiences."""
    names = {key.blind("district", code): code for code in districts}
    groups: dict[int, int] = {}
    by_district = dict.fromkeys(districts, 0)
    for row in connection.execute(_AUDIENCES, {"of_year": key.year, "indexes": list(names)}):
        groups[row.id] = row.active
        by_district[names[row.district_index]] += row.active
    return Matched(total=sum(groups.values()), by_district=by_district)


def counts(connection: Connection, now_micros: int) -> dict[str, object]:
    """Active, pending and suspended, and the active of each year (protocol 8, `subscribers count`)."""
    query = select(subscription.c.year, subscription.c.state, func.count()).group_by(
        subscription.c.year, subscription.c.state
    )
    states, years = {"active": 0, "suspended": 0}, {}
    for year, state, count in connection.execute(query):
        states[state] += count
        if state == "active":
            years[str(year)] = count
    open_request = (request.c.kind == "subscribe") & (request.c.state == "open") & (request.c.expires_at > now_micros)
    pending = connection.scalar(select(func.count()).select_from(request).where(open_request)) or 0
    return {"active": states["active"], "pending": pending, "suspended": states["suspended"], "years": years}


def rows_by_year(connection: Connection) -> dict[int, int]:
    """How many rows each year has, of every state."""
    query = select(subscription.c.year, func.count()).group_by(subscription.c.year).order_by(subscription.c.year)
    return {row.year: row[1] for row in connection.execute(query)}


def after(
    connection: Connection, keyring: Keyring, year: int, number: int, most: int
) -> list[tuple[int, Subscription]]:
    """The year's next active rows above `number`, with their row numbers, in order."""
    query = select(subscription).where(
        subscription.c.year == year, subscription.c.id > number, subscription.c.state == "active"
    )
    rows = connection.execute(query.order_by(subscription.c.id).limit(most))
    return [(row.id, _opened(row, keyring.year(year))) for row in rows]


def district_counts(connection: Connection, keyring: Keyring, codes: Iterable[str]) -> dict[str, int]:
    """How many registrations, of all open years, name each district."""
    codes = list(codes)
    totals = dict.fromkeys(codes, 0)
    for year in keyring.years():
        for code, count in matched(connection, keyring.year(year), codes).by_district.items():
            totals[code] += count
    return totals


def strangers(connection: Connection, keyring: Keyring, codes: Iterable[str]) -> int:
    """How many registrations name a district that is none of `codes`."""
    codes = list(codes)
    for old, new in connection.execute(select(district_move.c.old, district_move.c.new)):
        if old in codes or new in codes:  # a move is under way, and whoever has either code is found
            codes += [old, new]
    total = 0
    for year in keyring.years():
        known = [keyring.year(year).blind("district", code) for code in codes]
        unknown = select(audience_district.c.audience_id).where(audience_district.c.district_index.not_in(known))
        query = select(func.sum(audience.c.active)).where(audience.c.year == year, audience.c.id.in_(unknown))
        total += connection.scalar(query) or 0
    return total


def _row(connection: Connection, key: YearKey, address: Address, for_update: bool = False) -> Row[Any] | None:
    index = key.blind("address", address.canonical)
    query = select(subscription).where(subscription.c.year == key.year, subscription.c.address_index == index)
    if for_update:  # whoever changes the same row at the same time waits, so that no audience is counted twice
        query = query.with_for_update()
    return connection.execute(query).first()


def _create(connection: Connection, key: YearKey, keyring: Keyring, change: SaveSubscription, group: int) -> None:
    if change.consent is None:
        raise ValueError("a new subscription needs the evidence of consent")
    uuid = secrets.token_bytes(16)
    values = {
        "uuid": uuid,
        "year": change.year,
        "state": "active",
        "address_index": key.blind("address", change.address.canonical),
        "address": key.seal(place("address", uuid), change.address.canonical.encode()),
        "districts": key.seal(place("districts", uuid), _codes(change.districts)),
        "consent": key.seal(place("consent", uuid), _consent(change.consent)),
        "pseudonym": pseudonym(connection, keyring, change.address) or new_pseudonym(),
        "audience_id": group,
    }
    connection.execute(subscription.insert().values(values))


def audience_of(connection: Connection, key: YearKey, districts: frozenset[str]) -> int:
    """The number of the audience of exactly these districts; made where it is new."""
    index = key.blind("district", "set " + " ".join(sorted(districts)))
    query = select(audience.c.id).where(audience.c.year == key.year, audience.c.set_index == index)
    if (found := connection.scalar(query)) is not None:
        return int(found)
    row = {"year": key.year, "set_index": index, "active": 0}
    made = connection.scalar(insert_absent(connection, audience, row).returning(audience.c.id))
    if made is None:  # another node made it meanwhile
        return int(connection.execute(query).scalar_one())
    rows = [{"audience_id": made, "district_index": key.blind("district", code)} for code in districts]
    connection.execute(audience_district.insert(), rows)
    return int(made)


def count_audience(connection: Connection, group: int, step: int) -> None:
    """An active row more, or one less, among those who chose these districts."""
    connection.execute(update(audience).where(audience.c.id == group).values(active=audience.c.active + step))


def _opened(row: Row[Any], key: YearKey) -> Subscription:
    consent = json.loads(key.open(place("consent", row.uuid), row.consent))
    return Subscription(
        year=row.year,
        address=Address(key.open(place("address", row.uuid), row.address).decode()),
        districts=frozenset(json.loads(key.open(place("districts", row.uuid), row.districts))),
        consent=Consent(**{**consent, "at": datetime.fromisoformat(consent["at"])}),
        pseudonym=row.pseudonym,
        suspended=row.state == "suspended",
    )


def _codes(districts: frozenset[str]) -> bytes:
    return json.dumps(sorted(districts)).encode()


def _consent(consent: Consent) -> bytes:
    facts = {"version": consent.version, "digest": consent.digest, "at": consent.at.isoformat(), "way": consent.way}
    return json.dumps(facts).encode()
