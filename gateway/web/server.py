"""The listening socket of [web]: octets to requests and answers to octets, by h11. Nothing is decided here.

One request a connection. Size, time and number are bounded, so that slow and greedy peers cost nobody else anything.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import h11

from gateway.config_places import Endpoint
from gateway.gate import log_fault
from gateway.throttle import Networks, network_of
from gateway.web.message import TROUBLE, Request, Response

CONNECTIONS = 256
CROWD = CONNECTIONS // 4  # of one network; our own proxies speak for many
SECONDS = 10.0  # for the whole of a request and its answer
HEAD_OCTETS = 16_384
BODY_OCTETS = 8_192
READ_OCTETS = 16_384

Answer = Callable[[Request], Awaitable[Response]]


class BadRequest(Exception):
    """What came cannot be answered but with this status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class Server:
    """Serves until it is stopped. `answer` is asked for each request; what it raises is our own trouble, 500."""

    def __init__(self, endpoint: Endpoint, answer: Answer, proxies: Networks, tls: ssl.SSLContext | None) -> None:
        self._endpoint = endpoint
        self._answer = answer
        self._proxies = proxies
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._networks: Counter[str] = Counter()

    async def start(self) -> None:
        """Raises OSError where the port is taken."""
        self._server = await asyncio.start_server(
            self._accept, self._endpoint.host, self._endpoint.port, ssl=self._tls, limit=READ_OCTETS,
            ssl_handshake_timeout=SECONDS if self._tls else None,
        )  # fmt: skip

    async def stop(self) -> None:
        """Takes nothing new; what is under way has its bounded time."""
        if self._server is None:
            return
        self._server.close()
        if self._open:
            await asyncio.wait(self._open, timeout=SECONDS)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peername = writer.get_extra_info("peername")
        peer = str(peername[0]) if peername else ""
        network = "" if peer in self._proxies else network_of(peer)
        if len(self._open) >= CONNECTIONS or (network and self._networks[network] >= CROWD):
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self._networks[network] += 1
        try:
            async with asyncio.timeout(SECONDS):
                await self._serve(peer, reader, writer)
        except (TimeoutError, OSError):
            writer.transport.abort()
        finally:
            self._open.discard(task)
            self._networks[network] -= 1
            if not self._networks[network]:
                del self._networks[network]
            writer.close()

    async def _serve(self, peer: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_OCTETS)
        head_only = False
        try:
            request = await read_request(http, peer, reader, writer)
            if request is None:
                return
            head_only = request.method == "HEAD"
            response = await self._answered(request)
        except BadRequest as refused:
            response = Response(status=refused.status, body=b"")
        writer.write(octets(http, response, head_only))
        await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        await _linger(reader)

    async def _answered(self, request: Request) -> Response:
        # A peer that hangs up ends this connection, but never a commit.
        try:
            return await asyncio.shield(asyncio.ensure_future(self._answer(request)))
        except Exception as error:
            log_fault(error)
            return TROUBLE


async def read_request(
    http: h11.Connection, peer: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> Request | None:
    """The whole request, or None where nobody asked anything. Raises BadRequest."""
    head: h11.Request | None = None
    body = bytearray()
    try:
        while True:
            match http.next_event():
                case h11.NEED_DATA:
                    if http.they_are_waiting_for_100_continue:
                        writer.write(http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                    http.receive_data(await reader.read(READ_OCTETS))
                case h11.Request() as head:
                    pass
                case h11.Data(data=data):
                    body += data
                    if len(body) > BODY_OCTETS:
                        raise BadRequest(413)
                case h11.EndOfMessage() if head is not None:
                    return _request(head, bytes(body), peer)
                case _:
                    return None
    except h11.RemoteProtocolError as error:
        raise BadRequest(error.error_status_hint) from None


def _request(head: h11.Request, body: bytes, peer: str) -> Request:
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in head.headers:
        key = name.decode("ascii")
        headers[key] = (*headers.get(key, ()), value.decode("latin-1"))
    path = head.target.decode("latin-1").partition("?")[0]
    return Request(method=head.method.decode("ascii"), path=path, headers=headers, body=body, peer=peer)


def octets(http: h11.Connection, response: Response, head_only: bool) -> bytes:
    """The answer as it is sent; without its body where only the head was asked for."""
    body = b"" if head_only else response.body
    head = h11.Response(status_code=response.status, headers=list(response.headers().items()))
    return b"".join(http.send(part) or b"" for part in (head, h11.Data(data=body), h11.EndOfMessage()))


async def _linger(reader: asyncio.StreamReader) -> None:
    """Reads what still comes, some of it: closing on unread octets would take the answer back (RFC 9112, 9.6)."""
    with suppress(TimeoutError):
        async with asyncio.timeout(1.0):
            for _ in range(16):
                if not await reader.read(READ_OCTETS):
                    return
