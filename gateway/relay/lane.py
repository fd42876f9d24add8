"""One worker's share of the fan-out: chunks claimed, copies handed over, outcomes committed, all at the same time.

At most WINDOW copies of a worker are under way or unrecorded: after a crash no more than these are sent twice, and none
is lost. A step is one transaction. It records every outcome that has come in, announces the rows that go out next, and
claims and reads what is needed soon; meanwhile the worker is busy with the rows of the step before. Nothing polls.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.relay.chunks import ChunkRun, Reading
from gateway.relay.desk import Desk
from gateway.relay.pipe import Halt, Outcome, Report, Rows
from gateway.relay.retry import Backoff
from gateway.relay.workers import WorkerProcess
from storage import fanout
from storage.parcels import Recipient
from storage.store import Transaction

log = logging.getLogger("mimamori.relay")

WINDOW = 50  # copies
RUNS = 8  # chunks at a time: a stalled copy holds up the end of its own chunk only
IDLE_SECONDS = 5.0  # another node may have left work behind
HOLD_SECONDS = 5.0  # well within fanout.LEASE

AGAIN = timedelta(milliseconds=50)


@dataclass(slots=True)
class Step:
    """What one transaction found: it counts when that is committed."""

    runs: dict[int, bool | None] = field(default_factory=dict)  # as fanout.progress says
    readings: list[tuple[ChunkRun, Reading]] = field(default_factory=list)
    looked: bool = False  # for a chunk to claim
    found: ChunkRun | None = None
    rows: list[Recipient] = field(default_factory=list)  # the first of what was found, announced with it
    due: datetime | None = None  # when there is something to claim, where there is nothing now


class Lane:
    """Works for ever with one worker process."""

    def __init__(
        self,
        desk: Desk,
        workers: Sequence[WorkerProcess],
        number: int,
        ended: Callable[[], None],
        more: Callable[[], None],
    ) -> None:
        """`number`: which of the workers is this lane's. `ended` is called when alerts may be over, and `more` when
        there is more than one chunk at a time to do."""
        self._desk = desk
        self._workers = workers
        self._worker = workers[number]
        self._ended = ended
        self._more = more
        self._runs: list[ChunkRun] = []
        self._number = number  # of its newest run: no two lanes use the same
        self._news = asyncio.Event()
        self._reports: list[Report] = []
        self._announced: list[tuple[ChunkRun, list[Recipient]]] = []  # with the next commit they go out
        self._claim_at: datetime | None = None  # None: nothing to claim before the next wake()
        self._backoff = Backoff()
        self._stopping = False

    @property
    def under_way(self) -> int:
        return sum(run.under_way for run in self._runs)

    def wake(self) -> None:
        """Something new is committed."""
        self._claim_at = self._desk.clock()
        self._news.set()

    def stop(self) -> None:
        """Nothing new is begun; `run` returns when all that is under way is recorded."""
        self._stopping = True
        self._leave()
        self._news.set()

    async def run(self) -> None:
        self.wake()
        while self._runs or not self._stopping:
            try:
                await self._once()
            except Exception as error:  # the database is in trouble: what is known is recorded when it is back
                log.error("relaying is interrupted: %s; trying again", type(error).__name__)
                await asyncio.sleep(self._backoff.next().total_seconds())

    async def _once(self) -> None:
        """One step, and then a rest until there is something for the next."""
        self._news.clear()
        self._record()
        now = self._desk.clock()
        self._plan(now)
        await self._introduce()
        over, claim_at, room = [run for run in self._runs if run.over(now)], self._claim_at, WINDOW - self.under_way
        step = await self._desk.write(lambda tx: self._commit(tx, over, room))
        self._send()
        self._settle(step, over, claim_at)
        await self._introduce()
        self._send()
        if not self._busy(self._desk.clock()) and (self._runs or not self._stopping):
            await self._rest()

    # --- before the commit ----------------------------------------------------------------------

    def _record(self) -> None:
        """Notes what the worker has reported so far."""
        reports, self._reports = self._reports, []
        runs = {run.number: run for run in self._runs}
        now = self._desk.clock()
        for report in reports:
            for outcome in report.outcomes:
                if (run := runs.get(outcome.run)) is not None:
                    self._note(run, outcome, now)
            if report.trouble is not None:
                self._hold_off(report.trouble)

    def _note(self, run: ChunkRun, outcome: Outcome, now: datetime) -> None:
        if outcome.home >= 0 and not run.leaving and self._workers[outcome.home].alive:
            self._forward(run, outcome)
            return
        run.record(outcome, now, self._desk.delay)
        if outcome.tried:
            self._backoff.reset()

    def _forward(self, run: ChunkRun, outcome: Outcome) -> None:
        """The row's domain is carried by another worker, which has the row from now on."""
        recipient = run.forwarded(outcome.row, outcome.home)
        draft = self._desk.known(run.claimed.alert_id)
        if recipient is not None and draft is not None:
            home = self._workers[outcome.home]
            if not home.knows(draft.alert_id):
                home.learn(draft)
            home.send(Rows(run.number, draft.alert_id, (recipient,)))

    def _hold_off(self, why: str) -> None:
        """The next hop is out of reach: everything goes back, and is claimed again later."""
        log.error("the next hop is out of reach: %s", why)
        self._leave()
        self._claim_at = self._desk.clock() + self._backoff.next()

    def _leave(self) -> None:
        for run in self._runs:
            self._halt(run)

    def _halt(self, run: ChunkRun) -> None:
        run.leaving = True
        for worker in self._workers:
            worker.send(Halt(run.number))

    def _plan(self, now: datetime) -> None:
        """What goes out when this step is committed: the oldest chunk first, as many rows as the window allows."""
        room = WINDOW - self.under_way
        for run in self._runs:
            if rows := run.next(room, now):
                run.announce(rows)
                room -= len(rows)
                self._announced.append((run, rows))

    async def _introduce(self) -> None:
        """Lets the worker know the alerts whose rows will come."""
        for run, _ in self._announced:
            if not self._worker.knows(run.claimed.alert_id):
                self._worker.learn(await self._desk.draft(run.claimed.alert_id))

    # --- the commit -----------------------------------------------------------------------------

    def _commit(self, transaction: Transaction, over: list[ChunkRun], room: int) -> Step:
        step, connection = Step(), transaction.connection
        for run in self._runs:
            if not run.lost:
                step.runs[run.number] = run.save(transaction, run in over)
            if run not in over and (reading := run.read(transaction)) is not None:
                step.readings.append((run, reading))
        soon = sum(len(reading.rows) for _, reading in step.readings)
        if self._wants_chunk(transaction.now, soon):
            step.looked = True
            if (claimed := fanout.claim(connection, transaction.keyring, transaction.now)) is not None:
                step.found = ChunkRun(self._number + len(self._workers), claimed)
                step.rows = step.found.begin(transaction, room, idle=not self._runs)
                self._desk.render(transaction, claimed.alert_id)
            else:
                step.due = fanout.next_due(connection, transaction.keyring, transaction.now)
        return step

    def _wants_chunk(self, now: datetime, soon: int = 0) -> bool:
        """Whether to look for a chunk; `soon` rows have just been read."""
        if self._stopping or not self._worker.alive or len(self._runs) >= RUNS:
            return False
        due = self._claim_at is not None and self._claim_at <= now
        return due and soon + sum(run.unsent for run in self._runs) < WINDOW

    # --- after the commit -----------------------------------------------------------------------

    def _recall_announced(self) -> None:
        """No worker has been given these."""
        for run, rows in self._announced:
            run.untried(rows)
        self._announced = []

    def _send(self) -> None:
        announced, self._announced = self._announced, []
        for run, rows in announced:
            if run.leaving:
                run.untried(rows)
            else:
                self._worker.send(Rows(run.number, run.claimed.alert_id, tuple(rows)))

    def _settle(self, step: Step, over: list[ChunkRun], claim_at: datetime | None) -> None:
        for run in self._runs:
            runs = step.runs.get(run.number)
            run.lost = run.lost or runs is None
            if not runs and run not in over and not run.leaving:
                self._halt(run)
        self._runs = [run for run in self._runs if run not in over]
        for run, reading in step.readings:
            run.accept(reading)
        if step.found is not None:
            step.found.leaving = self._stopping
            self._number = step.found.number
            self._runs.append(step.found)
            if step.rows:
                self._announced.append((step.found, step.rows))
            if not self._worker.alive:  # it has ended during the commit
                self._recall_announced()
            if len(self._runs) > 1:
                self._more()
        elif step.looked and self._claim_at is claim_at:  # else somebody has called meanwhile
            soonest = self._desk.clock() + AGAIN
            self._claim_at = max(step.due, soonest) if step.due is not None else None
        if any(not run.leaving for run in over):
            self._claim_at = self._desk.clock()  # 5.7  a follow-up may have waited for this chunk
        elif over or (step.looked and step.found is None):
            self._ended()

    # --- between steps --------------------------------------------------------------------------

    def _busy(self, now: datetime) -> bool:
        """Whether the next step has something to do at once."""
        room = self.under_way < WINDOW
        wanted = any(run.over(now) or run.wants_rows(now) or (room and run.unsent) for run in self._runs)
        return wanted or bool(self._reports) or self._wants_chunk(now)

    async def _rest(self) -> None:
        """Until the worker or a commit has news, or it is time to look again."""
        waits: list[float | None] = []
        if self._claim_at is not None and self._claim_at > self._desk.clock() and not self._stopping:
            waits.append(self._desk.until(self._claim_at))
        if self._runs:
            waits.append(HOLD_SECONDS)
        elif self._desk.shared:
            waits.append(IDLE_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(min((each for each in waits if each is not None), default=None)):
                await self._news.wait()

    def hear(self, report: Report) -> None:
        """What a worker says; it may be about the runs of another lane."""
        self._reports.append(report)
        self._news.set()

    def gone(self, number: int) -> None:
        """A worker process ended; what it was sending may or may not have gone out."""
        self._record()
        for run in self._runs:
            run.recall(None if number == self._worker.number else number)
        if number == self._worker.number:
            self._announced = []
            self._claim_at = self._desk.clock() + AGAIN
        self._news.set()
