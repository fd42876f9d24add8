"""Database and keys as the configuration names them, opened and made ready. Every command stands on this."""

from gateway.administration.office import Office
from gateway.clock import Clock, SteadyClock, system_clock
from gateway.open_years import ready_years as ready_years
from gateway.settings import Settings
from gateway.year_end import catching_up
from storage import memory, subscriptions, year_end
from storage.engine import StorageTrouble, open_database
from storage.keyring import Keyring
from storage.store import Store


def open_store(settings: Settings, *, read_only: bool = False) -> Store:
    """The configured database and keys. Raises StorageTrouble or KeyTrouble with the remedy."""
    keyring = Keyring(settings.keys.directory, settings.keys.kek)
    database = open_database(settings.storage.url, read_only)
    return Store(database, keyring, settings.town.calendar.year)


def prepare(store: Store, settings: Settings, clock: Clock = system_clock) -> None:
    """Schema, leases, years that are over, keys of the open years, and districts that registrants still have.

    Raises with the remedy.
    """
    store.prepare()
    clock = SteadyClock(clock)
    keep_time(store, clock)
    catching_up.at_start(Office(store, settings, clock))
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


def keep_time(store: Store, clock: SteadyClock) -> None:
    """3.9  A year that has ended stays ended, whatever becomes of the clock."""
    clock.not_before(store.read(clock(), lambda tx: year_end.latest_end(tx.connection)))
