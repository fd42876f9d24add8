"""Ends the years that are over: before anything is served, and while it is (protocol 3.10)."""

import logging
from dataclasses import dataclass
from datetime import date

from gateway.administration.office import Office
from gateway.open_years import promised, ready_years
from gateway.year_end.due import absence, doubtful, due_years, note_seen, too_soon
from gateway.year_end.ending import end_year
from storage import year_end
from storage.engine import StorageTrouble
from storage.records import AuditEvent
from storage.store import Transaction
from storage.year_end import Step

log = logging.getLogger("mimamori.years")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one moment shows: the years that are over, and why the clock that says so may not be believed."""

    due: tuple[int, ...]
    doubt: str = ""


def at_start(office: Office) -> None:
    """Ends what is over and makes the open years ready. Raises StorageTrouble where the clock cannot be believed."""
    seen = _look(office)
    if seen.doubt:
        raise StorageTrouble(seen.doubt)
    for year in seen.due:
        try:
            end_year(office, year)
        except Exception as error:
            if not _destroyed(office, year):
                raise
            log.error("the end of %s is not complete: %s; it goes on while serving", year, type(error).__name__)


def while_serving(office: Office, told: set[int]) -> None:
    """The same for a running gateway, which goes on in any case; a doubt is audited once, as `told` remembers."""
    seen = _look(office)
    if not seen.doubt:
        for year in seen.due:
            end_year(office, year)
        return
    log.error("%s", seen.doubt)
    if not told.issuperset(seen.due):
        told.update(seen.due)
        event = AuditEvent(event="year:doubted", detail={"years": list(seen.due)})
        office.store.write(office.clock(), lambda tx: tx.apply((), (), [event], None)).result()


def _look(office: Office) -> Look:
    """All at one moment, since the clock may leap between two; unless in doubt the open years are ready after it."""

    def work(transaction: Transaction) -> Look:
        due = due_years(transaction, office.town().calendar)
        if due and doubtful(transaction):
            return Look(due=due, doubt=_doubt(due[0], absence(transaction).days))
        for year in due:
            if too_soon(transaction, office.town().calendar, year):
                return Look(due=due, doubt=_changed(year, promised(transaction, year)))
        note_seen(transaction)
        ready_years(transaction, office.settings)
        return Look(due=due)

    return office.store.write(office.clock(), work).result()


def _doubt(year: int, days: int) -> str:
    return (
        f"by this clock {year} is over and the gateway was away for {days} days; set the clock right, "
        f"or, if it is right, run: mimamori year end --year {year} --the-clock-is-right"
    )


def _changed(year: int, told: date | None) -> str:
    return (
        f"by [retention] year_ends {year} is over, and residents were told {told}; put year_ends back, "
        f"or, to destroy the year now, run: mimamori year end --year {year} --before-its-date"
    )


def _destroyed(office: Office, year: int) -> bool:
    """Whether at least rows and key of the year are gone."""
    runs = office.store.read(office.clock(), lambda tx: year_end.runs(tx.connection))
    return any(run.year == year and run.step not in (Step.BEGUN, Step.DONE) for run in runs)
