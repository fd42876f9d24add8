"""One connection: our subclass of aiosmtpd's SMTP, from the first octet to the last. It knows no command (session.py).

Of the library it keeps the transport, STARTTLS and the PROXY header; its commands, its replies and its way of reading
mails are not used. No address is ever logged.
"""

import asyncio
from typing import AnyStr

from aiosmtpd.proxy_protocol import V2_CMD, get_proxy
from aiosmtpd.smtp import SMTP, TLSSetupException

from gateway import throttle
from gateway.data_reader import Inlet
from gateway.gate import Peer, log_fault
from gateway.session import House, Session
from handlers import replies
from handlers.replies import Reply

PROXY_SECONDS = 5
HANDSHAKE_SECONDS = 30
LINGER_SECONDS = 2  # for the peer to take the last reply
DISCARD_SECONDS = 10  # for the peer of a mail that is too large to read why
DISCARD_OCTETS = 268_435_456
SHORTEST_SECONDS = 0.001  # the library takes 0 for "the default"


class Connection(SMTP):
    """A peer's connection, and its place in the guest book."""

    inlet: Inlet

    def __init__(self, house: House) -> None:
        # Our own first: the library looks at every attribute, properties too, as it begins.
        self._house = house
        self._dialogue = Session(house, self, Peer.at(""))
        self.trusted = False  # one of our own front mail servers
        self._over = False  # the last reply is said
        self.command_size_limits = {}  # the library shares one between all connections, and clears it for each
        loop = asyncio.get_running_loop()
        super().__init__(None, hostname=house.hostname, timeout=house.limits.idle_seconds, loop=loop)

    @property
    def network(self) -> str:
        return self._dialogue.peer.network

    def task(self) -> asyncio.Task[None]:
        """Ends with the connection."""
        assert self._handler_coroutine is not None
        return self._handler_coroutine

    def dismiss(self, reply: Reply) -> None:
        """Says a last word and closes. A mail that is being handed over is not disturbed."""
        if not self._over and not self._writer.is_closing():
            self._writer.write(f"{reply.line}\r\n".encode("ascii"))
        self._over = True
        self._hang_up()

    def allow(self, seconds: float) -> None:
        """From now on, the peer or we have so much time; then the connection is closed."""
        self._reset_timeout(max(SHORTEST_SECONDS, seconds))

    def reading(self) -> None:
        """A mail comes in from now on."""
        self._house.guests.read(self)
        self.allow(self._house.limits.idle_seconds)

    def working(self) -> None:
        """A command or a mail is in hand from now on."""
        self._house.guests.work(self)
        self.allow(self._house.limits.data_seconds)

    async def start_tls(self) -> None:
        """The rest of the dialogue is encrypted, or there is none."""
        self.tls_context = self._house.tls
        self.inlet.forget()
        self._house.guests.rest(self)
        self.allow(HANDSHAKE_SECONDS)
        await self.smtp_STARTTLS("")
        self._over = self._over or not self._dialogue.peer.tls

    async def cut_off(self, reply: Reply) -> None:
        """Refuses a mail amid its octets, and ends the connection so that the peer can read why."""
        # Closing at once would reset the connection: the peer would lose the reply, and come back for days.
        await self.push(reply.line)
        self._over = True
        self._house.guests.rest(self)
        self.allow(DISCARD_SECONDS)
        if self._writer.can_write_eof():
            self._writer.write_eof()
        await self.inlet.discard(DISCARD_OCTETS)

    async def push(self, status: AnyStr) -> None:
        """Sends a reply, or several lines of one."""
        if status == "220 Ready to start TLS":
            # The one reply of the library that is left has no enhanced code (RFC 2034); with TLS first none is said.
            if not self._house.tls_first:
                await super().push(replies.START_TLS.line)
        else:
            await super().push(status)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        under_tls = self._original_transport is not None
        super().connection_made(transport)
        if under_tls:
            return self._dialogue.secured()
        self.inlet = Inlet(self._reader)
        self._learn_peer((transport.get_extra_info("peername") or ("",))[0])
        if self._house.closing:
            self.dismiss(replies.CLOSING)
        elif not self._house.guests.enter(self):
            self.dismiss(replies.BUSY)
        return None

    def connection_lost(self, error: Exception | None) -> None:
        self._house.guests.leave(self)
        super().connection_lost(error)

    def eof_received(self) -> bool:
        # The library would cancel a mail whose final dot is here already; the reader finds the end by itself.
        super(SMTP, self).eof_received()
        return not self._dialogue.peer.tls

    def _timeout_cb(self) -> None:
        self.dismiss(replies.TIMED_OUT)

    def _hang_up(self) -> None:
        if self.transport is None:
            return
        self.transport.close()
        underneath = self._original_transport or self.transport
        assert isinstance(underneath, asyncio.Transport)
        self.loop.call_later(LINGER_SECONDS, underneath.abort)  # a peer that reads nothing keeps no file open

    def _learn_peer(self, host: str) -> None:
        self.trusted = host in self._house.trusted
        self._dialogue = Session(self._house, self, Peer.at(host, self.trusted))

    async def _handle_client(self) -> None:
        try:
            if await self._read_proxy_header():
                await self._converse()
        except (EOFError, OSError, TLSSetupException):
            pass  # the peer has gone
        except Exception as error:
            log_fault(error)
            self.dismiss(replies.INTERNAL)
        finally:
            self._house.guests.leave(self)
            self._over = True
            self._hang_up()

    async def _read_proxy_header(self) -> bool:
        if self._dialogue.peer.host not in self._house.proxies:
            return True
        self.allow(PROXY_SECONDS)
        header = await get_proxy(self._reader)
        if not header:
            self.dismiss(replies.NO_PROXY_HEADER)
        elif header.command != V2_CMD.LOCAL and throttle.parse_host(str(header.src_addr)):
            self._learn_peer(str(header.src_addr))
        return bool(header)

    async def _converse(self) -> None:
        if self._house.tls_first and not self._over:
            await self.start_tls()
        if not self._over:
            await self.push(f"220 {self.hostname} ESMTP")
        while not self._over:
            if self._house.closing:
                return self.dismiss(replies.CLOSING)
            self._house.guests.rest(self)
            self.allow(self._house.limits.idle_seconds)
            line = await self.inlet.line()
            self.working()
            reply = await self._dialogue.obey(line)
            if reply is not None and not self._over:
                await self.push(reply.line)
                self._over = reply.code in (replies.BYE.code, replies.CLOSING.code)
        return None
