"""Years that open, and what need not be remembered any longer."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta

from gateway.administration.office import Office
from handlers.town import Calendar
from storage.store import Transaction

INTERVAL_SECONDS = 600.0
AFTER_MIDNIGHT_SECONDS = 0.1  # timers may be early


class Years:
    """3.9  Sees to it that every open year has its key; forgets what is over."""

    name = "years"
    hears = False

    def __init__(self, office: Office, ready_years: Callable[[Transaction], None]) -> None:
        self._office = office
        self._ready_years = ready_years

    async def turn(self) -> float:
        office = self._office
        await asyncio.wrap_future(office.store.write(office.clock(), self._ready_years))
        await asyncio.to_thread(office.store.tidy, office.clock())
        return pause(office.town().calendar, office.clock())


def pause(calendar: Calendar, now: datetime) -> float:
    """The seconds until the next round: a year opens at midnight, and its key is needed from then on."""
    midnight = datetime.combine(calendar.today(now) + timedelta(days=1), time(), calendar.timezone)
    return min(INTERVAL_SECONDS, (midnight - now).total_seconds() + AFTER_MIDNIGHT_SECONDS)
