"""One connection to the next hop at work: it takes what the queue has, as long as the hop can be reached."""

import asyncio
from collections.abc import Callable

from gateway.relay.handover import NextHop, Unreachable
from gateway.relay.queue import Queue
from gateway.relay.retry import Backoff

CLOSED_AT_ONCE = "the smarthost closes each connection before it takes a mail; ask who runs it to let this host in"


class Courier:
    """Carries for ever. `trouble` is told why nothing went, and says whether the others still get through."""

    def __init__(self, hop: NextHop, queue: Queue, trouble: Callable[["Courier", str], bool]) -> None:
        self._hop = hop
        self._queue = queue
        self._trouble = trouble
        self.carrying = False

    async def run(self) -> None:
        backoff = Backoff()
        while True:
            await self._queue.some()
            why = await self._carry()
            if why is None:
                backoff.reset()
            elif self._trouble(self, why):
                await asyncio.sleep(backoff.next().total_seconds())

    async def _carry(self) -> str | None:
        """Why nothing went; None where something did."""
        try:
            self.carrying = await self._hop.carry(self._queue)
            return None if self.carrying else CLOSED_AT_ONCE
        except Unreachable as error:
            self.carrying = False
            return str(error)
        except Exception as error:  # whatever it is, the server must hear of it; its text may hold an address
            self.carrying = False
            return f"internal error in the relay worker: {type(error).__name__}"
