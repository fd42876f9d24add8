"""The worker processes together: the first is always there, the others while there is enough for them to do."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from gateway.relay.workers import WorkerProcess

log = logging.getLogger("mimamori.relay")
REST_SECONDS = 60.0  # after the last alert; another one often follows


class Crew:
    """Calls the others in, and sends them home when nothing was relayed for a while."""

    def __init__(self, workers: Sequence[WorkerProcess], busy: Callable[[], bool], *, always: bool) -> None:
        """`busy` tells whether any of the others has something to do; `always`: they are never sent home."""
        self._first, self._others = workers[0], workers[1:]
        self._busy = busy
        self._always = always
        self._calling: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._leaving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self._first.start()
        if self._always:
            await self._start_others()

    async def stop(self) -> None:
        """When nothing is under way any more."""
        self._stay()
        for task in (self._calling, self._leaving):
            if task is not None:
                await asyncio.gather(task, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in (self._first, *self._others)))

    def call(self) -> None:
        """There is more to do than the first can take at once."""
        self._stay()
        if self._calling is None and not all(worker.alive for worker in self._others):
            self._calling = asyncio.create_task(self._start_others())

    def rest(self) -> None:
        """An alert has ended: unless another one comes, the others go home in a while."""
        self._stay()
        if not self._always and self._others:
            self._timer = asyncio.get_running_loop().call_later(REST_SECONDS, self._send_home)

    def _stay(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _send_home(self) -> None:
        if self._busy():
            self.rest()
        else:
            self._leaving = asyncio.create_task(self._stop_others())

    async def _start_others(self) -> None:
        try:
            await asyncio.gather(*(worker.start() for worker in self._others))
        except OSError as error:  # the first goes on alone
            log.error("relay workers do not start: %s; is there memory, are processes limited?", error.strerror)
        finally:
            self._calling = None

    async def _stop_others(self) -> None:
        await asyncio.gather(*(worker.stop() for worker in self._others))
