"""Several smarthosts as one next hop: one after the other, or each connection beginning with another."""

import time
from collections.abc import Callable, Sequence

from gateway.relay.feed import Listed
from gateway.relay.handover import Copy, Feed, Handover, NextHop, Unreachable

AVOIDED_SECONDS = 60.0  # a hop that could not be reached is not asked again before


class Several:
    """A NextHop over others, in their order."""

    def __init__(self, hops: Sequence[NextHop], clock: Callable[[], float] = time.monotonic) -> None:
        self._hops = hops
        self._clock = clock
        self._avoided = [float("-inf")] * len(hops)

    async def carry(self, feed: Feed) -> bool:
        """See NextHop. Raises the last hop's trouble when none can be reached."""
        trouble: Unreachable | None = None
        for place in self._order():
            try:
                if await self._hops[place].carry(feed):
                    return True
            except Unreachable as error:
                trouble = error
            self._avoided[place] = self._clock() + AVOIDED_SECONDS
        if trouble is not None:
            raise trouble
        return False

    async def send(self, copies: Sequence[Copy]) -> list[Handover]:
        """See NextHop."""
        feed = Listed(copies)
        await self.carry(feed)
        return feed.handovers

    async def close(self) -> None:
        """See NextHop."""
        for hop in self._hops:
            await hop.close()

    def _order(self) -> list[int]:
        """The hops that are not avoided, and then the others: better a doubtful one than none."""
        now = self._clock()
        places = range(len(self._hops))
        return sorted(places, key=lambda place: self._avoided[place] > now)
