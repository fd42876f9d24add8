"""The steps that end a fiscal year, in an order in which each may be the last before a crash (protocol 3.10).

Its alerts end and its letters are dropped; its rows go; its key goes, from where no way leads back; what lives gets
another KEK; the database's free space is emptied; the certificate is written, mailed and audited. Each step is
committed under the lock of the run, so that a second process, or the same one after a crash, goes on and repeats none.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from gateway.administration.office import Office, Tell
from gateway.open_years import ready_years
from gateway.year_end import certificate
from gateway.year_end.due import end_of
from handlers import report, year_letters
from storage import audit, escrow, mending, rewrapping, year_end
from storage.clock import moment
from storage.kek import NotRenewable
from storage.keyring import KeyTrouble, master_fingerprint, read_kek
from storage.private_files import BESIDE, destroy_private
from storage.records import AuditEvent
from storage.store import Transaction
from storage.year_end import TABLES, Run, Step

log = logging.getLogger("mimamori.years")
AT_ONCE = 2_000  # rows of one commit; mail goes on in between
PATIENCE_SECONDS = 90.0  # longer than the lease of a letter that a worker has in its hands
PAUSE_SECONDS = 0.1
Facts = dict[str, object]
Result = TypeVar("Result")


def nobody(done: int, total: int, what: str) -> None:
    """Hears of progress and does nothing."""


def end_year(office: Office, year: int, *, early: bool = False, tell: Tell = nobody) -> Run:
    """Destroys the year, whole and once; goes on where an earlier try ended. The run as it stands at the end."""
    run = _write(office, lambda tx: _begin(tx, office, year, early))
    log.info("the year %s ends", year)
    _wait_for_workers(office, run)
    _step(office, run, Step.BEGUN, lambda tx, held: _end_alerts(tx, office, held))
    _empty(office, run, tell)
    _step(office, run, Step.BEGUN, _destroy_key)
    _step(office, run, Step.DESTROYED, _renew_kek)
    if _now(office, run).step is Step.REWRAPPED:
        office.store.database.reclaim([table.name for table in TABLES])
    _step(office, run, Step.REWRAPPED, _note_cleaned)
    _step(office, run, Step.CLEANED, lambda tx, held: _certify(tx, held, office))
    office.wake()
    log.info("the year %s has ended", year)
    return _now(office, run)


def _write(office: Office, work: Callable[[Transaction], Result]) -> Result:
    return office.store.write(office.clock(), work).result()


def _now(office: Office, run: Run) -> Run:
    return _write(office, lambda tx: year_end.held(tx.connection, run.id))


def _step(office: Office, run: Run, after: Step, work: Callable[[Transaction, Run], None]) -> None:
    """Does the work where exactly this step was the last; nobody else can do it meanwhile."""

    def under_lock(transaction: Transaction) -> None:
        held = year_end.held(transaction.connection, run.id)
        if held.step is after:
            work(transaction, held)

    _write(office, under_lock)


def _begin(transaction: Transaction, office: Office, year: int, early: bool) -> Run:
    """From this commit on nobody of the year is written to."""
    not_before = None if early else end_of(office.town().calendar, year)
    connection, now = transaction.connection, transaction.now
    run = year_end.begin(connection, year, now, not_before=not_before, facts=lambda: _key_facts(transaction, year))
    if run.step is Step.BEGUN:
        _end_alerts(transaction, office, run)
        year_end.drop_letters(connection, run, now)
    return run


def _end_alerts(transaction: Transaction, office: Office, run: Run) -> None:
    """Held and running alerts end, and their authors hear of it, where there is another year to write in."""
    for alert in year_end.end_alerts(transaction.connection, run.year, transaction.now):
        outcome = report.ended(alert, office.town())
        letters = outcome.letters if transaction.year != run.year else ()
        transaction.apply(outcome.changes, letters, outcome.audit, None)


def _key_facts(transaction: Transaction, year: int) -> Facts:
    """By what the key can be recognised, read while it is there; it goes also where the KEK cannot open it."""
    keyring, connection = transaction.keyring, transaction.connection
    ids: list[str] = []
    fingerprints: list[str] = []
    kek = None
    try:
        kek = read_kek(keyring.kek_source).id
        ids = list(keyring.read(str(year)).ids)
        fingerprints = [master_fingerprint(each) for each in keyring.secrets(str(year)).masters.values()]
    except KeyTrouble:
        log.error("the key of %s cannot be read; it is destroyed all the same", year)
    made, gone = escrow.copies(connection, year)
    unknown = mending.unknown_since(connection)
    key: Facts = {"ids": ids, "fingerprints": fingerprints, "copies": made, "copies_destroyed": gone}
    key["copies_unknown_since"] = moment(unknown).isoformat(timespec="seconds") if unknown else None
    return {"key": key, "kek": {"source": keyring.kek_source.partition(":")[0], "old": kek, "new": None}}


def _wait_for_workers(office: Office, run: Run) -> None:
    """Until no worker has a copy or letter of the year in its hands; a lease that nobody holds any more runs out."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        if not office.store.read(office.clock(), lambda tx: year_end.unsent(tx.connection, run, tx.now)):
            return
        time.sleep(PAUSE_SECONDS)


