"""Named numbers that outlive a restart: how far something went, the last of a series."""

from sqlalchemy import Connection, select, update

from storage.absent import insert_absent
from storage.tables import counter


def value(connection: Connection, name: str, *, lock: bool = False) -> int:
    """The number of that name, 0 where it was never saved; with `lock` no other node may advance it meanwhile."""
    query = select(counter.c.value).where(counter.c.name == name)
    return connection.scalar(query.with_for_update() if lock else query) or 0


def save(connection: Connection, name: str, number: int) -> None:
    connection.execute(insert_absent(connection, counter, {"name": name, "value": 0}))
    connection.execute(update(counter).where(counter.c.name == name).values(value=number))


def hold(connection: Connection, name: str) -> None:
    """Nobody else holds, reads with a lock or saves the number of that name until this transaction ends."""
    connection.execute(insert_absent(connection, counter, {"name": name, "value": 0}))
    value(connection, name, lock=True)
