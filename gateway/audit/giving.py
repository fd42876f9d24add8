"""Makes checkpoints and gives them away: into files, and in letters to outsiders (protocol 8.3)."""

import os
import threading
from datetime import datetime, timedelta
from pathlib import Path

from gateway.administration.office import Office
from gateway.audit import checkpoint
from gateway.audit.copying import here, key_of
from gateway.audit.note import SigningKey
from gateway.config_mirrors import Mirror
from handlers import staff_letters
from storage import audit, checkpoints
from storage.checkpoints import Kept
from storage.clock import moment
from storage.records import Letter
from storage.store import Transaction

MODE = 0o600
ONE_AT_A_TIME = threading.Lock()  # the clock and a command may both have something to give


def due(transaction: Transaction, every: timedelta) -> datetime | None:
    """When the next checkpoint is due; None while nothing was written since the last one."""
    newest = checkpoints.newest(transaction.connection)
    if audit.last_number(transaction.connection) == (0 if newest is None else newest.size):
        return None
    if newest is None or moment(newest.made_at) > transaction.now:  # made while the clock was wrong
        return transaction.now
    return moment(newest.made_at) + every


def make(office: Office, key: SigningKey) -> Kept:
    """A checkpoint of now, committed."""
    return office.store.write(office.clock(), lambda tx: checkpoint.make(tx, key)).result()


def give(office: Office, *, mail_now: bool = False) -> None:
    """Brings every destination up to the newest checkpoint. Raises OSError when all that can be reached have it."""
    failed: OSError | None = None
    with ONE_AT_A_TIME:
        for mirror in office.settings.audit.mirror:
            try:
                if mirror.kind == "file":
                    _to_file(office, mirror)
                elif mirror.kind == "mail":
                    _by_mail(office, mirror, mail_now)
            except OSError as error:
                failed = error
    if failed is not None:
        raise failed


def _to_file(office: Office, mirror: Mirror) -> None:
    assert mirror.path is not None  # as config_mirrors reads a file:
    named = here(office.store, mirror)
    new = office.store.read(office.clock(), lambda tx: _missing(tx, named))
    if new:
        _append(mirror.path, "".join(f"{each.note}\n" for each in new))
        last = new[-1].number
        office.store.write(office.clock(), lambda tx: _advance(tx, named, last)).result()


def _by_mail(office: Office, mirror: Mirror, mail_now: bool) -> None:
    least = timedelta(0) if mail_now else timedelta(hours=office.settings.audit.mail_hours)

    def work(tx: Transaction) -> bool:
        """One letter with the newest; those between are proven by it."""
        newest = checkpoints.newest(tx.connection)
        sent = checkpoints.progress(tx.connection, key_of(tx, mirror.named))
        if newest is None or (newest.number == sent.seq and not mail_now):
            return False
        if sent.at is not None and sent.at <= tx.now < sent.at + least:
            return False
        assert mirror.address is not None  # as config_mirrors reads a mail:
        text = staff_letters.checkpoint(office.town(), newest.number, newest.size, newest.note)
        tx.apply((), [Letter(to=mirror.address, subject=text.subject, text=text.body)], (), None)
        _advance(tx, mirror.named, newest.number)
        return True

    if office.store.write(office.clock(), work).result():
        office.wake()


def _missing(transaction: Transaction, named: bytes) -> list[Kept]:
    sent = checkpoints.progress(transaction.connection, key_of(transaction, named)).seq
    newest = checkpoints.counted(transaction.connection)
    return checkpoints.after(transaction.connection, min(sent, newest))


def _advance(transaction: Transaction, named: bytes, number: int) -> None:
    checkpoints.advance(transaction.connection, key_of(transaction, named), number, transaction.now)


def _append(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, MODE)
    with os.fdopen(descriptor, "wb", buffering=0) as stream:
        stream.write(text.encode())
        os.fsync(stream.fileno())
