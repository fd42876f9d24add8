"""Copies that were under way when a process ended: the counterfoils say which of them went out (5.12)."""

import logging
from collections.abc import Callable, Container
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, or_, select

from storage import alerts, fanout
from storage.clock import micros, moment
from storage.fanout import Claimed
from storage.keyring import Keyring, KeyTrouble, YearKey
from storage.parcels import Recipient
from storage.tables import alert, chunk, subscription

log = logging.getLogger("mimamori.relay")


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


def left(connection: Connection, keyring: Keyring, now: datetime) -> bool:
    """Whether there is anything for `settle_ended` to do."""
    return bool(connection.scalar(select(_chunks_of_ended(keyring, now).exists())))


def settle_ended(
    connection: Connection, keyring: Keyring, now: datetime, counterfoils: Callable[[], Container[bytes]]
) -> None:
    """The same for alerts that were stopped, or whose time ran out, while copies were under way: no chunk of them is
    claimed any more, but the report counts what went out, and who got it or may have got it gets what follows (5.7)."""
    chunks = _chunks_of_ended(keyring, now).with_for_update(skip_locked=True, of=chunk)
    for row in connection.execute(chunks).all():
        try:
            # Undone as a whole: else a chunk that does not open would keep its lease, and no end come.
            with connection.begin_nested():
                claimed = fanout.taken(connection, keyring, row, moment(row.expires_at), now)
                _settle_one(connection, keyring, claimed, now, counterfoils)
        except KeyTrouble as trouble:
            log.error("what went out of a part of an alert is not known: %s", trouble)


def _settle_one(
    connection: Connection,
    keyring: Keyring,
    claimed: Claimed,
    now: datetime,
    counterfoils: Callable[[], Container[bytes]],
) -> None:
    key = keyring.year(claimed.year)
    settle(connection, keyring, claimed, counterfoils)
    _suspect_others(connection, key, claimed)
    fanout.progress(connection, key, claimed, claimed.cursor, now, ahead=claimed.ahead)
    fanout.give_back(connection, claimed, now, now)


def _suspect_others(connection: Connection, key: YearKey, claimed: Claimed) -> None:
    """Those under way without a counterfoil, while it is known who they were: later they may have moved."""
    ended = claimed.tally.ended()
    for row in fanout.recipients(connection, key, claimed, claimed.cursor, claimed.ahead - claimed.cursor):
        if row.position <= claimed.ahead and row.id not in ended:
            claimed.tally.suspect(row.id)


def _chunks_of_ended(keyring: Keyring, now: datetime) -> Select[Any]:
    mine = and_(alert.c.id == chunk.c.alert_id, alert.c.finished_at.is_(None), alerts.cut_short(now))
    doubted = and_(chunk.c.state == "open", chunk.c.ahead > chunk.c.cursor, chunk.c.lease_until <= micros(now))
    return select(chunk, alert.c.expires_at).join(alert, mine).where(doubted, chunk.c.year.in_(keyring.years()))


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
