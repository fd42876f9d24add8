"""A smarthost: one SMTP connection, kept open between sends, encrypted and authenticated as the settings ask.

It never sends a password over a connection that somebody could listen to or stand in, never repeats a copy whose final
dot was sent, and never keeps or shows a server's words. `dialogue` knows what is said, `wire` moves the bytes.
"""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from gateway.relay.dialogue import Carriage, RefusedError, authenticate, farewell, greeting, hello, starttls
from gateway.relay.feed import Listed
from gateway.relay.handover import Copy, Feed, Handover, Unreachable
from gateway.relay.wire import LostError, Wire

Starttls = Literal["no", "may", "require"]

_HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,252}[A-Za-z0-9])?")
FAREWELL_SECONDS = 2.0  # RFC 5321 wants an answer to QUIT; we do not wait long for it


@dataclass(frozen=True, slots=True)
class Login:
    """What the smarthost wants to know of us."""

    user: str = field(repr=False)
    password: str = field(repr=False)


class Smarthost:
    """A NextHop over SMTP. It has one connection; who wants several makes several."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        implicit_tls: bool = False,
        starttls: Starttls = "may",
        login: Login | None = None,
        timeout: float = 300.0,
        name: str = "",
    ) -> None:
        if name and not _HOST_NAME.fullmatch(name):
            raise ValueError("the name for EHLO is no host name; correct [gateway] domain")
        self._host, self._port, self._name = host, port, name
        self._implicit_tls, self._starttls, self._login = implicit_tls, starttls, login
        self._timeout = timeout
        self._wire: Wire | None = None
        self._offers: dict[str, str] = {}
        self._turn = asyncio.Lock()

    async def send(self, copies: Sequence[Copy]) -> list[Handover]:
        """See NextHop."""
        feed = Listed(copies)
        await self.carry(feed)
        return feed.handovers

    async def carry(self, feed: Feed) -> bool:
        """See NextHop. A kept connection that the server has closed meanwhile is reopened once, in silence."""
        async with self._turn:
            carriage = Carriage(feed, kept=self._wire is not None and self._wire.usable)
            drained = await self._carry(carriage)
            if not drained and carriage.kept and not carriage.begun:
                carriage = Carriage(feed)
                drained = await self._carry(carriage)
            return drained or carriage.begun

    async def close(self) -> None:
        """Says QUIT and lets go of the connection."""
        async with self._turn:
            wire, self._wire = self._wire, None
            if wire is None or not wire.usable:
                return
            try:
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await wire.run(farewell())
            except (LostError, TimeoutError):
                pass
            wire.close()

    async def _carry(self, carriage: Carriage) -> bool:
        """Whether the feed has nothing more; else the connection has ended before."""
        try:
            if not carriage.ready():
                return True
            if self._wire is None or not self._wire.usable:
                self._wire = await self._connect()
            await self._wire.run(carriage.dialogue(pipelining="PIPELINING" in self._offers))
        except LostError:
            self._wire = None
            return False
        finally:
            carriage.leave()
        return True

    # --- the way in ---

    async def _connect(self) -> Wire:
        wire: Wire | None = None
        try:
            async with asyncio.timeout(self._timeout):
                wire = await self._dial()
            await wire.run(greeting())
            await self._greet(wire)
            await self._log_in(wire)
        except BaseException as trouble:
            if wire is not None:
                wire.abort()
            if isinstance(trouble, (OSError, LostError, RefusedError)):  # ssl.SSLError and TimeoutError are OSErrors
                raise self._unreachable(trouble) from None
            raise
        return wire

    async def _dial(self) -> Wire:
        context = self._context() if self._implicit_tls else None
        server = self._host if context is not None else None
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_connection(
            lambda: Wire(self._timeout), self._host, self._port, ssl=context, server_hostname=server
        )
        return wire

    async def _greet(self, wire: Wire) -> None:
        name = self._name or _literal(wire.local_address)
        self._offers = await wire.run(hello(name))
        if self._implicit_tls or self._starttls == "no":
            return
        if "STARTTLS" in self._offers:
            await wire.run(starttls())
            await wire.start_tls(self._context(), self._host)
            # RFC 3207, 4.2  What was said in the open counts no more.
            self._offers = await wire.run(hello(name))
        elif self._starttls == "require":
            raise self._unreachable('it offers no STARTTLS; use smtps://, or [relay] starttls = "may"')
        elif self._login is not None and not self._near:
            raise self._unreachable("it offers no STARTTLS, and a password is sent over TLS only; use smtps://")

    async def _log_in(self, wire: Wire) -> None:
        if self._login is None:
            return
        if not (self._near or self._implicit_tls or self._starttls != "no"):
            raise self._unreachable('a password is sent over TLS only; set [relay] starttls = "require"')
        mechanisms = self._offers.get("AUTH", "").split()
        if not {"PLAIN", "LOGIN"} & set(mechanisms):
            raise self._unreachable("it offers neither AUTH PLAIN nor LOGIN; remove [relay] username and password")
        try:
            await wire.run(authenticate(self._login.user, self._login.password, mechanisms))
        except RefusedError as refused:
            raise self._unreachable(f"{refused}; check [relay] username and password") from None

    @property
    def _near(self) -> bool:
        """Whether the smarthost is this very host, where nobody can stand in between."""
        try:
            return ipaddress.ip_address(self._host).is_loopback
        except ValueError:
            return self._host == "localhost"

    def _context(self) -> ssl.SSLContext:
        """Certificates are checked when asked for, and always where a password or `smtps:` leaves this host."""
        context = ssl.create_default_context()
        far_secret = not self._near and (self._implicit_tls or self._login is not None)
        if self._starttls != "require" and not far_secret:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _unreachable(self, trouble: BaseException | str) -> Unreachable:
        match trouble:
            case ssl.SSLCertVerificationError():
                why = "its certificate is not trusted; use the name in the certificate, or install its authority"
            case ssl.SSLError():
                why = "no TLS with it; check port and scheme (smtps:// is TLS from the start)"
            case TimeoutError():
                why = f"no connection within {self._timeout:g} s; check [relay] smarthost and the firewall"
            case OSError():
                why = f"{trouble.strerror or type(trouble).__name__}; check [relay] smarthost, and that it runs"
            case RefusedError():
                why = f"{trouble}; ask who runs it to let this host in"
            case _:
                why = str(trouble)
        return Unreachable(f"smarthost {self._host} port {self._port}: {why}")


def _literal(address: str) -> str:
    """RFC 5321, 4.1.3: an address literal, for a host without a name."""
    address = address.partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
