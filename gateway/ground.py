"""Database and keys as the configuration names them, opened and made ready. Every command stands on this."""

from gateway.clock import Clock, system_clock
from gateway.settings import Settings
from storage import memory, subscriptions, years
from storage.engine import StorageTrouble, open_database
from storage.keyring import Keyring
from storage.records import AuditEvent
from storage.store import Store, Transaction


def open_store(settings: Settings, *, read_only: bool = False) -> Store:
    """The configured database and keys. Raises StorageTrouble or KeyTrouble with the remedy."""
    keyring = Keyring(settings.keys.directory, settings.keys.kek)
    database = open_database(settings.storage.url, read_only)
    return Store(database, keyring, settings.town.calendar.year)


def prepare(store: Store, settings: Settings, clock: Clock = system_clock) -> None:
    """Schema, leases, keys of the open years, and districts that registrants still have. Raises with the remedy."""
    store.prepare()
    store.write(clock(), lambda transaction: ready_years(transaction, settings)).result()
    terms = settings.town.terms
    store.write(
        clock(),
        lambda tx: memory.keep_wording(tx.connection, terms.version, terms.digest, terms.text, tx.now),
    ).result()
    codes = [district.code for district in settings.town.districts]
    lost = store.read(clock(), lambda tx: subscriptions.strangers(tx.connection, tx.keyring, codes))
    if lost:
        raise StorageTrouble(
            f"{lost} registrations name a district that the configuration no longer has; "
            "put it back into the configuration, or run `mimamori districts merge ITS-CODE ANOTHER`"
        )


def ready_years(transaction: Transaction, settings: Settings) -> None:
    """3.9  The key of every open year, minted and audited where it is new."""
    open_years = settings.town.calendar.open_years(transaction.now)
    minted = years.open_keys(transaction.connection, transaction.keyring, open_years)
    events = [AuditEvent(event="key:minted", detail={"year": year}) for year in minted]
    transaction.apply((), (), events, None)
