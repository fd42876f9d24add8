"""One claimed chunk on its way through: which rows are next, and what became of them. It sends nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from gateway.relay.handover import Handover
from storage import fanout
from storage.clock import micros, moment
from storage.fanout import Claimed, Recipient
from storage.store import Transaction

READ_AHEAD = 500  # rows
FRESH = timedelta(seconds=1)  # who left or moved longer ago than this is seen


class ChunkRun:
    """First every row of the chunk in order, then the deferred ones that are due."""

    def __init__(self, claimed: Claimed, step: int) -> None:
        self._claimed = claimed
        self._cursor = claimed.cursor
        self._step = step
        self._ahead: list[Recipient] = []
        self._read_at: datetime | None = None

    def taken(self, now: datetime) -> list[Recipient]:
        """Rows that were read ahead a moment ago; empty when they have to be read (again)."""
        if self._read_at is None or now - self._read_at > FRESH:
            self._ahead = []
        rows, self._ahead = self._ahead[: self._step], self._ahead[self._step :]
        return rows

    def next_recipients(self, transaction: Transaction) -> list[Recipient]:
        """The next rows to hand over; empty when nothing is due now. Reads the chunk ahead, and promises its rows."""
        claimed, connection = self._claimed, transaction.connection
        if self._cursor < claimed.last:
            key = transaction.keyring.year(claimed.year)
            if rows := fanout.recipients(connection, key, claimed, self._cursor, READ_AHEAD):
                self._ahead, self._read_at = rows, transaction.now
                fanout.promise(connection, claimed, self._promised())
                return self.taken(transaction.now)
            self._cursor = claimed.last
        return fanout.deferred(connection, claimed, transaction.now, self._step)

    def record(
        self,
        recipients: Sequence[Recipient],
        handovers: Sequence[Handover],
        now: datetime,
        delay: Callable[[int], timedelta],
    ) -> None:
        """Notes what became of each row. Permanent refusals end; all else is tried again."""
        tally = self._claimed.tally
        for recipient, handover in zip(recipients, handovers, strict=True):
            if handover.accepted:
                tally.hand(recipient.id)
            elif handover.code >= 500:
                tally.fail(recipient.id, handover.code)
            elif handover.unknown:
                tally.doubt(recipient.id, micros(now + delay(tally.attempts(recipient.id))))
            else:
                tally.defer(recipient.id, micros(now + delay(tally.attempts(recipient.id))), handover.code)
        self._cursor = max(self._cursor, recipients[-1].position)

    def save(self, transaction: Transaction) -> bool:
        """Commits cursor and tally; False where the chunk is not ours any more or its alert has ended."""
        key = transaction.keyring.year(self._claimed.year)
        now, ahead = transaction.now, self._promised()
        return fanout.progress(transaction.connection, key, self._claimed, self._cursor, now, ahead)

    def _promised(self) -> int:
        """Where the cursor will stand after the next step."""
        return max([self._cursor, *(each.position for each in self._ahead[: self._step])])

    def give_back(self, transaction: Transaction) -> None:
        """Ends the work on the chunk: done, or later for what was deferred."""
        self.save(transaction)
        next_try = self._claimed.tally.next_try()
        ready_at = moment(next_try) if next_try is not None else None
        if not self._claimed.complete:  # 5.7  more readers of the first may come
            ready_at = ready_at or transaction.now
        fanout.give_back(transaction.connection, self._claimed, ready_at, transaction.now)

    def leave(self, transaction: Transaction) -> None:
        """Gives the chunk back in the middle, for whoever serves next."""
        fanout.give_back(transaction.connection, self._claimed, transaction.now, transaction.now)

    def lose(self, transaction: Transaction) -> None:
        """The same where a worker is gone, and nobody knows what it has handed over."""
        fanout.give_back(transaction.connection, self._claimed, transaction.now, transaction.now, lost=True)
