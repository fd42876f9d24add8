"""The fiscal years that are open: each has its key, and ends when residents were told that it would (protocol 3.9)."""

from datetime import date

from gateway.settings import Settings
from handlers.town import Calendar
from storage import counters, years
from storage.engine import StorageTrouble
from storage.records import AuditEvent
from storage.store import Transaction


def ready_years(transaction: Transaction, settings: Settings) -> None:
    """3.9  The key of every open year, minted and audited where it is new."""
    calendar = settings.town.calendar
    open_years = calendar.open_years(transaction.now)
    for year in open_years:
        _keep_the_promise(transaction, calendar, year)
    made = transaction.now.isoformat(timespec="seconds")
    minted = years.open_keys(transaction.connection, transaction.keyring, open_years, made)
    events = [AuditEvent(event="key:minted", detail={"year": year}) for year in minted]
    transaction.apply((), (), events, None)


def _keep_the_promise(transaction: Transaction, calendar: Calendar, year: int) -> None:
    """A year that is open already may end sooner than was told, and never later. Raises StorageTrouble."""
    name, ends = f"ends {year}", calendar.last_day(year).toordinal()
    promised = counters.value(transaction.connection, name)
    if promised and ends > promised:
        raise StorageTrouble(
            f"residents were told that {year} ends on {date.fromordinal(promised)}; put back [retention] year_ends, "
            "and change it only for a year that has not opened yet"
        )
    if ends != promised:
        counters.save(transaction.connection, name, ends)
