"""Copies that were under way when a process ended: the counterfoils say which of them went out (5.12)."""

from collections.abc import Callable, Container, Iterator

from sqlalchemy import Connection, select

from storage import alerts, fanout
from storage.fanout import Claimed
from storage.keyring import Keyring, KeyTrouble, YearKey
from storage.parcels import Recipient
from storage.tables import subscription


def settle(
    connection: Connection, keyring: Keyring, claimed: Claimed, counterfoils: Callable[[], Container[bytes]]
) -> None:
    """Counts those rows of a chunk as handed over whose copy's id is among the counterfoils, which are asked for where
    any row is in doubt. Whoever claimed the chunk saves it."""
    if claimed.ahead <= claimed.cursor and not claimed.tally.maybe():
        return
    key, uuid, kept = keyring.year(claimed.year), alerts.uuid_of(connection, claimed.alert_id), counterfoils()
    for row in list(_rows(connection, key, claimed)):
        if key.copy_id(uuid, row.uuid) in kept:
            claimed.tally.hand(row.id, _domain(row, key))


def _rows(connection: Connection, key: YearKey, claimed: Claimed) -> Iterator[Recipient]:
    tally, between = claimed.tally, max(0, claimed.ahead - claimed.cursor)
    tried = tally.tried()
    for row in fanout.recipients(connection, key, claimed, claimed.cursor, between) if between else ():
        if row.position <= claimed.ahead and row.id not in tried:
            yield row
    columns = select(subscription.c.id, subscription.c.uuid, subscription.c.address)
    for found in connection.execute(columns.where(subscription.c.id.in_(tally.maybe()))):
        yield Recipient(*found)


def _domain(row: Recipient, key: YearKey) -> str | None:
    try:
        return row.opened(key).domain
    except KeyTrouble:
        return None
