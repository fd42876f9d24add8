"""What happens by the clock: keys of years that open, forgetting, and the letters of renewal."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, time, timedelta

from gateway.clock import Clock
from handlers import renewal
from handlers.town import Calendar, Town
from storage import counters, subscriptions
from storage.records import AuditEvent
from storage.store import Store, Transaction

log = logging.getLogger("mimamori.scheduler")
INTERVAL_SECONDS = 600.0
AFTER_MIDNIGHT_SECONDS = 0.1  # timers may be early
RENEWALS_AT_ONCE = 50
RENEWAL_PAUSE_SECONDS = 1.0  # the outbox has other letters, too


class Scheduler:
    """Runs its round now and then until it is stopped."""

    def __init__(
        self,
        store: Store,
        town: Town,
        ready_years: Callable[[Transaction], None],
        wake: Callable[[], None],
        clock: Clock,
    ) -> None:
        self._town = town
        self._wake = wake
        self._store = store
        self._ready_years = ready_years
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _renew(self) -> None:
        """3.9  Asks residents of the ending year, some at a time, whether to go on; once each, restarts included."""
        while renewal.due(self._town, self._clock()):
            if not await asyncio.wrap_future(self._store.write(self._clock(), self._renew_some)):
                return
            self._wake()
            await asyncio.sleep(RENEWAL_PAUSE_SECONDS)

    def _renew_some(self, transaction: Transaction) -> bool:
        """One step, committed with how far it went; False when all were asked."""
        connection, keyring = transaction.connection, transaction.keyring
        name = f"renewal {transaction.year}"
        rows = subscriptions.after(
            connection, keyring, transaction.year, counters.value(connection, name), RENEWALS_AT_ONCE
        )
        letters = [
            renewal.letter(each, self._town)
            for _, each in rows
            if len(transaction.subscriptions(each.address)) == 1  # who is in the next year already is not asked
        ]
        if rows:
            counters.save(connection, name, rows[-1][0])
            event = AuditEvent(event="renewal:sent", detail={"letters": len(letters), "year": transaction.year})
            transaction.apply((), letters, (event,), None)
        return bool(rows)

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.wrap_future(self._store.write(self._clock(), self._ready_years))
                await asyncio.to_thread(self._store.tidy, self._clock())
                await self._renew()
            except Exception as error:
                log.error("the round failed: %s; it is done again", type(error).__name__)
            await asyncio.sleep(pause(self._town.calendar, self._clock()))


def pause(calendar: Calendar, now: datetime) -> float:
    """The seconds until the next round: a year opens at midnight, and its key is needed from then on."""
    midnight = datetime.combine(calendar.today(now) + timedelta(days=1), time(), calendar.timezone)
    return min(INTERVAL_SECONDS, (midnight - now).total_seconds() + AFTER_MIDNIGHT_SECONDS)
