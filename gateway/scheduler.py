"""What happens by the clock: keys of years that open, and forgetting what need not be known any longer."""

import asyncio
import logging
from collections.abc import Callable

from gateway.dispatch import Clock
from storage.store import Store, Transaction

log = logging.getLogger("mimamori.scheduler")
INTERVAL_SECONDS = 600.0


class Scheduler:
    """Runs its round now and then until it is stopped."""

    def __init__(self, store: Store, ready_years: Callable[[Transaction], None], clock: Clock) -> None:
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

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.wrap_future(self._store.write(self._clock(), self._ready_years))
                await asyncio.to_thread(self._store.tidy, self._clock())
            except Exception as error:
                log.error("the round failed: %s; it is done again", type(error).__name__)
            await asyncio.sleep(INTERVAL_SECONDS)
