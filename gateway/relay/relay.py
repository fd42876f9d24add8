"""The server's side of relaying: the foreman and the worker processes, the letters, and the end of alerts.

Nothing polls: a commit wakes the foreman, or the time of the next try.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from gateway.clock import Clock, system_clock
from gateway.relay import counterfoils
from gateway.relay.allowance import WINDOW
from gateway.relay.crew import Crew
from gateway.relay.desk import Desk
from gateway.relay.foreman import Foreman
from gateway.relay.letters import LetterPost
from gateway.relay.nexthop import copies_together
from gateway.relay.pipe import Orders
from gateway.relay.retry import Backoff
from gateway.relay.workers import WorkerProcess
from gateway.relay_settings import RelaySettings
from gateway.settings import Settings
from handlers import report
from handlers.town import Town
from storage import alerts, deliveries, in_doubt
from storage.records import Delivered
from storage.store import Store, Transaction

log = logging.getLogger("mimamori.relay")
AFTER_THE_FIRST_SECONDS = 0.005
FEWEST_SYNCED = 10  # counterfoils together, however many connections there are


class Works(Protocol):
    """A part of the relay that runs until it is stopped."""

    def wake(self) -> None: ...

    def stop(self) -> None: ...

    async def run(self) -> None: ...


class Relay:
    """Everything that leaves the gateway."""

    def __init__(self, store: Store, settings: Settings, town: Callable[[], Town], clock: Clock = system_clock) -> None:
        self._town = town
        self._desk = Desk(store, settings, clock)
        count = settings.relay.workers or os.cpu_count() or 1
        synced = 0 if self._desk.shared else unsynced(settings.relay)
        self._workers = [WorkerProcess(orders(settings, number, count, synced)) for number in range(count)]
        self._ended = asyncio.Event()
        # A paced domain has its home with one worker, which then has to be there.
        self._crew = Crew(self._workers, self._others_busy, always=bool(settings.relay.pace))
        self._foreman = Foreman(self._desk, self._workers, self._ended.set, self._crew.call)
        for worker in self._workers:
            worker.hear(self._foreman.inbox.hear, self._foreman.inbox.lose)
        self._parts: list[Works] = [self._foreman, *self._posts(settings.relay.fallback)]
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[None] | None = None

    def _posts(self, fallback: str) -> list[LetterPost]:
        """One for all letters; with a fallback, one more, so that the second path is free when the first is blocked."""
        ways = [(0,), (1,)] if fallback else [(0, 1)]
        return [LetterPost(self._desk, self._workers[0], self._town, way) for way in ways]

    def _others_busy(self) -> bool:
        return any(self._foreman.load(worker.number) for worker in self._workers[1:])

    async def start(self) -> None:
        counterfoils.prepare(self._desk.settings.state_folder / counterfoils.NAME, len(self._workers))
        await self._crew.start()
        self._tasks = [asyncio.create_task(each.run()) for each in self._parts]
        self._ending = asyncio.create_task(self._finish_all())

    def wake(self) -> None:
        """Something new is committed. The first copy of an alert waits for the foreman's commit only."""
        first, *others = self._parts
        first.wake()
        for each in others:
            asyncio.get_running_loop().call_later(AFTER_THE_FIRST_SECONDS, each.wake)

    async def stop(self) -> None:
        """Lets the foreman record the copies that are under way, then ends the workers."""
        for each in self._parts:
            each.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._ending is not None:
            self._ending.cancel()
            await asyncio.gather(self._ending, return_exceptions=True)
        await self._crew.stop()

    async def _finish_all(self) -> None:
        """Ends alerts whenever the foreman has ended chunks, or found none."""
        backoff = Backoff()
        while True:
            await self._ended.wait()
            self._ended.clear()
            try:
                await self._settle_ended()
                delivered = await self._desk.read(lambda tx: deliveries.of_ending(tx.connection, tx.keyring, tx.now))
                finished = await self._desk.write(partial(self._finish, delivered))
            except Exception as error:  # the database is in trouble
                log.error("alerts could not be ended: %s; trying again", type(error).__name__)
                await asyncio.sleep(backoff.next().total_seconds())
                self._ended.set()
                continue
            backoff.reset()
            for alert_id in finished:
                for worker in self._workers:
                    worker.forget(alert_id)
            if finished:
                self._crew.rest()
                self.wake()  # the reports are letters, and a follow-up may have waited for the first

    async def _settle_ended(self) -> None:
        """5.6, 5.7  What was under way when a process ended counts in the reports, where it went out."""
        if await self._desk.read(lambda tx: in_doubt.left(tx.connection, tx.keyring, tx.now)):
            kept = self._foreman.counterfoils
            await self._desk.write(lambda tx: in_doubt.settle_ended(tx.connection, tx.keyring, tx.now, kept))

    def _finish(self, delivered: Mapping[int, Delivered | None], transaction: Transaction) -> list[int]:
        """Ends the alerts that were seen to be complete or over; their authors get the report. What has ended since
        is seen next: the foreman calls again, after its commit.
        """
        ended = alerts.finish(transaction.connection, transaction.now, among=delivered)
        for alert in ended:
            outcome = report.ended(alert, self._town(), delivered[alert.id])
            transaction.apply(outcome.changes, outcome.letters, outcome.audit, None)
        return [alert.id for alert in ended]


def unsynced(relay: RelaySettings) -> int:
    """5.12  How many counterfoils of a worker may wait for the disk: with what is under way over its connections, no
    more than WINDOW copies are on none."""
    connections = relay.connections + sum(pace.connections or relay.connections for pace in relay.pace)
    together = max(copies_together(url) for url in (relay.smarthost, *relay.further))
    return max(FEWEST_SYNCED, WINDOW - connections * together)


def orders(settings: Settings, number: int, workers: int, synced_every: int) -> Orders:
    """What a worker needs of the settings."""
    relay = settings.relay
    pairs = ((relay.dkim_selector, relay.dkim_key), (relay.dkim_ed25519_selector, relay.dkim_ed25519_key))
    return Orders(
        domain=settings.gateway.domain,
        organisation=settings.gateway.organisation,
        keys=settings.keys.directory,
        kek=settings.keys.kek,
        counterfoils=settings.state_folder / counterfoils.NAME,
        synced_every=synced_every,
        number=number,
        workers=workers,
        smarthost=relay.smarthost,
        further=relay.further,
        share=relay.share,
        fallback=relay.fallback,
        pace=relay.pace,
        rate=relay.rate,
        copies_per_connection=relay.copies_per_connection,
        starttls=relay.starttls,
        username=relay.username,
        password=relay.password,
        timeout_seconds=relay.timeout_seconds,
        connections=relay.connections,
        unquoted_domains=relay.unquoted_domains,
        dkim=tuple((selector, key) for selector, key in pairs if selector and key is not None),
    )
