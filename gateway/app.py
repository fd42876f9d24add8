"""The composition root: puts the rooms together, serves, and takes everything down in order. It decides nothing."""

import asyncio
import logging
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from gateway import throttle
from gateway.administration.door import Door
from gateway.administration.office import Office
from gateway.audit.note import audit_key
from gateway.authentication.resolver import Resolver
from gateway.backup import marker
from gateway.clock import Clock, SteadyClock, system_clock
from gateway.dispatch import Dispatch
from gateway.gate import Gate, log_fault
from gateway.ground import keep_time, open_store, prepare
from gateway.listener import Listener
from gateway.relay.relay import Relay
from gateway.rounds.canaries import Canaries
from gateway.rounds.checkpoints import Checkpoints
from gateway.rounds.held import Held
from gateway.rounds.mirrors import mirrors
from gateway.rounds.moves import Moves
from gateway.rounds.pace import Pace
from gateway.rounds.refusals import Refusals
from gateway.rounds.renewals import Renewals
from gateway.rounds.rotations import Rotations
from gateway.rounds.staff import Staff
from gateway.rounds.stalls import Stalls
from gateway.rounds.years import Years
from gateway.scheduler import Scheduler
from gateway.settings import Settings
from gateway.submission.logins import Logins
from gateway.trouble import ExtraMissing
from handlers.routes import STAFF_COMMANDS
from storage.records import AuditEvent

if TYPE_CHECKING:
    from gateway.web.site import Site

log = logging.getLogger("mimamori.serve")
ROUNDS_AFTER_SECONDS = 0.01
GRACE_SECONDS = 25.0  # less than what a service manager waits before it kills


class Gateway:
    """A whole running gateway."""

    def __init__(self, settings: Settings, clock: Clock = system_clock) -> None:
        self._settings = settings
        self._clock = clock = SteadyClock(clock)
        self._store = open_store(settings)
        self._office = office = Office(self._store, settings, clock, self._wake)
        self._relay = Relay(self._store, settings, office.town, clock)
        key = audit_key(settings)
        self._checkpoints = None if key is None else Checkpoints(office, key)
        self._mirrors = mirrors(office)
        self._started = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scheduler = Scheduler(
            [
                Years(office, self._keep_time),
                Renewals(office),
                Rotations(office),
                Held(office),
                Moves(office),
                Refusals(office),
                Pace(office),
                Stalls(office),
                Canaries(office),
                *([] if self._store.database.exclusive else [Staff(office)]),
                *([] if self._checkpoints is None else [self._checkpoints]),
                *self._mirrors,
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
        self._submission = self._open_submission(dispatch) if settings.listener.submission_port else None
        self._site = self._open_site() if settings.web.listen is not None else None

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        marker.see_to_none(self._settings)
        prepare(self._store, self._settings, self._clock)
        self._keep_time()
        self._office.refresh()
        await self._relay.start()
        self._scheduler.start()
        self._started = True
        await self._door.open()
        await self.listener.start()
        if self._submission is not None:
            await self._submission.start()
        if self._site is not None:
            await self._site.start()

    async def stop(self) -> None:
        """Takes nothing new, finishes what is under way, and closes the database last."""
        if self._site is not None:
            await self._site.stop()
        if self._submission is not None:
            await self._submission.stop(GRACE_SECONDS)
        await self.listener.stop(GRACE_SECONDS)
        await self._door.close()
        await self._scheduler.stop()
        await self._relay.stop()
        if self._started:
            await self._leave_word()
        self._store.close()

    def reload_certificate(self) -> None:
        """The certificate on disk, for what connects from now on."""
        self.listener.reload_certificate()
        if self._submission is not None:
            self._submission.reload_certificate()
        if self._site is not None:
            self._site.reload_certificate()

    def _open_submission(self, gate: Gate) -> Listener:
        """7.2  The listener for staff who give a password first."""
        settings, refusals = self._settings, throttle.Refusals(self._refused_login)
        return Listener(
            settings.listener,
            settings.limits,
            settings.gateway.domain,
            gate,
            STAFF_COMMANDS,
            self._refused,
            logins=Logins(self._office.town, refusals),
        )

    def _refused_login(self, network: str, count: int) -> None:
        """Wrong passwords are audited as connections are; no name is written."""
        event = AuditEvent(event="login:refused", detail={"network": network, "count": count})
        self._store.write(self._clock(), lambda transaction: transaction.apply((), (), [event], None))

    def _open_site(self) -> "Site":
        """[web], imported only where it is on: its packages are an extra. Raises ExtraMissing."""
        try:
            from gateway.web.site import Site
        except ModuleNotFoundError as missing:
            raise ExtraMissing(f"[web] needs the package {missing.name}; install the extra mimamori[web]") from None
        return Site(self._office, self._refused_web)

    def _refused_web(self, network: str, count: int) -> None:
        """Requests over the limit are audited as connections are."""
        event = AuditEvent(event="web:refused", detail={"network": network, "count": count})
        self._store.write(self._clock(), lambda transaction: transaction.apply((), (), [event], None))

    async def _leave_word(self) -> None:
        """8.3  What was audited in this run is signed and copied; a copy that cannot be reached has to wait."""
        last = [each.turn for each in self._mirrors]
        for turn in last if self._checkpoints is None else [self._checkpoints.last, *last]:
            try:
                await turn()
            except Exception as error:
                log.error("a checkpoint or mirror failed: %s; it is done at the next start", type(error).__name__)

    def _wake(self) -> None:
        """Something new is committed; said in any thread, as a year's end runs in one of its own."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        """What goes by the clock comes after the first copies of an alert."""
        self._relay.wake()
        asyncio.get_running_loop().call_later(ROUNDS_AFTER_SECONDS, self._scheduler.wake)

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
    loop.add_signal_handler(signal.SIGHUP, gateway.reload_certificate)
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
