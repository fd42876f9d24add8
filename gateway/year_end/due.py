"""Which fiscal years are over, and whether the clock that says so is to be believed (protocol 3.10).

A clock that is wrong must not destroy a living year. So the last moment at which the gateway was seen at work is kept,
and a clock that has gone further than LONGEST_ABSENCE since then ends no year without the administrator's word.
"""

from datetime import datetime, time, timedelta

from gateway.open_years import promised
from handlers.town import Calendar
from storage import audit, counters, year_end, years
from storage.clock import micros, moment
from storage.store import Transaction
from storage.year_end import Step

LONGEST_ABSENCE = timedelta(days=184)  # a dead clock battery, a wrong year or a counter's overrun are off by more
SEEN = "clock"  # the counter of the last moment at which the gateway was at work


def due_years(transaction: Transaction, calendar: Calendar) -> tuple[int, ...]:
    """The years that are over and not yet destroyed, and those whose destruction has begun; oldest first."""
    connection, current = transaction.connection, calendar.year(transaction.now)
    begun = {run.year for run in year_end.runs(connection) if run.step is not Step.DONE}
    kept = {*transaction.keyring.years(), *years.with_rows(connection)}
    return tuple(sorted(begun | {year for year in kept if year < current}))


def too_soon(transaction: Transaction, calendar: Calendar, year: int) -> bool:
    """Whether it is over by a setting that was changed behind the day that it names, and not by what was told."""
    told = promised(transaction, year)
    return (
        told is not None
        and calendar.today(transaction.now) <= told
        and year_end.unfinished(transaction.connection, year) is None
    )


def absence(transaction: Transaction) -> timedelta:
    """How long nothing has been seen of the gateway, by this clock; less than nothing where the clock went back."""
    seen = counters.value(transaction.connection, SEEN)
    if seen:
        return transaction.now - moment(seen)
    last = audit.read(transaction.connection, after=audit.last_number(transaction.connection) - 1)
    return transaction.now - last[0].at if last else timedelta(0)


def doubtful(transaction: Transaction) -> bool:
    """Whether this clock may not end a year by itself."""
    return absence(transaction) > LONGEST_ABSENCE


def note_seen(transaction: Transaction) -> None:
    """The clock of this moment is believed."""
    counters.save(transaction.connection, SEEN, micros(transaction.now))


def end_of(calendar: Calendar, year: int) -> datetime:
    """The moment at which the year's last day is over."""
    return datetime.combine(calendar.last_day(year) + timedelta(days=1), time(), calendar.timezone)
