"""The fiscal years that are open: each has its key, and ends when residents were told that it would (protocol 3.9)."""

from datetime import date

from gateway.settings import Settings
from handlers.town import Calendar
from storage import counters, year_end, years
from storage.engine import StorageTrouble
from storage.records import AuditEvent
from storage.store import Transaction
from storage.year_end import Step


def ready_years(transaction: Transaction, settings: Settings) -> None:
    """3.9  The key of every open year, minted and audited where it is new."""
    calendar = settings.town.calendar
    going = {run.year for run in year_end.runs(transaction.connection) if run.step is Step.BEGUN}  # perhaps half gone
    open_years = tuple(year for year in calendar.open_years(transaction.now) if year not in going)
    for year in open_years:
        _keep_the_promise(transaction, calendar, year)
    made = transaction.now.isoformat(timespec="seconds")
    minted = years.open_keys(transaction.connection, transaction.keyring, open_years, made)
    events = [AuditEvent(event="key:minted", detail={"year": year}) for year in minted]
    transaction.apply((), (), events, None)


def promised(transaction: Transaction, year: int) -> date | None:
    """The last day that residents were told of; None where nobody was told of one."""
    told = counters.value(transaction.connection, _promise(year))
    return date.fromordinal(told) if told else None


def _promise(year: int) -> str:
    return f"ends {year}"


def _keep_the_promise(transaction: Transaction, calendar: Calendar, year: int) -> None:
    """A year that is open already may end sooner than was told, and never later. Raises StorageTrouble."""
    told, ends = promised(transaction, year), calendar.last_day(year)
    if told is not None and ends > told:
        raise StorageTrouble(
            f"residents were told that {year} ends on {told}; put back [retention] year_ends, "
            "and change it only for a year that has not opened yet"
        )
    if ends != told:
        counters.save(transaction.connection, _promise(year), ends.toordinal())
