"""Erases all that is kept of one address: rows of every year, requests, letters that wait (protocol 4.6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from storage import parcels, subscriptions
from storage.keyring import Keyring
from storage.parcels import Waiting
from storage.records import Address
from storage.tables import letter, request

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was there, and is gone."""

    pseudonym: str | None
    years: tuple[int, ...]
    requests: int
    letters: int

    @property
    def nothing(self) -> bool:
        return not (self.years or self.requests or self.letters)


def forget(connection: Connection, keyring: Keyring, address: Address) -> Forgotten:
    """Erases it. What a member of staff may release is not theirs as a resident, and stays."""
    pseudonym = subscriptions.pseudonym(connection, keyring, address)
    years = tuple(each.year for each in subscriptions.find(connection, keyring, address, for_update=True))
    indexes = [keyring.year(year).blind("address", address.canonical) for year in keyring.years()]
    mine = request.c.address_index.in_(indexes) & (request.c.kind != "release")
    asked = connection.scalar(select(func.count()).select_from(request).where(mine)) or 0
    subscriptions.erase(connection, keyring, address)
    numbers = [row.id for row in _letters(connection, keyring) if _to(keyring, row) == address]
    connection.execute(delete(letter).where(letter.c.id.in_(numbers)))
    return Forgotten(pseudonym=pseudonym, years=years, requests=asked, letters=len(numbers))


def _letters(connection: Connection, keyring: Keyring) -> Iterator[Row[Any]]:
    """Every letter that waits and can be opened, some at a time."""
    last = 0
    query = select(letter).where(letter.c.year.in_(keyring.years())).order_by(letter.c.id).limit(BATCH)
    while rows := connection.execute(query.where(letter.c.id > last)).all():
        yield from rows
        last = rows[-1].id


def _to(keyring: Keyring, row: Row[Any]) -> Address:
    waiting = Waiting(id=row.id, uuid=row.uuid, year=row.year, body=row.body, attempts=row.attempts, fence=row.fence)
    return parcels.opened(keyring, waiting).to
