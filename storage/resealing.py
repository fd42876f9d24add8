"""Seals a year's rows anew under its newest key, some at a time and beside whatever else goes on (protocol 9, [keys]).

Where it is never has to be remembered: a row that names an older key is still to be done.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, bindparam, func, or_, select, update

from storage.keyfile import KeyFile
from storage.keyring import FORMAT, ID_OCTETS, KEY_OCTETS, Place, Secrets, YearKey
from storage.tables import alert, chunk, letter, request, subscription

# Every column that is sealed under a year's key. Its place is its table, its name and the row's uuid.
SEALED: dict[Table, tuple[str, ...]] = {
    subscription: ("address", "districts", "consent"),
    request: ("body",),
    letter: ("body",),
    alert: ("body",),
    chunk: ("handed", "exceptions"),
}


def rotated(secrets: Secrets) -> Secrets:
    """With a new master, under which everything is sealed from now on; those before open what they sealed."""
    masters = {**secrets.masters, os.urandom(ID_OCTETS): os.urandom(KEY_OCTETS)}
    return Secrets(masters, secrets.lasting)


def without_older(found: KeyFile) -> KeyFile:
    """With the newest master alone, under every KEK that it lies under."""
    newest = found.ids[-1]
    wraps = tuple(replace(each, keys={newest: each.keys[newest]}) for each in found.wraps)
    return KeyFile({newest: found.made[newest]}, wraps)


def reseal(connection: Connection, key: YearKey, table: Table, after: int, most: int) -> Sequence[int]:
    """Seals the next rows above the number `after` anew; the numbers of those that were done, in order."""
    older = or_(*(_is_older(table.c[name], key) for name in SEALED[table]))
    query = select(table.c.id, table.c.uuid, *(table.c[name] for name in SEALED[table]))
    query = query.where(table.c.year == key.year, table.c.id > after, older).order_by(table.c.id).limit(most)
    rows = connection.execute(query.with_for_update()).all()
    if rows:
        values: dict[Any, Any] = {table.c[name]: bindparam(f"new_{name}") for name in SEALED[table]}
        changed = update(table).where(table.c.id == bindparam("row")).values(values)
        connection.execute(changed, [_anew(key, table, row) for row in rows])
    return [row.id for row in rows]


def left(connection: Connection, key: YearKey) -> int:
    """How many rows have a value that an older key has sealed."""
    total = 0
    for table, names in SEALED.items():
        older = or_(*(_is_older(table.c[name], key) for name in names))
        total += connection.scalar(select(func.count()).where(table.c.year == key.year, older)) or 0
    return total


def sealed_under(connection: Connection, year: int) -> dict[str, int]:
    """How many rows each key of the year has sealed, by the key's id; a row counts by its first sealed value."""
    found: dict[str, int] = {}
    for table, names in SEALED.items():
        sealed_by = _key_id(table.c[names[0]])
        query = select(sealed_by, func.count()).where(table.c.year == year, table.c[names[0]].is_not(None))
        for key_id, count in connection.execute(query.group_by(sealed_by)):
            found[bytes(key_id).hex()] = found.get(bytes(key_id).hex(), 0) + count
    return found


def _anew(key: YearKey, table: Table, row: Row[Any]) -> dict[str, object]:
    values: dict[str, object] = {"row": row.id}
    for name in SEALED[table]:
        sealed, place = row._mapping[name], Place(table.name, name, row.uuid)
        values[f"new_{name}"] = key.seal(place, key.open(place, sealed)) if sealed is not None else None
    return values


def _is_older(column: ColumnElement[Any], key: YearKey) -> ColumnElement[bool]:
    return column.is_not(None) & (_key_id(column) != key.key_id)


def _key_id(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.substr(column, len(FORMAT) + 1, ID_OCTETS)
