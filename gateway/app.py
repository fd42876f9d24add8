"""The composition root: puts the rooms together, serves, and takes everything down in order. It decides nothing."""

import asyncio
import logging
import signal
from collections.abc import Callable

from gateway.administration.door import Door
from gateway.administration.office import Office
from gateway.authentication.resolver import Resolver
from gateway.clock import Clock, SteadyClock, system_clock
from gateway.dispatch import Dispatch
from gateway.gate import log_fault
from gateway.ground import keep_time, open_store, prepare
from gateway.listener import Listener
from gateway.relay.relay import Relay
from gateway.rounds.held import Held
from gateway.rounds.renewals import Renewals
from gateway.rounds.rotations import Rotations
from gateway.rounds.staff import Staff
from gateway.rounds.years import Years
from gateway.scheduler import Scheduler
from gateway.settings import Settings
from handlers.routes import STAFF_COMMANDS
from storage.records import AuditEvent

log = logging.getLogger("mimamori.serve")
GRACE_SECONDS = 25.0  # less than what a service manager waits before it kills


class Gateway:
    """A whole running gateway."""

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._clock = clock = SteadyClock(clock)
        self._store = open_store(settings)
        self._office = office = Office(self._store, settings, clock, self._wake)
        self._relay = Relay(self._store, settings, office.town, clock)
        self._scheduler = Scheduler(
            [
                Years(office, self._keep_time),
                Renewals(office),
                Rotations(office),
                Held(office),
                *([] if self._store.database.exclusive else [Staff(office)]),
            ]
        )
        self._door = Door(office)
        dispatch = Dispatch(
            self._store,
            office.town,
            Resolver(settings.dns.nameservers),
            limits=settings.limits,
            wake=self._wake,
            clock=clock,
        )
        self.listener = Listener(
            settings.listener, settings.limits, settings.gateway.domain, dispatch, STAFF_COMMANDS, self._refused
        )

    async def start(self) -> None:
        prepare(self._store, self._settings, self._clock)
        self._keep_time()
        self._office.refresh()
        await self._relay.start()
        self._scheduler.start()
        await self._door.open()
        await self.listener.start()

    async def stop(self) -> None:
        """Takes nothing new, finishes what is under way, and closes the database last."""
        await self.listener.stop(GRACE_SECONDS)
        await self._door.close()
        await self._scheduler.stop()
        await self._relay.stop()
        self._store.close()

    def _wake(self) -> None:
        """Something new is committed."""
        self._relay.wake()
        self._scheduler.wake()

    def _keep_time(self) -> None:
        keep_time(self._store, self._clock)

    def _refused(self, network: str, count: int) -> None:
        """Connections turned away are audited once a minute for each network."""
        event = AuditEvent(event="connection:refused", detail={"network": network, "count": count})
        self._store.write(self._clock(), lambda transaction: transaction.apply((), (), [event], None))


async def serve(settings: Settings, started: Callable[[int], None]) -> None:
    """Serves until SIGTERM or SIGINT; SIGHUP reads the certificate again. `started` gets the port."""
    gateway = Gateway(settings)
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.set_exception_handler(_log_stray)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    loop.add_signal_handler(signal.SIGHUP, gateway.listener.reload_certificate)
    try:
        await gateway.start()
        started(gateway.listener.port)
        log.info("serving on port %s", gateway.listener.port)
        await over.wait()
        log.info("finishing what is under way")
    finally:
        await gateway.stop()


def _log_stray(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """An exception that nobody awaited: its kind and place, never its text."""
    if isinstance(error := context.get("exception"), Exception):
        log_fault(error)
