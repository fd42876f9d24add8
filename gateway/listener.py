"""The listening socket: places, certificate, start and orderly end. What is said there is connection.py's.

Protocol 9 [listener] and [limits]. It opens no database and asks no name server.
"""

import asyncio
import errno
import logging
import os
import ssl
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.connection import Connection
from gateway.gate import Gate
from gateway.session import House
from gateway.settings import LimitsSettings, ListenerSettings
from gateway.submission.logins import Logins
from gateway.throttle import Guest, GuestBook, Networks, Refusals, places_for
from handlers import replies

BACKLOG = 1_024  # connections that the kernel holds while we accept others
REPORT_SECONDS = 60  # protocol 8: refused connections are audited per minute and network
LAST_WORDS_SECONDS = 3  # a little more than connections linger

log = logging.getLogger("mimamori.listener")


class PortError(Exception):
    """Nothing can be listened to there. The message names the setting."""


class CertificateError(Exception):
    """The certificate cannot be used; the message says which setting to look at."""


def _nobody_listens(network: str, count: int) -> None:
    log.info("%d connections refused, all from one network", count)


class Listener:
    """Takes mail in for one gate. `on_refused(network, count)` is called once a minute for each network turned away."""

    def __init__(
        self,
        settings: ListenerSettings,
        limits: LimitsSettings,
        hostname: str,
        gate: Gate,
        staff_commands: frozenset[str],
        on_refused: Callable[[str, int], None] = _nobody_listens,
        logins: Logins | None = None,
    ) -> None:
        """With `logins` it is the listener for submission, on its own host and port."""
        self._settings = settings
        self._limits = limits
        self._refusals = Refusals(on_refused)
        self._server: asyncio.Server | None = None
        self._host = settings.host if logins is None else settings.submission_host
        self._port = settings.port if logins is None else settings.submission_port
        self._reporting: asyncio.TimerHandle | None = None
        self._house = House(
            hostname=hostname,
            gate=gate,
            limits=limits,
            require_tls=settings.require_tls,
            staff_commands=staff_commands,
            proxies=Networks(settings.proxy_protocol_from),
            trusted=Networks(settings.trusted_relays),
            guests=GuestBook(limits.connections, self._refusals),
            logins=logins,
            tls_first=logins is not None and settings.submission_tls == "implicit",
        )
        silence_library()

    @property
    def port(self) -> int:
        """The port that is listened on; where the settings say 0, only start() finds it."""
        return self._port

    async def start(self) -> None:
        """Accepts connections from now on. Raises CertificateError or PortError."""
        self._house.tls = load_certificate(self._settings.tls_certificate, self._settings.tls_key)
        if self._house.tls is None and self._settings.require_tls != "no":
            raise CertificateError(
                f'[listener] require_tls = "{self._settings.require_tls}" needs a certificate: '
                "set tls_certificate and tls_key"
            )
        if self._house.tls is None and self._house.logins is not None:
            raise CertificateError("[listener] submission_port needs a certificate: set tls_certificate and tls_key")
        self._house.guests.places = places_for(self._limits.connections)
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Connection(self._house), self._host or None, self._port, backlog=BACKLOG
            )
        except OSError as error:
            name = "port" if self._house.logins is None else "submission_port"
            raise no_port(f"[listener] {name}", self._host, self._port, error) from None
        self._port = self._server.sockets[0].getsockname()[1]
        self._report_later()

    def reload_certificate(self) -> None:
        """New connections get the certificate that is on disk now; an unusable one leaves the old one in place."""
        try:
            self._house.tls = load_certificate(self._settings.tls_certificate, self._settings.tls_key)
        except CertificateError as error:
            log.error("%s; the old certificate stays in use", error)

    async def stop(self, grace_seconds: float) -> None:
        """Takes nothing new, lets mails that are on their way finish, and closes everything else with 421."""
        deadline = time.monotonic() + grace_seconds
        self._house.closing = True
        if self._server is not None:
            self._server.close()
        self._dismiss(self._house.guests.idle)
        await self._settle(deadline - time.monotonic())
        self._dismiss(self._house.guests.everybody)
        await self._settle(LAST_WORDS_SECONDS)
        if self._house.receiving:
            log.error("%d mails were still being handed over when the time was up", len(self._house.receiving))
        if self._reporting is not None:
            self._reporting.cancel()
        self._tell()

    def _dismiss(self, guests: Sequence[Guest]) -> None:
        for guest in guests:
            guest.dismiss(replies.CLOSING)

    async def _settle(self, seconds: float) -> None:
        waiting = {*self._house.receiving, *(guest.task() for guest in self._house.guests.everybody)}
        if waiting:
            await asyncio.wait(waiting, timeout=max(0.0, seconds))

    def _report_later(self) -> None:
        self._reporting = asyncio.get_running_loop().call_later(REPORT_SECONDS, self._report)

    def _report(self) -> None:
        self._report_later()
        self._tell()

    def _tell(self) -> None:
        self._refusals.report()
        if self._house.logins is not None:
            self._house.logins.report()


def load_certificate(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """What STARTTLS is done with, or None where no certificate is configured. Raises CertificateError."""
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key or None, password="")  # never ask on a terminal
    except (OSError, ssl.SSLError, ValueError) as error:
        raise CertificateError(
            f"the certificate cannot be read ({type(error).__name__}); "
            "check that [listener] tls_certificate and tls_key are PEM files of one pair, without a password"
        ) from None
    return context


def silence_library() -> None:
    """aiosmtpd logs addresses and whole lines of mails; it may say nothing at all."""
    for name in ("mail.log", "mail.debug"):
        logging.getLogger(name).disabled = True


def no_port(setting: str, host: str, port: int, error: OSError) -> PortError:
    """Says which setting cannot be had, and what to do."""
    said = os.strerror(error.errno) if error.errno else "no such address"
    remedy = "stop the program that has it (ss -ltnp shows it), or choose another port"
    if error.errno != errno.EADDRINUSE:
        remedy = "choose a host of this machine and a port that this user may have"
    return PortError(f"{setting}: {host}:{port} cannot be listened to ({said.lower()}); {remedy}")
