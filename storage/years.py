"""Which fiscal years have rows, and whether each has its key (protocol 9, [keys])."""

from collections.abc import Iterator

from sqlalchemy import Connection, Table, func, select, union

from storage.keyring import Keyring, KeyTrouble
from storage.tables import alert, letter, request, subscription


def with_rows(connection: Connection) -> tuple[int, ...]:
    """The years that any sealed row belongs to, oldest first."""
    # Requests and letters are gone within days and are few: they have no index by year.
    waiting = connection.scalars(union(*(select(table.c.year).distinct() for table in (request, letter))))
    return tuple(sorted({*waiting, *_along_the_index(connection, subscription), *_along_the_index(connection, alert)}))


def _along_the_index(connection: Connection, table: Table) -> Iterator[int]:
    """From one year to the next: what takes its time are the years, and not their rows."""
    year: int | None = 0
    while (year := connection.scalar(select(func.min(table.c.year)).where(table.c.year > year))) is not None:
        yield year


def open_keys(
    connection: Connection, keyring: Keyring, open_years: tuple[int, ...], made: str | None = None
) -> tuple[int, ...]:
    """Reads every open year's key and mints the missing ones; returns the years minted. `made` says when that is.

    Raises KeyTrouble where a year has rows and no key: a new key could never open them.
    """
    rows = with_rows(connection)
    minted = []
    for year in open_years:
        if year not in keyring.years():
            if year in rows:
                raise KeyTrouble(
                    f"{year}: there are rows of this year but no key; put back keys/{year}.key from your safe"
                )
            keyring.mint(year, made)
            minted.append(year)
        keyring.year(year)
    return tuple(minted)