def _empty(office: Office, run: Run, tell: Tell) -> None:
    """Deletes the year's rows, some at a time."""
    total = sum(office.store.read(office.clock(), lambda tx: year_end.counts(tx.connection, run.year)).values())
    done = 0
    while gone := _write(office, lambda tx: _sweep(tx, run)):
        done += gone
        tell(min(done, total), total, f"{run.year}")


def _sweep(transaction: Transaction, run: Run) -> int:
    held = year_end.held(transaction.connection, run.id)
    return year_end.sweep(transaction.connection, held, AT_ONCE) if held.step is Step.BEGUN else 0


def _destroy_key(transaction: Transaction, run: Run) -> None:
    """The point of no return. What was written while the rows went goes first: no row outlives its key."""
    run = _swept(transaction, run)
    file = transaction.keyring.file(str(run.year))
    with transaction.keyring.alone():
        destroy_private(file.with_name(file.name + BESIDE))
        destroy_private(file)
    transaction.keyring.forget_gone()
    _advance(transaction, run, Step.DESTROYED, "key_destroyed_at")


def _swept(transaction: Transaction, run: Run) -> Run:
    while year_end.sweep(transaction.connection, run, AT_ONCE):
        run = year_end.held(transaction.connection, run.id)
    return run


def _renew_kek(transaction: Transaction, run: Run) -> None:
    """What lives under a new KEK: then an old copy of the destroyed key's file opens under no KEK that is left."""
    kek = dict(run.facts["kek"])
    try:
        if kek["old"] is not None:
            kek["new"] = rewrapping.renew(transaction.keyring, kek["old"]).new
    except NotRenewable as reason:
        log.warning("the certificate of %s says that the KEK was not replaced: %s", run.year, reason)
    year_end.advance(transaction.connection, run, Step.REWRAPPED, kek=kek)


def _note_cleaned(transaction: Transaction, run: Run) -> None:
    entries = audit.last_number(transaction.connection)
    _advance(transaction, run, Step.CLEANED, "cleaned_at", audit_entries=entries)


def _certify(transaction: Transaction, run: Run, office: Office) -> None:
    if run.year not in transaction.keyring.years():  # another node was in the middle of a row when the key went
        run = _swept(transaction, run)
    ready_years(transaction, office.settings)  # after an early end the same year begins anew
    paper = certificate.signed(run, office)
    file = certificate.keep(paper, run.year, office.settings)
    detail = {**certificate.summary(run), "certificate": certificate.digest(paper)}
    letters = year_letters.destroyed(office.town(), run.year, paper)
    event = AuditEvent(event="year:destroyed", detail=detail)
    transaction.apply((), letters, [event], None)
    year_end.advance(transaction.connection, run, Step.DONE)
    log.info("the certificate of %s is %s", run.year, file.name)


def _advance(transaction: Transaction, run: Run, step: Step, moment: str, **facts: object) -> None:
    at: datetime = transaction.now
    year_end.advance(transaction.connection, run, step, **{moment: at.isoformat(timespec="seconds")}, **facts)
