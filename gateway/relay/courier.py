"""One connection to the next hop at work: it takes what the queue has, as fast as it may."""

import asyncio
import sys
from collections.abc import Callable

from gateway.relay.feed import Allotment
from gateway.relay.handover import NextHop, Unreachable
from gateway.relay.pace import Pacer
from gateway.relay.queue import Queue
from gateway.relay.retry import Backoff

CLOSED_AT_ONCE = "the smarthost closes each connection before it takes a mail; ask who runs it to let this host in"


class Courier:
    """Carries for ever. `trouble` is told why nothing went, and says whether the others still get through."""

    def __init__(
        self,
        hop: NextHop,
        queue: Queue,
        trouble: Callable[["Courier", str], bool],
        *,
        pacer: Pacer,
        copies: int = 0,
    ) -> None:
        """`copies`: over one connection; 0 for no limit."""
        self._hop = hop
        self._queue = queue
        self._trouble = trouble
        self._pacer = pacer
        self._copies = copies or sys.maxsize
        self._left = self._copies
        self.carrying = False

    async def run(self) -> None:
        backoff = Backoff()
        while True:
            await self._queue.some()
            granted = self._pacer.take(self._left)
            if granted == 0:
                await asyncio.sleep(self._pacer.wait())
                continue
            why = await self._carry(granted)
            if why is None:
                backoff.reset()
            elif self._trouble(self, why):
                await asyncio.sleep(backoff.next().total_seconds())

    async def _carry(self, granted: int) -> str | None:
        """Why nothing went; None where something did."""
        allotment = Allotment(self._queue, granted)
        try:
            self.carrying = await self._hop.carry(allotment)
            return None if self.carrying else CLOSED_AT_ONCE
        except Unreachable as error:
            self.carrying = False
            return str(error)
        except Exception as error:  # whatever it is, the server must hear of it; its text may hold an address
            self.carrying = False
            return f"internal error in the relay worker: {type(error).__name__}"
        finally:
            self._pacer.give_back(allotment.left)
            self._left -= granted - allotment.left
            if self._left <= 0:
                await self._hop.close()
                self._left = self._copies
