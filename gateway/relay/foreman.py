"""The fan-out: chunks claimed, rows handed to the workers, outcomes committed, all at the same time.

A worker has no more copies than its allowance: after a crash only these are in doubt, and none is lost. A step is one
transaction for all workers. It records every outcome that has come in, announces the rows that go out next, and claims
and reads what is needed soon; meanwhile the workers are busy with the rows of the step before. Nothing polls.
"""

import asyncio
import logging
from collections.abc import Callable, Container, Sequence
from datetime import datetime, timedelta

from gateway.relay import counterfoils
from gateway.relay.allowance import MOST, WINDOW, Allowance
from gateway.relay.chunks import ChunkRun
from gateway.relay.desk import Desk
from gateway.relay.inbox import Inbox
from gateway.relay.pipe import Halt, Outcome, Report, Rows
from gateway.relay.retry import Backoff
from gateway.relay.steps import Parcels, Step
from gateway.relay.workers import WorkerProcess
from storage import fanout, in_doubt
from storage.fanout import Claimed
from storage.keyring import KeyTrouble
from storage.parcels import Recipient
from storage.store import Transaction

log = logging.getLogger("mimamori.relay")

RUNS = 8  # chunks for each worker at a time: a stalled copy holds up the end of its own chunk only
IDLE = timedelta(seconds=5)  # another node may have left work behind
HOLD = timedelta(seconds=5)  # well within fanout.LEASE
FULL_SECONDS = 1.0  # until a row is tried again whose worker has all that it may have

AGAIN = timedelta(milliseconds=50)


