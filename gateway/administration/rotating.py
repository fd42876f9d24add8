"""Another key for a year's rows, while everything goes on (protocol 9, [keys]).

From the first step on, what is new is sealed under the new key; then the old rows are sealed anew; then the old key is
destroyed. A crash leaves a year with two keys, which the next start goes on with.
"""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import Table

from gateway.administration.office import Office, Refused, Tell
from storage import resealing
from storage.keyfile import KeyFile
from storage.keyring import read_kek, wrap
from storage.records import AuditEvent
from storage.resealing import SEALED, rotated, without_older
from storage.store import Transaction

AT_ONCE = 200  # rows of one commit, so that mail waits for milliseconds
SETTLE_SECONDS = 5.0  # longer than rows are read ahead, and than any transaction that began with the old key
HALF_DONE = (
    "the KEK is being changed; finish that first: set [keys] kek to the new one, restart, "
    "and run the same `mimamori keys rewrap --to` again"
)
ONE_AT_A_TIME = threading.Lock()
Result = TypeVar("Result")


def rotate(office: Office, year: int, tell: Tell) -> dict[str, object]:
    """A new key for the year, and everything sealed under it; the old one is gone when this returns."""
    with ONE_AT_A_TIME:
        keyring = office.store.keyring
        if year not in keyring.years():
            raise Refused(f"{year} has no key; `mimamori keys list` shows those that there are")
        if len(keyring.read(str(year)).ids) == 1:
            _write(office, lambda tx: _begin(tx, year))
        return _finish(office, year, tell)


def unfinished(office: Office) -> tuple[int, ...]:
    """The years that have more than one key."""
    keyring = office.store.keyring
    return tuple(year for year in keyring.years() if len(keyring.read(str(year)).ids) > 1)


def resume(office: Office) -> None:
    """Goes on with what a crash has left; leaves alone what is under way."""
    if not ONE_AT_A_TIME.acquire(blocking=False):
        return
    try:
        for year in unfinished(office):
            _finish(office, year, lambda done, total, what: None)
    finally:
        ONE_AT_A_TIME.release()


def _begin(transaction: Transaction, year: int) -> None:
    keyring, now = transaction.keyring, transaction.now.isoformat(timespec="seconds")
    with keyring.alone():
        found = keyring.read(str(year))
        if len(found.wraps) > 1:
            raise Refused(HALF_DONE)
        secrets = rotated(keyring.secrets(str(year)))
        times = {key_id.hex(): found.made.get(key_id.hex(), now) for key_id in secrets.masters}
        keyring.replace(str(year), KeyFile(times, (wrap(secrets, read_kek(keyring.kek_source)),)))
    newest = keyring.year(year).key_id.hex()
    transaction.apply((), (), [AuditEvent(event="key:rotated", detail={"year": year, "key": newest})], None)


def _finish(office: Office, year: int, tell: Tell) -> dict[str, object]:
    total = office.store.read(office.clock(), lambda tx: resealing.left(tx.connection, tx.keyring.year(year)))
    done = 0
    while True:
        for table in SEALED:
            after = 0
            while numbers := _reseal(office, year, table, after):
                done, after = done + len(numbers), numbers[-1]
                tell(min(done, total), total, str(year))
        time.sleep(SETTLE_SECONDS)
        if (gone := _write(office, partial(_retire, year=year, rows=done))) is not None:
            return {"year": year, "rows": done, "destroyed": gone}


def _reseal(office: Office, year: int, table: Table, after: int) -> Sequence[int]:
    return _write(office, lambda tx: resealing.reseal(tx.connection, tx.keyring.year(year), table, after, AT_ONCE))


def _retire(transaction: Transaction, year: int, rows: int) -> list[str] | None:
    """Destroys the older keys where nothing is sealed under them any more; their ids, or None where something is."""
    keyring = transaction.keyring
    if resealing.left(transaction.connection, keyring.year(year)):
        return None
    with keyring.alone():
        found = keyring.read(str(year))
        gone = list(found.ids[:-1])
        keyring.replace(str(year), without_older(found))
    event = AuditEvent(event="key:retired", detail={"year": year, "keys": gone, "rows": rows})
    transaction.apply((), (), [event], None)
    return gone


def _write(office: Office, work: Callable[[Transaction], Result]) -> Result:
    return office.store.write(office.clock(), work).result()
