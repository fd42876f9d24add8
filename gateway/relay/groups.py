"""Destination domains with a pace of their own: each group is carried by one worker alone, so its limits hold exactly.

A copy of a group that comes to another worker is sent home; one for which there is no room now has its turn later. So
a slow carrier holds nobody else up.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.relay.copies import Copyist
from gateway.relay.handover import NOT_TRIED
from gateway.relay.pace import Pace, Pacer
from gateway.relay.pipe import Report
from gateway.relay.queue import Parcel, Queue

ROOM = 10  # copies of a group that a worker holds at a time


@dataclass(frozen=True, slots=True)
class Group:
    """What is carried here."""

    pace: Pace
    pacer: Pacer
    queue: Queue


class Groups:
    """All groups, as this worker sees them."""

    def __init__(
        self, paces: tuple[Pace, ...], number: int, workers: int, copyist: Copyist, send: Callable[[Report], None]
    ) -> None:
        self._paces = paces
        self._number = number
        self._workers = workers
        self.here = {
            place: Group(pace, Pacer(pace.rate), Queue(copyist, send))
            for place, pace in enumerate(paces)
            if place % workers == number
        }

    def take(self, parcel: Parcel, queue: Queue) -> bool:
        """Whether the parcel, which came to that queue, belongs to a group; then it is seen to."""
        domain = parcel.domain
        for place, pace in enumerate(self._paces):
            if pace.covers(domain):
                self._see_to(place, parcel, queue)
                return True
        return False

    def _see_to(self, place: int, parcel: Parcel, queue: Queue) -> None:
        group = self.here.get(place)
        if group is None:
            queue.note(parcel, NOT_TRIED, home=place % self._workers)
        elif len(group.queue) >= ROOM:
            queue.note(parcel, NOT_TRIED, later=group.pacer.later())
        else:
            group.queue.put(parcel)
