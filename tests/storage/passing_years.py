"""A register that is lived in, in March, and what its year's end leaves of it. It tests nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.administration.office import Office
from gateway.config import load
from storage import outbox, parcels, requests, year_end
from storage.records import Address, AuditEvent, Quota, RequestKind, SaveAlert
from storage.store import Store, Transaction
from storage.tables import metadata
from storage.year_end import Step
from tests.fakes.configuration import LEAST, TERMS
from tests.storage.samples import HOUR, an_alert, asking, claim, joining, letter, next_rows, person, record, write

MARCH = datetime(2027, 3, 31, 12, tzinfo=UTC)
APRIL = datetime(2027, 4, 1, 1, tzinfo=UTC)
ADMIN = 'admin = "kanri@office.example.jp"\n'
LEAVING, STAYING = range(1, 31), range(21, 41)  # of 2026 and of 2027: ten are of both
CONSENTED = joining(person(0), "tomio").consent


def office_of(store: Store, folder: Path, url: str, now: datetime = APRIL) -> Office:
    """The office over a store whose keys are in `folder`."""
    (folder / "terms.ja.txt").write_text(TERMS, "utf-8")
    named = LEAST.replace('organisation = "見守り市"\n', f'organisation = "見守り市"\n{ADMIN}')
    (folder / "config.toml").write_text(f'{named}\n[storage]\nurl = "{url}"\n', "utf-8")
    return Office(store, load(folder / "config.toml"), lambda: now)


def live(store: Store) -> None:
    """Both years with residents; requests and letters that wait, an alert of which half is handed over."""

    def work(tx: Transaction) -> None:
        for numbers, year in ((LEAVING, 2026), (STAYING, 2027)):
            changes = [joining(person(number), "tomio", f"area-{number % 3}", year=year) for number in numbers]
            tx.apply(changes, (), [AuditEvent(event="subscribe:confirmed", about=person(numbers[0]))], "m-1")
        for number, years in ((50, (2026,)), (51, (2026, 2027))):
            asked = asking(person(number), years=years, expires_at=tx.now + 48 * HOUR)
            tx.apply((), [letter(person(number), request=asked, counted=(Quota("all"),))], (), None)
        requests.mint(tx.connection, tx.keyring, asking(person(52), RequestKind.RENEW, years=(2026, 2027)))
        outbox.put(tx.connection, tx.keyring.year(2027), letter(person(40)), None, tx.now)
        times = {"accepted_at": tx.now, "expires_at": tx.now + 24 * HOUR}
        tx.apply([SaveAlert(alert=an_alert(1, "tomio", **times))], (), (), "m-2")
        held = {"release": "author", "held_until": tx.now + 24 * HOUR, "replay_key": b"\x07" * 32, **times}
        tx.apply([SaveAlert(alert=an_alert(2, "tomio", **held))], (), (), "m-3")

    write(store, work, MARCH)
    chunk = claim(store, MARCH)
    assert chunk is not None
    for row in next_rows(store, chunk)[:15]:
        chunk.tally.hand(row.id)
    record(store, chunk, chunk.first_id + 14 if hasattr(chunk, "first_id") else None, MARCH)


@dataclass(frozen=True)
class Kept:
    """What is there of a year, row by row."""

    rows: Mapping[str, list[tuple[object, ...]]]

    @property
    def tables(self) -> set[str]:
        return {name for name, found in self.rows.items() if found}


def kept(store: Store, year: int) -> Kept:
    """Every row that belongs to the year, by its own column or by that of the row it hangs on."""

    def work(tx: Transaction) -> dict[str, list[tuple[object, ...]]]:
        found: dict[str, list[tuple[object, ...]]] = {}
        for table in metadata.sorted_tables:
            if "year" in table.c and table.name != "year_end":
                query: Any = select(table).where(table.c.year == year)
            elif parents := [key for key in table.foreign_keys if "year" in key.column.table.c]:
                mine = select(parents[0].column).where(parents[0].column.table.c.year == year)
                query = select(table).where(parents[0].parent.in_(mine))
            else:
                continue
            found[table.name] = sorted((tuple(row) for row in tx.connection.execute(query)), key=repr)
        return found

    return Kept(store.read(APRIL, work))


def addressees(store: Store) -> list[Address]:
    """Whom the letters that wait are for."""

    def work(tx: Transaction) -> list[Address]:
        waiting = outbox.claim(tx.connection, tx.keyring, APRIL, 100)
        return [parcels.opened(tx.keyring, each).to for each in waiting]

    return write(store, work, APRIL)


def steps(store: Store) -> list[tuple[int, Step]]:
    return store.read(APRIL, lambda tx: [(run.year, run.step) for run in year_end.runs(tx.connection)])
