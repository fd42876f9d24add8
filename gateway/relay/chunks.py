"""One claimed chunk on its way through: which rows are next, which are under way, what became of them.

It sends nothing. Rows are handed over in their order; answers come in any order, and each counts when it is saved.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from gateway.relay.pipe import Outcome
from storage import fanout
from storage.clock import micros, moment
from storage.fanout import Claimed
from storage.parcels import Recipient
from storage.store import Transaction

READ_AHEAD = 600  # rows: a chunk as a rule
TOGETHER = timedelta(seconds=0.5)  # rows that fall due within this time are taken up together
FRESH = timedelta(seconds=1)  # who left or moved longer ago than this is seen

Delay = Callable[[int], timedelta]


class ChunkRun:
    """First every row of the chunk in order, then the deferred ones that are due."""

    def __init__(self, number: int, claimed: Claimed) -> None:
        self.number = number
        self.claimed = claimed
        self.lost = False  # somebody else has it: nothing of it is saved any more
        self.leaving = False  # nothing of it is begun any more
        self.halted = False  # and every worker knows it
        self._ahead = claimed.ahead  # up to where copies may have gone out that nobody heard of
        self._reached = claimed.cursor  # where the last row stood that was handed over
        self._tried = claimed.tally.tried()
        self._read_to_the_end = claimed.cursor >= claimed.last
        self._read_at: datetime | None = None
        self._rows: deque[Recipient] = deque()
        self._first: dict[int, Recipient] = {}  # under way for the first time, in their order
        self._again: dict[int, Recipient] = {}
        self._homes: dict[int, int] = {}  # which worker has a row that is under way
        self._loads = Counter[int]()  # how many rows each worker has
        self._untried: list[Recipient] = []  # came back: the chunk goes back to before them
        self._changed = False  # since it was saved
        self._saved_at: datetime | None = None

    @property
    def under_way(self) -> int:
        return len(self._homes)

    def load(self, home: int) -> int:
        """How many rows this worker has."""
        return self._loads[home]

    @property
    def unsent(self) -> int:
        return len(self._rows)

    @property
    def cursor(self) -> int:
        """Every row up to here was tried."""
        open_rows = [*self._untried, *islice(self._first.values(), 1)]
        if open_rows:
            return min(row.position for row in open_rows) - 1
        return self.claimed.last if self._read_to_the_end and not self._rows else self._reached

    def over(self, now: datetime) -> bool:
        """Whether nothing is left to do now."""
        if self.under_way:
            return False
        if self.lost or self.leaving:
            return True
        return self._read_to_the_end and not self._rows and not self.claimed.tally.due(micros(now))

    def wants_rows(self, now: datetime) -> bool:
        """Whether something is to be read."""
        if self._rows or self.lost or self.leaving:
            return False
        return not self._read_to_the_end or (not self._first and bool(self.claimed.tally.due(micros(now))))

    # --- reading --------------------------------------------------------------------------------

    def read(self, transaction: Transaction, most: int = READ_AHEAD) -> "Reading | None":
        """Reads what is wanted now. The run itself does not change before the transaction is committed."""
        claimed, connection, now = self.claimed, transaction.connection, transaction.now
        if not self.wants_rows(now):
            return None
        if self._read_to_the_end:
            return Reading(fanout.deferred(connection, claimed, now, most), now, True)
        key = transaction.keyring.year(claimed.year)
        rows = fanout.recipients(connection, key, claimed, self._reached, most)
        untried = [row for row in rows if row.id not in self._tried]
        return Reading(untried, now, len(rows) < most, rows[-1].position if rows else 0)

    def begin(self, transaction: Transaction, home: int, room: int, *, idle: bool) -> list[Recipient]:
        """Reads the chunk just claimed and announces its first rows, for the worker `home`, in the same transaction:
        nobody waits for another.

        `idle`: nothing else is under way, so no more is read than can go out at once. Where the transaction does not
        commit, the run is thrown away.
        """
        if (reading := self.read(transaction, room if idle else READ_AHEAD)) is None:
            return []
        self.accept(reading)
        rows = self.next(room, transaction.now)
        if rows:
            self.announce(rows, home)
            self.save(transaction, False)
        return rows

    def accept(self, reading: "Reading") -> None:
        """Takes what was read, once its transaction is committed."""
        self._rows.extend(reading.rows)
        if not reading.rows:  # all of them were tried before: the next reading begins behind them
            self._reached = max(self._reached, reading.up_to)
        self._read_at = reading.at
        self._read_to_the_end = self._read_to_the_end or reading.to_the_end

    # --- handing over ---------------------------------------------------------------------------

    def next(self, most: int, now: datetime) -> list[Recipient]:
        """The next rows to hand over; what was read too long ago is read again first."""
        stale = self._read_at is not None and now - self._read_at > FRESH
        if self._rows and (self.lost or self.leaving or stale):
            self._rows.clear()
            self._read_to_the_end = self._reached >= self.claimed.last
        return [self._rows[place] for place in range(min(most, len(self._rows)))]

    def announce(self, rows: Sequence[Recipient], home: int) -> None:
        """These rows, which `next` gave, will be with that worker once this is saved."""
        self._changed = True
        self._loads[home] += len(rows)
        for row in rows:
            self._rows.popleft()
            self._homes[row.id] = home
            if row.id in self._tried:
                self._again[row.id] = row
                self.claimed.tally.announce(row.id)
            else:
                self._first[row.id] = row
                self._tried.add(row.id)
                if row.position <= self.claimed.ahead:
                    self.claimed.tally.suspect(row.id)
                self._reached = row.position

    def accepted(self, copies: Sequence[tuple[int, str]]) -> None:
        """Notes rows whose copies were taken over, with the domains of their recipients."""
        for row, domain in copies:
            if self._taken_back(row) is not None:
                self.claimed.tally.hand(row, domain)

    def record(self, outcome: Outcome, now: datetime, delay: Delay) -> None:
        """Notes what else became of a row. Permanent refusals end; all else is tried again."""
        tally, row = self.claimed.tally, outcome.row
        recipient = self._taken_back(row)
        if recipient is None:
            return
        if outcome.code >= 500:
            tally.fail(row, outcome.code, outcome.domain)
        elif outcome.later >= 0 and not self.leaving:
            tally.await_turn(row, micros(now + timedelta(seconds=outcome.later)))
        elif outcome.tried:
            next_try = micros(now + delay(tally.attempts(row)))
            if outcome.unknown:
                tally.doubt(row, next_try, outcome.domain)
            else:
                tally.defer(row, next_try, outcome.code)
        else:
            self._return(recipient)

    def untried(self, rows: Sequence[Recipient], *, lost: bool = False) -> None:
        """These were announced, and no worker has them; `lost`: one had them, and nobody knows what it did."""
        for row in rows:
            if self._taken_back(row.id) is not None:
                self._return(row, lost=lost)

    def forwarded(self, row: int, home: int) -> Recipient | None:
        """The row that another worker gets, where it is under way."""
        recipient = self._first.get(row) or self._again.get(row)
        if recipient is not None:
            self._loads[self._homes[row]] -= 1
            self._loads[home] += 1
            self._homes[row] = home
        return recipient

    def recall(self, home: int) -> None:
        """Nobody will tell what became of the rows that this worker has."""
        rows = [*self._again.values(), *self._first.values()]
        self.untried([row for row in rows if self._homes[row.id] == home], lost=True)

    def _taken_back(self, row: int) -> Recipient | None:
        """The row, which is under way no more; None where it was not."""
        if (home := self._homes.pop(row, None)) is None:
            return None
        self._loads[home] -= 1
        self._changed = True
        return self._first.pop(row, None) or self._again.pop(row)

    def _return(self, row: Recipient, *, lost: bool = False) -> None:
        self.leaving = True
        if self.claimed.tally.waits(row.id):
            self.claimed.tally.recall(row.id, lost=lost)
            return
        self._untried.append(row)
        if lost:
            self._ahead = max(self._ahead, row.position)

    # --- saving ---------------------------------------------------------------------------------

    def unsaved(self, now: datetime, most: timedelta) -> bool:
        """Whether anything is to be saved: news, or the lease, which is lengthened after that time."""
        return self._changed or self._saved_at is None or now - self._saved_at > most

    def saved(self, at: datetime, runs: bool | None) -> None:
        """What `save` found then is committed."""
        self._changed, self._saved_at = False, at
        self.lost = self.lost or runs is None

    def save(self, transaction: Transaction, over: bool) -> bool | None:
        """Commits cursor and tally, and gives the chunk back where it is `over`; see fanout.progress."""
        connection, claimed, now = transaction.connection, self.claimed, transaction.now
        key = transaction.keyring.year(claimed.year)
        ahead = max(self._ahead, self._reached if self._first else self.cursor)
        runs = fanout.progress(connection, key, claimed, self.cursor, now, ahead=ahead)
        if over and runs is not None:
            fanout.give_back(connection, claimed, self._ready_at(now), now)
        return runs

    def _ready_at(self, now: datetime) -> datetime | None:
        """When the chunk is to be claimed again; None where it is done."""
        if self.leaving:
            return now
        next_try = self.claimed.tally.next_try()
        if next_try is not None:
            return max(moment(next_try), now + TOGETHER)
        return None if self.claimed.complete else now  # 5.7  more readers of the first may come


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows as they were read, without those that were tried before; whether the chunk has no more behind them; where
    the reading ended."""

    rows: Sequence[Recipient]
    at: datetime
    to_the_end: bool
    up_to: int = 0
