"""Which page a path names, and who may see it. The composition root of [web]."""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from contextlib import suppress

from gateway.administration.office import Office
from gateway.listener import REPORT_SECONDS, CertificateError, load_certificate, no_port
from gateway.throttle import Networks, Refusals, network_of
from gateway.web.asker import Pace, host_of
from gateway.web.health import Health
from gateway.web.leaving import Leaving
from gateway.web.message import METHODS, NOT_ALLOWED, NOT_FOUND, TOO_OFTEN, Request, Response
from gateway.web.metrics import Metrics
from gateway.web.server import Server

log = logging.getLogger("mimamori.web")


class Site:
    """All of [web] beside a running gateway. `on_refused(network, count)` hears once a minute who asked too often."""

    def __init__(self, office: Office, on_refused: Callable[[str, int], None]) -> None:
        self._settings = settings = office.settings
        assert settings.web.listen is not None
        self._proxies = Networks(settings.web.proxies)
        self._metrics_from = Networks(settings.web.metrics_from)
        self._pace = Pace(settings.limits.web_requests_per_network_a_minute, time.monotonic)
        self._refusals = Refusals(on_refused)
        self._leaving = Leaving(office)
        self._health = Health(office)
        self._metrics = Metrics(office, self._health)
        listener = settings.listener
        tls = load_certificate(listener.tls_certificate, listener.tls_key) if settings.web.tls else None
        self._tls = tls
        self._server = Server(settings.web.listen, self.answer, self._proxies, tls)
        self._reporting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        listen = self._settings.web.listen
        assert listen is not None
        try:
            await self._server.start()
        except OSError as error:
            raise no_port("[web] listen", listen.host, listen.port, error) from None
        self._reporting = asyncio.create_task(self._report())

    async def stop(self) -> None:
        await self._server.stop()
        if self._reporting is not None:
            self._reporting.cancel()
            with suppress(asyncio.CancelledError):
                await self._reporting
        self._refusals.report()

    def reload_certificate(self) -> None:
        """New connections get the certificate that is on disk now; an unusable one leaves the old one in place."""
        listener = self._settings.listener
        if self._tls is None or listener.tls_certificate is None:
            return
        try:
            load_certificate(listener.tls_certificate, listener.tls_key)
            self._tls.load_cert_chain(listener.tls_certificate, listener.tls_key, password="")
        except (CertificateError, OSError, ssl.SSLError) as error:
            log.error("%s; the old certificate stays in use", type(error).__name__)

    async def answer(self, request: Request) -> Response:
        """The answer to one request."""
        host = host_of(request, self._proxies)
        if not self._pace.allows(host):
            self._refusals.note(network_of(host))
            return TOO_OFTEN
        if request.method not in METHODS:
            return NOT_ALLOWED
        if request.path.startswith("/leave/"):
            return await self._leaving.answer(request)
        # Who may not read the figures is told no more than who asks for nothing that there is.
        pages = {"/healthz": self._health.answer}
        if host in self._metrics_from:
            pages["/metrics"] = self._metrics.answer
        page = pages.get(request.path)
        if page is None:
            return NOT_FOUND
        return await page() if request.method != "POST" else NOT_ALLOWED

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            self._refusals.report()
