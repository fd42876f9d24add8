"""The rows that wait in a worker for a connection, and the reports of what became of them."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from gateway.relay.copies import Copyist, Edition, Spliced
from gateway.relay.handover import BAD_ROW, NOT_TRIED, Copy, Handover
from gateway.relay.pipe import Outcome, Report
from storage.parcels import Recipient

T = TypeVar("T")

log = logging.getLogger("mimamori.relay")
TOGETHER = 25  # outcomes that one report waits for, and for half of all there are: the other half goes out meanwhile
PATIENCE_SECONDS = 0.25  # and how long it waits
AT_A_TIME = 16  # copies: made one by one between other work, each takes half as long again


@dataclass(slots=True)
class Parcel:
    """One row on its way: its copy is made shortly before a connection takes it, and once only."""

    run: int
    edition: Edition
    recipient: Recipient
    copy: Copy | None = field(default=None, repr=False)

    @property
    def domain(self) -> str:
        """Where the copy goes, once it is made."""
        return self.copy.recipient.rpartition("@")[2] if self.copy is not None else ""


class Queue:
    """A feed for any number of connections."""

    def __init__(
        self,
        copyist: Copyist,
        send: Callable[[Report], None],
        elsewhere: Callable[[Parcel], bool] | None = None,
    ) -> None:
        """`elsewhere` takes a parcel whose copy is made, where this queue is not the one for it."""
        self._elsewhere = elsewhere
        self._copyist = copyist
        self._send = send
        self._waiting: deque[Parcel] = deque()
        self._under_way: dict[int, Parcel] = {}  # by the identity of the copy
        self._accepted: dict[int, list[tuple[int, str]]] = {}  # by run: rows and domains
        self._outcomes: list[Outcome] = []  # of all others
        self._told = 0  # how many outcomes the next report has
        self._idle: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, *parcels: Parcel) -> None:
        self._waiting.extend(parcels)
        for _ in parcels:
            self._rouse()

    async def some(self) -> None:
        """Returns when there is something to take. Who came last is called first: few connections for few copies."""
        while not self._waiting:
            idle = asyncio.get_running_loop().create_future()
            self._idle.append(idle)
            await idle

    def _rouse(self) -> None:
        while self._idle:
            if not (idle := self._idle.pop()).done():
                idle.set_result(None)
                return

    # --- as a feed ---

    def take(self) -> Copy | None:
        while self._waiting:
            if self._waiting[0].copy is None:
                self._make_some()
                continue
            parcel = self._waiting.popleft()
            if (copy := parcel.copy) is None or (self._elsewhere is not None and self._elsewhere(parcel)):
                continue
            self._under_way[id(copy)] = parcel
            return copy
        return None

    def put_back(self, copy: Copy) -> None:
        self._waiting.appendleft(self._under_way.pop(id(copy)))
        self._rouse()

    def done(self, copy: Copy, handover: Handover) -> None:
        if handover.accepted:
            self._copyist.handed(copy)
        self.note(self._under_way.pop(id(copy)), handover)

    def _make_some(self) -> None:
        """All are spliced before the first is signed: a signature fills the processor's caches with its own."""
        parcels = [self._waiting.popleft() for _ in range(min(AT_A_TIME, len(self._waiting)))]
        spliced = [(each, found) for each in parcels if (found := self._try(each, partial(self._splice, each)))]
        for parcel, found in spliced:
            signed = found.covered is not None
            parcel.copy = self._try(parcel, partial(self._copyist.signed, found)) if signed else found.copy
        self._waiting.extendleft(parcel for parcel, _ in reversed(spliced) if parcel.copy is not None)

    def _splice(self, parcel: Parcel) -> Spliced:
        if parcel.copy is not None:
            return Spliced(parcel.copy, None)
        return self._copyist.splice(parcel.edition, parcel.recipient)

    def _try(self, parcel: Parcel, work: Callable[[], T]) -> T | None:
        """Where a copy cannot be made, that is the row's outcome."""
        try:
            return work()
        except Exception as error:  # whatever it is, the server must hear of it; its text may hold an address
            log.error(
                "a row cannot be relayed: %s; `mimamori audit verify` and a backup may help", type(error).__name__
            )
            self.note(parcel, BAD_ROW)
            return None

    # --- reports ---

    def give_back(self, run: int | None = None, trouble: str | None = None) -> None:
        """Reports what waits, of one run or all, as untried."""
        waiting, self._waiting = self._waiting, deque()
        for parcel in waiting:
            if run is None or parcel.run == run:
                self.note(parcel, NOT_TRIED)
            else:
                self._waiting.append(parcel)
        self._flush(trouble)

    def note(self, parcel: Parcel, handover: Handover, *, home: int = -1, later: float = -1.0) -> None:
        """One outcome for the next report."""
        row, domain = parcel.recipient.id, parcel.domain
        if handover.accepted:
            self._accepted.setdefault(parcel.run, []).append((row, domain))
        else:
            self._outcomes.append(
                Outcome(parcel.run, row, handover.code, handover.enhanced, handover.unknown, domain, home, later)
            )
        self._told += 1
        enough = self._told >= TOGETHER and self._told >= len(self._waiting)
        if enough or not (self._waiting or self._under_way):
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._flush)

    def _flush(self, trouble: str | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._told or trouble is not None:
            self._send(Report(self._accepted, tuple(self._outcomes), trouble, self._copyist.keeps_counterfoils))
            self._accepted, self._outcomes, self._told = {}, [], 0