class Foreman:
    """Works for ever with all worker processes."""

    def __init__(
        self, desk: Desk, workers: Sequence[WorkerProcess], ended: Callable[[], None], more: Callable[[], None]
    ) -> None:
        """`ended` is called when alerts may be over, and `more` when there is more than one chunk at a time to do."""
        self._desk = desk
        self._workers = workers
        self._kept = self._counterfoils()  # of the processes before: these workers will write over them
        self._ended = ended
        self._more = more
        self._runs: list[ChunkRun] = []
        self._number = 0  # of the newest run
        self.inbox = Inbox(lambda: sum(run.under_way for run in self._runs), few_rows=desk.shared)
        self._announced: list[Parcels] = []  # with the next commit they go out
        self._woken = False
        self._claim_at: datetime | None = None  # None: nothing to claim before the next wake()
        # Another node knows nothing of our counterfoils.
        self._allowances = [Allowance(WINDOW if desk.shared else MOST) for _ in workers]
        self._backoff = Backoff()  # of the database
        self._stopping = False

    def load(self, number: int) -> int:
        """How many copies of this worker are under way or unrecorded."""
        return sum(run.load(number) for run in self._runs)

    def _counterfoils(self) -> frozenset[bytes]:
        return counterfoils.found(self._desk.settings.state_folder / counterfoils.NAME)

    def counterfoils(self) -> frozenset[bytes]:
        """What went out and is still known, of this process and of those before."""
        return self._kept | self._counterfoils()

    def wake(self) -> None:
        """Something new is committed."""
        self._claim_at = self._desk.clock()
        self._woken = True
        self.inbox.call()

    def stop(self) -> None:
        """Nothing new is begun; `run` returns when all that is under way is recorded."""
        self._stopping = True
        self._leave()
        self.inbox.call()

    async def run(self) -> None:
        self.wake()
        while self._runs or not self._stopping:
            try:
                await self._once()
                self._backoff.reset()
            except Exception as error:  # the database is in trouble: what is known is recorded when it is back
                log.error("relaying is interrupted: %s; trying again", type(error).__name__)
                self._woken = True
                await asyncio.sleep(self._backoff.next().total_seconds())

    async def _once(self) -> None:
        """One step, and then a rest until there is something for the next."""
        self._record()
        now = self._desk.clock()
        self._plan(now)
        await self._introduce()
        over, claim_at = [run for run in self._runs if run.over(now)], self._claim_at
        saved, self._woken = list(self._runs) if self._woken else over, False
        freest = max(self._workers, key=lambda worker: self._room(worker, now))
        room = self._room(freest, now)
        step = await self._desk.write(lambda tx: self._commit(tx, saved, over, freest.number, room))
        self._send(step)
        self._settle(step, over, claim_at, freest)
        await self._introduce()
        self._send(step)
        now = self._desk.clock()  # one for both: what falls due in between would be slept through
        if not self._busy(now) and (self._runs or not self._stopping):
            await self._rest(now)

    # --- before the commit ----------------------------------------------------------------------

    def _record(self) -> None:
        """Notes what the workers have reported so far."""
        reports, gone = self.inbox.emptied()
        runs = {run.number: run for run in self._runs}
        now = self._desk.clock()
        for number, report in reports:
            self._note(number, report, runs, gone, now)
        for number in gone:  # what it was sending may or may not have gone out: who claims it again looks
            for run in self._runs:
                run.recall(number)
            self._look_by(now + AGAIN)

    def _look_by(self, moment: datetime) -> None:
        """There may be something to claim then."""
        self._claim_at = min(self._claim_at or moment, moment)

    def _note(
        self, number: int, report: Report, runs: dict[int, ChunkRun], gone: Container[int], now: datetime
    ) -> None:
        for key, pairs in report.accepted.items():
            if (run := runs.get(key)) is not None:
                run.accepted(pairs)
        for outcome in report.outcomes:
            if (run := runs.get(outcome.run)) is None:
                continue
            elsewhere = outcome.home >= 0 and outcome.home not in gone and not run.leaving
            if not elsewhere or not self._forward(run, outcome, now):
                run.record(outcome, now, self._desk.delay)
        allowance = self._allowances[number]
        allowance.heard(sum(len(copies) for copies in report.accepted.values()), now)
        if not report.kept:
            allowance.restrict()
        if report.accepted or any(outcome.tried for outcome in report.outcomes):
            allowance.reached()
        if report.trouble is not None:
            self._hold_off(number, report.trouble, now)

    def _forward(self, run: ChunkRun, outcome: Outcome, now: datetime) -> bool:
        """The row's domain is carried by another worker, which has the row from now on, or has it later."""
        home, draft = self._workers[outcome.home], self._desk.known(run.claimed.alert_id)
        if draft is None or not home.alive:
            return False
        if self.load(home.number) >= self._allowances[home.number].size:
            run.record(outcome._replace(later=FULL_SECONDS), now, self._desk.delay)
        elif (recipient := run.forwarded(outcome.row, home.number)) is not None:
            if not home.knows(draft.alert_id):
                home.learn(draft)
            home.send(Rows(run.number, draft.alert_id, (recipient,)))
        return True

    def _hold_off(self, number: int, why: str, now: datetime) -> None:
        """This worker does not reach the next hop. Where no other does, all goes back and is claimed later."""
        if not self._allowances[number].ready(now):  # its connections tell of it one after the other
            return
        log.error("the next hop is out of reach: %s", why)
        self._allowances[number].hold_off(now)
        if not any(self._ready(worker, now) for worker in self._workers):
            self._leave()
            self._claim_at = min(each.rest_until for each in self._allowances)

    def _leave(self) -> None:
        for run in self._runs:
            self._halt(run)

    def _halt(self, run: ChunkRun) -> None:
        run.leaving = run.halted = True
        for worker in self._workers:
            worker.send(Halt(run.number))

    def _plan(self, now: datetime) -> None:
        """What goes out when this step is committed: the oldest chunk first, as many rows as the windows allow."""
        for worker in self._workers:
            room = self._room(worker, now)
            for run in self._runs:
                if room > 0 and (rows := run.next(room, now)):
                    run.announce(rows, worker.number)
                    room -= len(rows)
                    self._announced.append(Parcels(run, worker, rows))

    def _room(self, worker: WorkerProcess, now: datetime) -> int:
        if not self._ready(worker, now):
            return 0
        return max(0, self._allowances[worker.number].size - self.load(worker.number))

    def _ready(self, worker: WorkerProcess, now: datetime) -> bool:
        return worker.alive and self._allowances[worker.number].ready(now)

    async def _introduce(self) -> None:
        """Lets the workers know the alerts whose rows will come."""
        for each in self._announced:
            if not each.worker.knows(each.run.claimed.alert_id):
                each.worker.learn(await self._desk.draft(each.run.claimed.alert_id))

    # --- the commit -----------------------------------------------------------------------------

    def _commit(
        self, transaction: Transaction, saved: list[ChunkRun], over: list[ChunkRun], home: int, room: int
    ) -> Step:
        step, connection = Step(transaction.now), transaction.connection
        for run in self._runs:
            if not run.lost and (run in saved or run.unsaved(transaction.now, HOLD)):
                step.save(run, transaction, over=run in over)
        for run in self._runs:
            if run not in over and (reading := run.read(transaction)) is not None:
                step.readings.append((run, reading))
        soon = sum(len(reading.rows) for _, reading in step.readings)
        if self._wants_chunk(transaction.now, soon):
            step.looked = True
            if (claimed := fanout.claim(connection, transaction.keyring, transaction.now)) is not None:
                self._begin(step, claimed, transaction, home, room)
            else:
                step.due = fanout.next_due(connection, transaction.keyring, transaction.now)
        return step

    def _begin(self, step: Step, claimed: Claimed, transaction: Transaction, home: int, room: int) -> None:
        """What does not open holds up no other alert: it has its lease, and is looked at again after that."""
        try:
            in_doubt.settle(transaction.connection, transaction.keyring, claimed, self.counterfoils)
            self._desk.render(transaction, claimed.alert_id)
            found = ChunkRun(self._number + 1, claimed)
            step.rows = found.begin(transaction, home, room, idle=not self._runs)
            step.found = found
        except KeyTrouble as trouble:
            log.error("an alert is passed over for now: %s", trouble)
            fanout.pass_over(transaction.connection, claimed.alert_id, transaction.now)
            step.due = transaction.now

    def _wants_chunk(self, now: datetime, soon: int = 0) -> bool:
        """Whether to look for a chunk; `soon` rows have just been read."""
        ready = [worker.number for worker in self._workers if self._ready(worker, now)]
        if self._stopping or len(self._runs) >= RUNS * len(ready):
            return False
        due = self._claim_at is not None and self._claim_at <= now
        enough = sum(self._allowances[number].size for number in ready)
        return due and soon + sum(run.unsent for run in self._runs) < enough

    # --- after the commit -----------------------------------------------------------------------

    def _send(self, step: Step) -> None:
        announced, self._announced = self._announced, []
        for each in announced:
            ours = step.runs.get(each.run.number, True)
            if not ours or each.run.leaving or each.worker.number in self.inbox.gone:
                each.run.untried(each.rows)
            else:
                each.worker.send(Rows(each.run.number, each.run.claimed.alert_id, tuple(each.rows)))

    def _settle(self, step: Step, over: list[ChunkRun], claim_at: datetime | None, freest: WorkerProcess) -> None:
        now = self._desk.clock()
        for run in self._runs:
            if run.number in step.runs:
                run.saved(step.at, step.runs[run.number])
                if not step.runs[run.number] and run not in over and not run.halted:
                    self._halt(run)
        self._runs = [run for run in self._runs if run not in over]
        for run, reading in step.readings:
            run.accept(reading)
        if step.found is not None:
            self._take_on(step.found, step.rows, freest)
        elif step.looked and self._claim_at is claim_at:  # else somebody has called meanwhile
            self._claim_at = max(step.due, now + AGAIN) if step.due is not None else None
        if any(not run.leaving for run in over):
            self._claim_at = now  # 5.7  a follow-up may have waited for this chunk
        elif over or (step.looked and step.found is None):
            self._ended()
        if over and not self._stopping:
            self._look_by(now + AGAIN)  # what goes back has to be claimed again

    def _take_on(self, found: ChunkRun, rows: Sequence[Recipient], worker: WorkerProcess) -> None:
        found.leaving = self._stopping
        self._number = found.number
        self._runs.append(found)
        if rows:
            self._announced.append(Parcels(found, worker, rows))
        if len(self._runs) > 1:
            self._more()

    # --- between steps --------------------------------------------------------------------------

    def _busy(self, now: datetime) -> bool:
        """Whether the next step has something to do at once."""
        room = any(self._room(worker, now) for worker in self._workers)
        wanted = any(run.over(now) or run.wants_rows(now) or (room and run.unsent) for run in self._runs)
        return wanted or self._wants_chunk(now)

    async def _rest(self, now: datetime) -> None:
        """Until a worker or a commit has news, or it is time to look again."""
        if self._desk.shared:
            self._look_by(now + IDLE)
        times = [*(each.rest_until for each in self._allowances), self._claim_at] if not self._stopping else []
        if self._runs:
            times.append(now + HOLD)
        waits = [self._desk.until(time) for time in times if time is not None and time > now]
        await self.inbox.wait(min((each for each in waits if each is not None), default=None))
