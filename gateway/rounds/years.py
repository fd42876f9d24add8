"""Years that end and years that open, and what need not be remembered any longer (protocol 3.9, 3.10)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta

from gateway.administration.office import Office
from gateway.year_end import catching_up
from handlers.town import Calendar

INTERVAL_SECONDS = 600.0
AFTER_MIDNIGHT_SECONDS = 0.1  # timers may be early


class Years:
    """3.9  Ends the years that are over, sees to it that every open one has its key, and forgets what is over."""

    name = "years"
    hears = False

    def __init__(self, office: Office, ended: Callable[[], None]) -> None:
        self._office = office
        self._ended = ended
        self._told: set[int] = set()  # doubts about the clock

    async def turn(self) -> float:
        office = self._office
        await asyncio.to_thread(catching_up.while_serving, office, self._told)
        await asyncio.to_thread(self._ended)
        await asyncio.to_thread(office.store.tidy, office.clock())
        return pause(office.town().calendar, office.clock())


def pause(calendar: Calendar, now: datetime) -> float:
    """The seconds until the next round: a year opens at midnight, and its key is needed from then on."""
    midnight = datetime.combine(calendar.today(now) + timedelta(days=1), time(), calendar.timezone)
    return min(INTERVAL_SECONDS, (midnight - now).total_seconds() + AFTER_MIDNIGHT_SECONDS)
