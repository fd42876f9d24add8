"""Fills a configured database with made-up subscribers, to try things out at size: `make seed CONFIG=path N=n`.

The rows are sealed, indexed and counted by storage's own functions, in batches; nobody of them exists, and no letter
is sent. A running server holds the lock of a SQLite database, and then nothing is written.
"""

import argparse
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from sqlalchemy import func, select

from gateway import hardening
from gateway.config import load
from gateway.ground import open_store, prepare
from gateway.settings import Settings
from gateway.trouble import explained
from storage import subscriptions
from storage.keyring import YearKey
from storage.records import Address, AuditEvent, Consent
from storage.store import Store, Transaction
from storage.tables import subscription

BATCH = 5_000  # rows of a transaction
LINE = 100_000  # rows, after which a line is printed where there is no terminal
FAMILIES = 1_000  # domains that the residents spread over
HOW_MANY, OF_A_HUNDRED = (1, 2, 3), (60, 32, 8)  # districts of a resident, and how often

Districts = frozenset[str]
Resident = tuple[int, Districts]
Show = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeder:
    """Writes residents of one fiscal year into one store."""

    store: Store
    consent: Consent
    year: int
    now: datetime

    def first_number(self) -> int:
        """A number from which no resident was seeded yet: nobody's is above the number of the row."""
        newest = self.store.read(self.now, lambda tx: tx.connection.scalar(select(func.max(subscription.c.id))))
        return (newest or 0) + 1

    def seed(self, residents: Iterator[Resident], show: Show) -> int:
        """Writes them all, batch by batch, and one audit event; returns how many."""
        groups: dict[Districts, int] = {}
        done = 0
        try:
            while batch := list(islice(residents, BATCH)):
                groups |= self._write(batch, groups)
                done += len(batch)
                show(done)
        finally:
            if done:
                self._audit(done)
        return done

    def _write(self, batch: Sequence[Resident], groups: Mapping[Districts, int]) -> dict[Districts, int]:
        """The numbers of the batch's audiences, once it is committed: a transaction may be done twice."""
        key = self.store.keyring.year(self.year)
        consent = subscriptions._consent(self.consent)
        rows = [sealed(key, number, districts, consent) for number, districts in batch]
        counts = Counter(districts for _, districts in batch)

        def work(transaction: Transaction) -> dict[Districts, int]:
            connection = transaction.connection
            found: dict[Districts, int] = {}
            for districts in sorted(counts, key=sorted):  # in one order, so that two writers never wait for each other
                group = groups.get(districts) or subscriptions.audience_of(connection, key, districts)
                subscriptions.count_audience(connection, group, counts[districts])
                found[districts] = group
            pairs = zip(batch, rows, strict=True)
            values = [row | {"audience_id": found[districts]} for (_, districts), row in pairs]
            connection.execute(subscription.insert(), values)
            return found

        return self.store.write(self.now, work).result()

    def _audit(self, count: int) -> None:
        event = AuditEvent(event="subscribe:seeded", detail={"count": count})
        self.store.write(self.now, lambda transaction: transaction.apply((), (), [event], None)).result()


def sealed(key: YearKey, number: int, districts: Districts, consent: bytes) -> dict[str, object]:
    """A resident's row as `subscriptions.save` would write it, without its audience."""
    uuid = secrets.token_bytes(16)
    text = address(number).canonical
    return {
        "uuid": uuid,
        "year": key.year,
        "state": "active",
        "address_index": key.blind("address", text),
        "address": key.seal(subscriptions.place("address", uuid), text.encode()),
        "districts": key.seal(subscriptions.place("districts", uuid), subscriptions._codes(districts)),
        "consent": key.seal(subscriptions.place("consent", uuid), consent),
        "pseudonym": subscriptions.new_pseudonym(),
    }


def address(number: int) -> Address:
    """Where the resident of this number would be reached."""
    return Address(f"resident-{number:06d}@family-{number * 17 % FAMILIES}.example")


def residents(first: int, number: int, codes: Sequence[str], chance: random.Random) -> Iterator[Resident]:
    """So many residents, each with one to three of the districts."""
    most = len(codes)
    for each in range(first, first + number):
        wanted = chance.choices(HOW_MANY, OF_A_HUNDRED)[0]
        yield each, frozenset(chance.sample(codes, min(wanted, most)))


def seed(settings: Settings, number: int, codes: Sequence[str], chance: random.Random, show: Show) -> int:
    """Seeds the configured database; returns how many were written. Raises with the remedy where it is in use."""
    now = datetime.now(UTC)
    store = open_store(settings)
    try:
        prepare(store, settings)
        terms = settings.town.terms
        seeder = Seeder(
            store=store,
            consent=Consent(version=terms.version, digest=terms.digest, at=now, way="reply"),
            year=settings.town.calendar.year(now),
            now=now,
        )
        return seeder.seed(residents(seeder.first_number(), number, codes, chance), show)
    finally:
        store.close()


@contextmanager
def progress(total: int) -> Iterator[Show]:
    """A bar on a terminal, a line now and then elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done: print(f"{done} / {total}", flush=True) if done % LINE == 0 and done < total else None
        return
    with Progress(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    known = [district.code for district in settings.town.districts]
    codes = arguments.districts.split(",") if arguments.districts else known
    if unknown := sorted(set(codes) - set(known)):
        print(f"seed: no such district: {', '.join(unknown)}; known are {', '.join(known)}", file=sys.stderr)
        return 2
    begun = time.perf_counter()
    with progress(arguments.number) as show:
        count = seed(settings, arguments.number, codes, random.Random(arguments.seed), show)
    seconds = time.perf_counter() - begun
    print(f"{count} subscribers in {seconds:.1f} s ({count / seconds:,.0f} per second)")
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="seed", description="Made-up subscribers for a configured database.")
    parser.add_argument("--config", type=Path, required=True, metavar="PATH", help="the settings (config.toml)")
    parser.add_argument("--number", type=int, required=True, metavar="N", help="how many")
    parser.add_argument("--districts", metavar="CODE,CODE", help="only these (default: all)")
    parser.add_argument("--seed", type=int, metavar="INT", help="for the same districts every time")
    arguments = parser.parse_args(argv)
    if arguments.number < 1:
        parser.error("--number: at least 1")
    hardening.protect()
    return explained(lambda: run(arguments))


if __name__ == "__main__":
    sys.exit(main())
