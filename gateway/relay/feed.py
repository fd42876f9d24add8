"""Two feeds of copies: given ones, and so many of another feed's."""

from collections import deque
from collections.abc import Sequence

from gateway.relay.handover import NOT_TRIED, Copy, Feed, Handover


class Listed:
    """A feed of given copies, for whoever wants the answers in order."""

    def __init__(self, copies: Sequence[Copy]) -> None:
        self.handovers = [NOT_TRIED] * len(copies)
        self._places = {id(copy): place for place, copy in enumerate(copies)}
        self._copies = deque(copies)

    def take(self) -> Copy | None:
        return self._copies.popleft() if self._copies else None

    def put_back(self, copy: Copy) -> None:
        self._copies.appendleft(copy)

    def done(self, copy: Copy, handover: Handover) -> None:
        self.handovers[self._places[id(copy)]] = handover


class Allotment:
    """At most so many copies of another feed: what one connection may carry."""

    def __init__(self, feed: Feed, most: int) -> None:
        self._feed = feed
        self.left = most

    def take(self) -> Copy | None:
        if self.left <= 0:
            return None
        copy = self._feed.take()
        self.left -= copy is not None
        return copy

    def put_back(self, copy: Copy) -> None:
        self.left += 1
        self._feed.put_back(copy)

    def done(self, copy: Copy, handover: Handover) -> None:
        self._feed.done(copy, handover)
