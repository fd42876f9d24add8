"""The server's side of relaying: a lane for each worker process, the letters, and the end of alerts.

Nothing polls: a commit wakes the lanes, or the time of the next try.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from gateway.clock import Clock, system_clock
from gateway.relay.desk import Desk
from gateway.relay.lane import Lane
from gateway.relay.letters import LetterPost
from gateway.relay.pipe import Orders
from gateway.relay.workers import WorkerProcess
from gateway.settings import Settings
from handlers import report
from handlers.town import Town
from storage import alerts, deliveries
from storage.records import Delivered
from storage.store import Store, Transaction


class Works(Protocol):
    """A part of the relay that runs until it is stopped."""

    def wake(self) -> None: ...

    def stop(self) -> None: ...

    async def run(self) -> None: ...


log = logging.getLogger("mimamori.relay")


class Relay:
    """Everything that leaves the gateway."""

    def __init__(self, store: Store, settings: Settings, town: Callable[[], Town], clock: Clock = system_clock) -> None:
        self._town = town
        self._desk = Desk(store, settings, clock)
        self._workers = [WorkerProcess(orders(settings)) for _ in range(settings.relay.workers or os.cpu_count() or 1)]
        self._ended = asyncio.Event()
        self._parts: list[Works] = [
            *(Lane(self._desk, worker, self._ended.set) for worker in self._workers),
            LetterPost(self._desk, self._workers[0], town),
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._ending: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await asyncio.gather(*(worker.start() for worker in self._workers))
        self._tasks = [asyncio.create_task(each.run()) for each in self._parts]
        self._ending = asyncio.create_task(self._finish_all())

    def wake(self) -> None:
        """Something new is committed."""
        for each in self._parts:
            each.wake()

    async def stop(self) -> None:
        """Lets each lane record the copies that are under way, then ends the workers."""
        for each in self._parts:
            each.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._ending is not None:
            self._ending.cancel()
            await asyncio.gather(self._ending, return_exceptions=True)
        await asyncio.gather(*(worker.stop() for worker in self._workers))

    async def _finish_all(self) -> None:
        """Ends alerts whenever a lane has ended chunks, or found none."""
        while True:
            await self._ended.wait()
            self._ended.clear()
            try:
                delivered = await self._desk.read(lambda tx: deliveries.of_ending(tx.connection, tx.keyring, tx.now))
                finished = await self._desk.write(partial(self._finish, delivered))
            except Exception as error:  # the database is in trouble; the lanes will call again
                log.error("alerts could not be ended: %s", type(error).__name__)
                continue
            for alert_id in finished:
                for worker in self._workers:
                    worker.forget(alert_id)
            if finished:
                self.wake()  # the reports are letters, and a follow-up may have waited for the first

    def _finish(self, delivered: Mapping[int, Delivered], transaction: Transaction) -> list[int]:
        """Ends the alerts that are complete or over; their authors get the report."""
        ended = alerts.finish(transaction.connection, transaction.now)
        for alert in ended:
            outcome = report.ended(alert, self._town(), delivered.get(alert.id))
            transaction.apply(outcome.changes, outcome.letters, outcome.audit, None)
        return [alert.id for alert in ended]


def orders(settings: Settings) -> Orders:
    """What a worker needs of the settings."""
    relay = settings.relay
    return Orders(
        domain=settings.gateway.domain,
        organisation=settings.gateway.organisation,
        keys=settings.keys.directory,
        kek=settings.keys.kek,
        smarthost=relay.smarthost,
        starttls=relay.starttls,
        username=relay.username,
        password=relay.password,
        timeout_seconds=relay.timeout_seconds,
        connections=relay.connections,
        unquoted_domains=relay.unquoted_domains,
        dkim_selector=relay.dkim_selector,
        dkim_key=relay.dkim_key,
    )
