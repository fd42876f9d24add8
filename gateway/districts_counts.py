"""How many registrations name each district, read beside a running server and never exactly (protocol 5.6).

Under five is 「5未満」; what is more is rounded down to fives, so that two lists do not show who came or went.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from gateway.ground import open_store
from gateway.settings import Settings
from storage import subscriptions
from storage.engine import StorageTrouble
from storage.store import Transaction
from storage.tables import audience

Answer = TypeVar("Answer")
STEP = 5


def of_districts(settings: Settings, codes: Iterable[str]) -> dict[str, int] | None:
    """The registrations of each code; None where there is no register yet."""
    wanted = list(codes)
    return _asked(settings, lambda tx: subscriptions.district_counts(tx.connection, tx.keyring, wanted))


def of_others(settings: Settings, codes: Iterable[str]) -> int:
    """How many registrations name a district that is none of these."""
    wanted = list(codes)
    return _asked(settings, lambda tx: subscriptions.strangers(tx.connection, tx.keyring, wanted)) or 0


def _asked(settings: Settings, question: Callable[[Transaction], Answer]) -> Answer | None:
    """The answer of the register; None where there is none yet."""
    url = make_url(settings.storage.url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return None

    def work(transaction: Transaction) -> Answer | None:
        return question(transaction) if inspect(transaction.connection).has_table(audience.name) else None

    try:
        store = open_store(settings, read_only=True)
        try:
            return store.read(datetime.now(UTC), work)
        finally:
            store.close()
    except SQLAlchemyError as error:  # its text can hold the address and the user of a database
        raise StorageTrouble(
            f"the database cannot be read ({type(error).__name__}); check [storage] url, and that the database runs"
        ) from None


def grouped(count: int) -> tuple[int, int]:
    """From how many to how many it may be."""
    least = count // STEP * STEP
    return least, least + STEP - 1


def shown(count: int) -> str:
    """For people."""
    least, _ = grouped(count)
    return f"{least} 以上" if least else f"{STEP}未満"
