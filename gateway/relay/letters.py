"""Letters on their way: claimed from the outbox some at a time, handed to a worker, recorded."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from gateway.relay.desk import Desk
from gateway.relay.pipe import LettersDone
from gateway.relay.retry import Backoff
from gateway.relay.workers import WorkerGone, WorkerProcess
from gateway.rounds.refusals import refused_probe
from handlers.town import Town
from storage import outbox
from storage.parcels import Waiting
from storage.records import AuditEvent
from storage.store import Transaction

log = logging.getLogger("mimamori.relay")
AT_ONCE = 20
IDLE_SECONDS = 5.0  # another node may have left work behind


class LetterPost:
    """Works for ever with one worker process; letters go out one batch after the other."""

    def __init__(
        self, desk: Desk, worker: WorkerProcess, town: Callable[[], Town], ways: tuple[int, ...] = outbox.EVERY_WAY
    ) -> None:
        """`ways`: of the letters that this one sees to, 0 the ordinary ones and 1 those for the fallback."""
        self._ways = ways
        self._desk = desk
        self._worker = worker
        self._town = town
        self._news = asyncio.Event()
        self._backoff = Backoff()
        self._stopping = False

    def wake(self) -> None:
        """Something new is committed."""
        self._news.set()

    def stop(self) -> None:
        self._stopping = True
        self._news.set()

    async def run(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                await self._once()
            except WorkerGone:
                await self._rest(self._desk.clock() + self._backoff.next())
            except Exception as error:
                log.error("letters are interrupted: %s; trying again", type(error).__name__)
                await self._rest(self._desk.clock() + self._backoff.next())

    async def _once(self) -> None:
        desk = self._desk
        waiting = await desk.write(lambda tx: outbox.claim(tx.connection, tx.keyring, tx.now, AT_ONCE, self._ways))
        if not waiting:
            await self._rest(await desk.read(lambda tx: outbox.next_due(tx.connection, tx.keyring, tx.now, self._ways)))
        elif await self._hand_over(waiting):
            self._backoff.reset()
        else:
            await self._rest(desk.clock() + self._backoff.next())

    async def _hand_over(self, waiting: list[Waiting]) -> bool:
        """False where the next hop cannot be reached."""
        done = await self._worker.letters(tuple(waiting), second_way=0 not in self._ways)
        if done.trouble is not None:
            log.error("the next hop is out of reach: %s", done.trouble)
        await self._desk.write(lambda tx: self._record(tx, waiting, done))
        return done.trouble is None

    def _record(self, transaction: Transaction, waiting: list[Waiting], done: LettersDone) -> None:
        for number, letter in enumerate(waiting):
            code, _ = done.handovers[number] if done.handovers else (0, False)
            if 200 <= code < 300 or code >= 500:
                outbox.sent(transaction.connection, [(letter.id, letter.fence)])
                gone = code if code >= 500 else None
            else:
                ready_at = transaction.now + self._desk.delay(letter.attempts)
                gone = None if outbox.later(transaction.connection, letter, ready_at) else 0
            if gone is not None:
                transaction.apply((), (), [AuditEvent(event="letter:undelivered", detail={"code": gone})], None)
                refused_probe(transaction, letter, gone, self._town())

    async def _rest(self, until: datetime | None) -> None:
        waits = [self._desk.until(until), IDLE_SECONDS if self._desk.shared else None]
        if not self._stopping:
            with suppress(TimeoutError):
                seconds = min((each for each in waits if each is not None), default=None)
                async with asyncio.timeout(seconds):
                    await self._news.wait()
