"""The days that a report is about, as the town counts them (protocol 8.7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from handlers.town import Calendar

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From the first to the last day, both whole."""

    first: date
    last: date
    calendar: Calendar

    @property
    def begins(self) -> datetime:
        return self._midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return self._midnight(self.last + DAY)

    def months(self) -> Iterator[str]:
        """Each month that has a day in it, as 2026-04."""
        month = self.first.replace(day=1)
        while month <= self.last:
            yield f"{month:%Y-%m}"
            month = (month + 31 * DAY).replace(day=1)

    def month(self, at: datetime) -> str | None:
        """The month of a moment, or None where it is not of the period."""
        day = self.calendar.today(at)
        return f"{day:%Y-%m}" if self.first <= day <= self.last else None

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.calendar.timezone).astimezone(UTC)


def of_year(calendar: Calendar, year: int) -> Period:
    """A whole fiscal year."""
    return Period(first=calendar.last_day(year - 1) + DAY, last=calendar.last_day(year), calendar=calendar)


def between(calendar: Calendar, since: date | None, until: date | None, now: datetime) -> Period:
    """From one day to another; without them from the fiscal year's first, and to today."""
    last = until or calendar.today(now)
    noon = datetime.combine(last, time(12), calendar.timezone)
    return Period(first=since or of_year(calendar, calendar.year(noon)).first, last=last, calendar=calendar)
