"""The server's side of relaying: claims what is due, gives it to workers, and commits what became of it.

Copies that were sent but are not yet recorded never exceed WINDOW, over all workers and connections: after a crash, no
more than these are sent twice, and none is lost. Nothing polls; a commit wakes the slots, or the time of the next try.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from gateway.clock import Clock, system_clock
from gateway.relay.chunks import ChunkRun
from gateway.relay.compose import Prepared, prepare
from gateway.relay.pipe import CopiesJob, Done, LettersJob
from gateway.relay.retry import Backoff, retry_delay
from gateway.relay.workers import WorkerGone, WorkerProcess
from gateway.rounds.refusals import refused_probe
from gateway.settings import Settings
from handlers import report
from handlers.town import Town
from storage import alerts, deliveries, fanout, outbox
from storage.fanout import Claimed, Recipient
from storage.outbox import Waiting
from storage.records import AuditEvent
from storage.store import Store, Transaction

log = logging.getLogger("mimamori.relay")
Result = TypeVar("Result")

WINDOW = 50  # copies
LETTERS_AT_ONCE = 20
IDLE_SECONDS = 5.0  # another node may have left work behind
HOLD_SECONDS = 5.0  # well within fanout.LEASE


class Relay:
    """All slots of all workers. A slot is one connection to the next hop."""

    def __init__(self, store: Store, settings: Settings, town: Callable[[], Town], clock: Clock = system_clock) -> None:
        self._store = store
        self._settings = settings
        self._town = town
        self._clock = clock
        self._workers = [WorkerProcess(settings.path) for _ in range(settings.relay.workers)]
        self._slots = min(WINDOW, settings.relay.connections * settings.relay.workers)
        self.step = WINDOW // self._slots
        self._wakeup = asyncio.Event()
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []
        self._prepared: dict[int, Prepared] = {}

    async def start(self) -> None:
        for worker in self._workers:
            await worker.start()
        self._tasks = [asyncio.create_task(self._letters())]
        self._tasks += [asyncio.create_task(self._chunks(slot)) for slot in range(1, self._slots + 1)]

    def wake(self) -> None:
        """Something new is committed; may be called at any time."""
        waiting, self._wakeup = self._wakeup, asyncio.Event()
        waiting.set()

    async def stop(self) -> None:
        """Lets each slot finish and record the copies that are under way, then ends the workers."""
        self._stopping = True
        self.wake()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers:
            await worker.stop()

    async def write(self, work: Callable[[Transaction], Result]) -> Result:
        return await asyncio.wrap_future(self._store.write(self._clock(), work))

    async def read(self, work: Callable[[Transaction], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, self._clock(), work)

    # --- chunks ---------------------------------------------------------------------------------

    async def _chunks(self, slot: int) -> None:
        backoff = Backoff()
        while not self._stopping:
            wakeup = self._wakeup
            try:
                claimed = await self.write(lambda tx: fanout.claim(tx.connection, tx.keyring, tx.now))
                if claimed is None:
                    await self._finish()
                    due = await self.read(lambda tx: fanout.next_due(tx.connection, tx.keyring, tx.now))
                    await self._sleep(wakeup, due)
                    continue
                if await self._relay_chunk(slot, claimed):
                    backoff.reset()
                else:
                    await self._sleep(self._wakeup, self._clock() + backoff.next())
            except WorkerGone:
                continue
            except Exception as error:  # the database is in trouble: what is not recorded is done again
                log.error("relaying is interrupted: %s; trying again", type(error).__name__)
                await self._sleep(self._wakeup, self._clock() + backoff.next())

    async def _relay_chunk(self, slot: int, claimed: Claimed) -> bool:
        """Works on one chunk until it is done, lost, or the next hop is out of reach (False)."""
        run = ChunkRun(claimed, self.step)
        while not self._stopping:
            recipients = run.taken(self._clock()) or await self.write(run.next_recipients)
            if not recipients:
                break
            try:
                done = await self._hand_over(slot, claimed, recipients)
            except WorkerGone:
                await self.write(run.lose)
                return True
            if done.trouble is not None:
                log.error("the next hop is out of reach: %s", done.trouble)
                await self.write(lambda tx: fanout.give_back(tx.connection, claimed, tx.now, tx.now))
                return False
            run.record(recipients, done.handovers, self._clock(), self._delay)
            if not await self.write(run.save):  # somebody else has it now, or the alert has ended
                await self.write(run.leave)
                await self._finish()
                return True
            if not any(handover.code for handover in done.handovers):
                await self.write(lambda tx: fanout.give_back(tx.connection, claimed, tx.now, tx.now))
                return False
        await self.write(run.give_back if not self._stopping else run.leave)
        await self._finish()
        self.wake()  # 5.7  a follow-up may have waited for this chunk
        return True

    async def _hand_over(self, slot: int, claimed: Claimed, recipients: list[Recipient]) -> Done:
        """The worker's answer; meanwhile the lease is held."""
        worker = self._workers[slot % len(self._workers)]
        prepared = await self._prepare(claimed.alert_id)
        first = None if worker.knows(claimed.alert_id) else prepared
        job = CopiesJob(slot, claimed.alert_id, claimed.year, tuple(recipients), first, claimed.first_alert)
        work = asyncio.create_task(worker.work(job))
        while not (await asyncio.wait((work,), timeout=HOLD_SECONDS))[0]:
            await self.write(lambda tx: fanout.hold(tx.connection, claimed, tx.now))
        return await work

    async def _prepare(self, alert_id: int) -> Prepared:
        """The alert, rendered once."""
        if alert_id not in self._prepared:
            self._prepared = {alert_id: await self.read(lambda tx: self._render(tx, alert_id)), **self._prepared}
        return self._prepared[alert_id]

    def _render(self, transaction: Transaction, alert_id: int) -> Prepared:
        alert = alerts.alerts(transaction.connection, alert_id)[0]
        content = alerts.content(transaction.connection, transaction.keyring, alert_id)
        gateway = self._settings.gateway
        return prepare(
            domain=gateway.domain,
            organisation=alert.organisation,
            subject=content.subject,
            text=content.text,
            list_name=gateway.organisation,
            alert_name=alert.name,
            date=alert.accepted_at,
            web_base=self._settings.web.base_url or None,
        )

    async def _finish(self) -> None:
        """Ends the alerts that are complete or over; their authors get the report."""
        delivered = await self.read(lambda tx: deliveries.of_ending(tx.connection, tx.keyring, tx.now))

        def work(transaction: Transaction) -> list[int]:
            ended = alerts.finish(transaction.connection, transaction.now)
            for alert in ended:
                outcome = report.ended(alert, self._town(), delivered.get(alert.id))
                transaction.apply(outcome.changes, outcome.letters, outcome.audit, None)
            return [alert.id for alert in ended]

        for alert_id in await self.write(work):
            self._prepared.pop(alert_id, None)
            self.wake()

    def _delay(self, attempts: int) -> timedelta:
        relay = self._settings.relay
        return retry_delay(attempts, relay.retry_first_seconds, relay.retry_most_seconds)

    async def _sleep(self, wakeup: asyncio.Event, until: datetime | None) -> None:
        if self._stopping:  # it may have been woken before it lay down
            return
        seconds = IDLE_SECONDS
        if until is not None:
            seconds = min(seconds, max(0.0, (until - self._clock()).total_seconds()))
        with suppress(TimeoutError):
            await asyncio.wait_for(wakeup.wait(), seconds)

    # --- letters --------------------------------------------------------------------------------

    async def _letters(self) -> None:
        backoff = Backoff()
        while not self._stopping:
            wakeup = self._wakeup
            try:
                waiting = await self.write(lambda tx: outbox.claim(tx.connection, tx.keyring, tx.now, LETTERS_AT_ONCE))
                if not waiting:
                    await self._sleep(wakeup, await self.read(lambda tx: outbox.next_due(tx.connection, tx.keyring)))
                elif await self._send_letters(waiting):
                    backoff.reset()
                else:
                    await self._sleep(self._wakeup, self._clock() + backoff.next())
            except WorkerGone:
                continue
            except Exception as error:
                log.error("letters are interrupted: %s; trying again", type(error).__name__)
                await self._sleep(self._wakeup, self._clock() + backoff.next())

    async def _send_letters(self, waiting: list[Waiting]) -> bool:
        done = await self._workers[0].work(LettersJob(0, tuple(waiting)))
        if done.trouble is not None:
            log.error("the next hop is out of reach: %s", done.trouble)

        def record(transaction: Transaction) -> None:
            for number, letter in enumerate(waiting):
                handover = done.handovers[number] if done.handovers else None
                if handover is not None and (handover.accepted or handover.code >= 500):
                    outbox.sent(transaction.connection, [(letter.id, letter.fence)])
                    gone = None if handover.accepted else handover.code
                else:
                    ready_at = transaction.now + self._delay(letter.attempts)
                    gone = None if outbox.later(transaction.connection, letter, ready_at) else 0
                if gone is not None:
                    transaction.apply((), (), [AuditEvent(event="letter:undelivered", detail={"code": gone})], None)
                    refused_probe(transaction, letter, gone, self._town())

        await self.write(record)
        return done.trouble is None
