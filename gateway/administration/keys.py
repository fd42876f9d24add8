"""What commands may do with keys: make, put back, rotate, rewrap, copy for a safe (protocol 8, 9 [keys])."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from gateway import config_places
from gateway.administration import rotating
from gateway.administration.office import Office, Refused, Tell
from gateway.administration.rotating import HALF_DONE
from gateway.config_values import UnfitError
from storage import escrow, rewrapping, token_uri, year_end, years
from storage.keyring import Keyring, read_kek, wrap
from storage.private_files import write_private
from storage.records import AuditEvent
from storage.store import Transaction

LEAST_PASSPHRASE = 12  # characters
Result = TypeVar("Result")
Words = Mapping[str, Any]
Answer = dict[str, Any]


def new(office: Office, words: Words, tell: Tell) -> Answer:
    """A key for a year that has none: a fresh one where there are no rows, or the one of a copy from the safe."""
    year: int = words["year"]
    _write(office, lambda tx: _new(tx, office, year, words.get("copy"), words.get("passphrase", "")))
    return {"year": year, "keys": list(office.store.keyring.read(str(year)).ids)}


def _new(transaction: Transaction, office: Office, year: int, copy: str | None, passphrase: str) -> None:
    keyring, connection = transaction.keyring, transaction.connection
    if year in keyring.years():
        raise Refused(f"{year} has a key already; to get another one run: mimamori keys rotate {year}")
    ended = any(run.year == year and not run.early for run in year_end.runs(connection))
    if ended or year < office.town().calendar.year(transaction.now):
        raise Refused(f"{year} is over; its key never comes back")
    if rewrapping.half_done(keyring):
        raise Refused(HALF_DONE)
    if copy is not None:
        found, secrets = escrow.opened(copy, year, passphrase)
        with keyring.alone():
            content = type(found)(found.made, (wrap(secrets, read_kek(keyring.kek_source)),))
            write_private(keyring.file(str(year)), content.render())
        _audit(transaction, "key:put-back", year=year)
        return
    if year in years.with_rows(connection):
        raise Refused(f"{year} has rows, which a new key could not open; put back its key from your safe (--from FILE)")
    keyring.mint(year, transaction.now.isoformat(timespec="seconds"))
    _audit(transaction, "key:minted", year=year)


def rotate(office: Office, words: Words, tell: Tell) -> Answer:
    """Another key for the year, and every row of it sealed anew."""
    return rotating.rotate(office, words["year"], tell)


def rewrap(office: Office, words: Words, tell: Tell) -> Answer:
    """Another KEK: begun where `to` is not the configured one yet, finished or renewed where it is."""
    try:
        target: str = config_places.kek.read(words["to"], office.settings.path.parent)
    except UnfitError as error:
        raise Refused(f"--to: {error}") from None
    keyring = office.store.keyring
    before = read_kek(keyring.kek_source).id
    if target != keyring.kek_source:
        state, after = "both", _beside(keyring, target)
    elif rewrapping.half_done(keyring):
        rewrapping.drop_wraps(keyring)
        state, after = "finished", before
    else:
        state, after = "renewed", rewrapping.renew(keyring, before).new
    _write(office, lambda tx: _audit(tx, "key:rewrapped", kek_old=before, kek_new=after, state=state))
    in_token = target.startswith(token_uri.SCHEME)
    return {"state": state, "old": before, "new": after, "in_token": in_token, "keys": list(keyring.names())}


def _beside(keyring: Keyring, target: str) -> str:
    """Every key under the other KEK as well, which is made where it is in a file or a token and not there yet."""
    kek = rewrapping.found_or_made(target)
    rewrapping.add_wraps(keyring, kek)
    return kek.id


def escrowed(office: Office, words: Words, tell: Tell) -> Answer:
    """A copy of the year's key for a safe; or, with `destroyed`, the word that one is no more."""
    year: int = words["year"]
    if words.get("destroyed"):
        _write(office, lambda tx: _told_destroyed(tx, year))
        return {"year": year}
    if year not in office.store.keyring.years():
        raise Refused(f"{year} has no key; `mimamori keys list` shows those that there are")
    if len(words["passphrase"]) < LEAST_PASSPHRASE:
        raise Refused(f"the passphrase needs at least {LEAST_PASSPHRASE} characters; choose a longer one")
    destroy_by = office.town().calendar.last_day(year).isoformat()
    copy = escrow.sealed(office.store.keyring, year, words["passphrase"], destroy_by)
    _write(office, lambda tx: _told_made(tx, year, destroy_by))
    return {"year": year, "destroy_by": destroy_by, "copy": copy}


def _told_made(transaction: Transaction, year: int, destroy_by: str) -> None:
    escrow.count(transaction.connection, escrow.MADE, year)
    _audit(transaction, escrow.MADE, year=year, destroy_by=destroy_by)


def _told_destroyed(transaction: Transaction, year: int) -> None:
    made, gone = escrow.copies(transaction.connection, year)
    if gone >= made:
        raise Refused(f"no copy of the key of {year} is known that was not told destroyed")
    escrow.count(transaction.connection, escrow.DESTROYED, year)
    _audit(transaction, escrow.DESTROYED, year=year)


def _audit(transaction: Transaction, event: str, **detail: object) -> None:
    transaction.apply((), (), [AuditEvent(event=event, detail=detail)], None)


def _write(office: Office, work: Callable[[Transaction], Result]) -> Result:
    return office.store.write(office.clock(), work).result()
