"""Residents who are registered already when a gateway starts: written by storage itself, since mail takes a while."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from gateway.config import load
from gateway.ground import open_store, prepare
from storage.records import Address, Consent, SaveSubscription


def register(config: Path, residents: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Writes them for the year of now; no server may be running."""
    settings, now = load(config), datetime.now(UTC)
    year = settings.town.calendar.year(now)
    consent = Consent(version="1", digest="0" * 64, at=now, way="reply")
    changes = [
        SaveSubscription(year=year, address=Address(address), districts=frozenset(districts), consent=consent)
        for address, districts in residents
    ]
    store = open_store(settings)
    try:
        prepare(store, settings)
        store.write(now, lambda transaction: transaction.apply(changes, (), (), None)).result()
    finally:
        store.close()
