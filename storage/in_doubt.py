"""Copies that were under way when a process ended: the counterfoils say which of them went out (5.12)."""

from collections.abc import Callable, Container

from sqlalchemy import Connection, Select, and_, or_, select

from storage import alerts
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
    ended = claimed.tally.ended()
    for found in connection.execute(_rows(claimed)).all():
        row = Recipient(*found)
        if row.id not in ended and key.copy_id(uuid, row.uuid) in kept:
            claimed.tally.hand(row.id, _domain(row, key))


def _rows(claimed: Claimed) -> Select[int, bytes, bytes]:
    """Those under way and those that may have their copy, whatever their districts are by now."""
    between = and_(subscription.c.id > claimed.cursor, subscription.c.id <= claimed.ahead)
    if claimed.first_alert is not None:
        between = subscription.c.id.in_(claimed.readers[claimed.cursor : claimed.ahead])
    columns = select(subscription.c.id, subscription.c.uuid, subscription.c.address)
    in_doubt = or_(between, subscription.c.id.in_(claimed.tally.maybe()))
    return columns.where(subscription.c.year == claimed.year, in_doubt).order_by(subscription.c.id)


def _domain(row: Recipient, key: YearKey) -> str | None:
    try:
        return row.opened(key).domain
    except KeyTrouble:
        return None
