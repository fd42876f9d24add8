"""Named numbers that outlive a restart: how far something went, the last of a series."""

from sqlalchemy import Connection, bindparam, select, update

from storage.absent import insert_absent
from storage.tables import counter

_NAMED = counter.c.name == bindparam("of")
_VALUE = select(counter.c.value).where(_NAMED)
_LOCKED = _VALUE.with_for_update()
_SAVED = update(counter).where(_NAMED).values(value=bindparam("value"))


def value(connection: Connection, name: str, *, lock: bool = False) -> int:
    """The number of that name, 0 where it was never saved; with `lock` no other node may advance it meanwhile."""
    return connection.scalar(_LOCKED if lock else _VALUE, {"of": name}) or 0


def save(connection: Connection, name: str, number: int) -> None:
    connection.execute(insert_absent(connection, counter, {"name": name, "value": 0}))
    connection.execute(_SAVED, {"of": name, "value": number})


def hold(connection: Connection, name: str) -> None:
    """Nobody else holds, reads with a lock or saves the number of that name until this transaction ends."""
    connection.execute(insert_absent(connection, counter, {"name": name, "value": 0}))
    value(connection, name, lock=True)
