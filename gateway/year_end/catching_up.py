"""Ends the years that are over: before anything is served, and while it is (protocol 8.3)."""

import logging

from gateway.administration.office import Office
from gateway.open_years import ready_years
from gateway.year_end.due import absence, doubtful, due_years, note_seen
from gateway.year_end.ending import end_year
from storage import year_end
from storage.engine import StorageTrouble
from storage.records import AuditEvent
from storage.store import Transaction
from storage.year_end import Step

log = logging.getLogger("mimamori.years")


def at_start(office: Office) -> None:
    """Ends what is over and makes the open years ready. Raises StorageTrouble where the clock cannot be believed."""
    if doubt := _doubt(office):
        raise StorageTrouble(doubt)
    _ready(office)
    for year in _due(office):
        try:
            end_year(office, year)
        except Exception as error:
            if not _destroyed(office, year):
                raise
            log.error("the end of %s is not complete: %s; it goes on while serving", year, type(error).__name__)


def while_serving(office: Office, told: set[str]) -> None:
    """The same for a running gateway, which goes on in any case; a doubt is audited once, as `told` remembers."""
    if doubt := _doubt(office):
        log.error("%s", doubt)
        if doubt not in told:
            told.add(doubt)
            event = AuditEvent(event="year:doubted", detail={"years": list(_due(office))})
            office.store.write(office.clock(), lambda tx: tx.apply((), (), [event], None)).result()
        return
    _ready(office)
    for year in _due(office):
        end_year(office, year)


def _due(office: Office) -> tuple[int, ...]:
    return office.store.read(office.clock(), lambda tx: due_years(tx, office.town().calendar))


def _ready(office: Office) -> None:
    def work(transaction: Transaction) -> None:
        note_seen(transaction)
        ready_years(transaction, office.settings)

    office.store.write(office.clock(), work).result()


def _doubt(office: Office) -> str:
    """Why the clock may end no year, with the remedy; empty where it may, or where none is over."""
    years = _due(office)
    if not years or not office.store.read(office.clock(), doubtful):
        return ""
    days = office.store.read(office.clock(), absence).days
    return (
        f"by this clock {years[0]} is over and the gateway was away for {days} days; set the clock right, "
        f"or, if it is right, run: mimamori year end --year {years[0]} --the-clock-is-right"
    )


def _destroyed(office: Office, year: int) -> bool:
    """Whether at least rows and key of the year are gone."""
    runs = office.store.read(office.clock(), lambda tx: year_end.runs(tx.connection))
    return any(run.year == year and run.step not in (Step.BEGUN, Step.DONE) for run in runs)
