"""One connection to a smarthost: bytes out, replies in, a clock for each reply.

It says nothing of its own: a dialogue tells it what to send. Replies are read strictly (RFC 5321, 4.2.1), and any doubt
ends the connection: half-understood answers would be credited to the wrong copy.
"""

import asyncio
import re
import socket
import ssl
from functools import lru_cache
from typing import Any, TypeVar, cast

from gateway.relay.dialogue import Dialogue, OverError, Reply

T = TypeVar("T")

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(?:([245]\.[0-9]{1,3}\.[0-9]{1,3})(?= |$))?([^\r\n\0]*))?", re.DOTALL)
READ_SIZE = 8 * 1024  # octets read at once: many replies
REPLY_LIMIT = 64 * 1024  # octets of one reply, far above what any server says


class LostError(Exception):
    """The connection ended, the reply did not come in time, or the server spoke nonsense."""


class Wire(asyncio.BufferedProtocol):
    """A connection and at most one dialogue at a time on it."""

    def __init__(self, timeout: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout = timeout
        self._transport: asyncio.Transport | None = None
        self._view = memoryview(bytearray(READ_SIZE))
        self._rest = b""
        self._size = 0
        self._texts: list[bytes] = []
        self._digits = b""
        self._heard = 0.0
        self._dialogue: Dialogue[Any] | None = None
        self._ended: asyncio.Future[Any] | None = None
        self._early: list[Reply] | None = []  # a greeting that came before anybody listened
        self.usable = False

    # --- asyncio ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._adopt(cast(asyncio.Transport, transport))
        self.usable = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail("the connection ended")

    def get_buffer(self, sizehint: int) -> memoryview:
        # Replies are short: reading into one small buffer is twice as fast as asking for a large new one each time.
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        # A loop over lines and a generator: no task is woken for a reply, which is half of the speed.
        *lines, self._rest = (self._rest + self._view[:nbytes]).split(b"\r\n")
        if lines:
            self._heard = self._loop.time()
        for line in lines:
            if not self._texts and (reply := _whole_reply(line)) is not None:
                self._advance(reply)
                continue
            found = _LINE.fullmatch(line)
            if found is None or (self._texts and found[1] != self._digits):
                self._fail("the server's answers make no sense")
                return
            if found[2] == b"-":
                self._continued(found[1], found[4])
            else:
                self._advance(self._completed(*found.groups()))
        if self._size + len(self._rest) > REPLY_LIMIT:
            self._fail("a reply does not end")

    # --- what a smarthost asks of it ---

    @property
    def local_address(self) -> str:
        assert self._transport is not None
        name = self._transport.get_extra_info("sockname")
        return str(name[0]) if isinstance(name, tuple) else "127.0.0.1"

    async def run(self, dialogue: Dialogue[T]) -> T:
        """Carries a dialogue to its end. Raises LostError (the connection is gone then) or what the dialogue raises."""
        if not self.usable or self._dialogue is not None:
            raise LostError("the connection is closed")
        self._dialogue, self._ended = dialogue, self._loop.create_future()
        self._heard = self._loop.time()
        self._clock = self._loop.call_later(self._timeout, self._check_clock)
        early, self._early = self._early or [], None
        try:
            self._advance(None)
            for reply in early:
                self._advance(reply)
            result: T = await self._ended
            return result
        except asyncio.CancelledError:
            self.abort()
            raise
        finally:
            self._clock.cancel()
            self._dialogue = self._ended = None

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Raises OSError, ssl.SSLError, TimeoutError, or LostError when something was said before the handshake."""
        # What stands in the buffer came in the open; whoever put it there may not speak for the server.
        if self._rest or self._texts or not self.usable or self._transport is None:
            self.abort()
            raise LostError("the server spoke before TLS")
        transport = await self._loop.start_tls(
            self._transport, self, context, server_hostname=host, ssl_handshake_timeout=self._timeout
        )
        if transport is None:
            raise LostError("the connection ended")
        self._adopt(transport)

    def abort(self) -> None:
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        self.usable = False
        if self._transport is not None:
            self._transport.close()

    # --- inside ---

    def _adopt(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        plug = transport.get_extra_info("socket")
        if plug is not None and plug.family in (socket.AF_INET, socket.AF_INET6):
            # Nagle and a delayed ACK together cost 40 ms a message.
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _continued(self, digits: bytes, text: bytes) -> None:
        self._digits = digits
        self._size += len(text) + 1
        self._texts.append(text)

    def _completed(self, digits: bytes, _mark: bytes | None, enhanced: bytes | None, text: bytes | None) -> Reply:
        whole = b"\n".join((*self._texts, text or b""))
        self._texts.clear()
        self._size = 0
        return _reply(digits, enhanced, whole)

    def _advance(self, reply: Reply | None) -> None:
        """Gives the dialogue its reply (None to begin) and writes what it says next, in one piece."""
        dialogue = self._dialogue
        if dialogue is None or self._transport is None:
            self._unasked(reply)
            return
        try:
            segment = next(dialogue) if reply is None else dialogue.send(reply)
        except StopIteration as end:
            self._end(end.value)
        except OverError as over:
            self._fail(str(over))
        except Exception as refused:
            self._end(refused)
        else:
            if segment:
                self._transport.write(segment)

    def _unasked(self, reply: Reply | None) -> None:
        if self._early is not None and reply is not None:
            self._early.append(reply)
        else:
            self._fail("the server spoke unasked")  # a 421 before it hangs up

    def _end(self, value: object) -> None:
        self._dialogue = None
        if self._ended is None or self._ended.done():
            return
        if isinstance(value, Exception):
            self._ended.set_exception(value)
        else:
            self._ended.set_result(value)

    def _fail(self, why: str) -> None:
        self.abort()
        if self._dialogue is not None:
            self._end(LostError(why))

    def _check_clock(self) -> None:
        due = self._heard + self._timeout
        if due <= self._loop.time():
            self._fail("no answer in time")
        else:
            self._clock = self._loop.call_at(due, self._check_clock)


@lru_cache(maxsize=64)
def _whole_reply(line: bytes) -> Reply | None:
    """The reply that this line is by itself; None where more lines belong to it, or it is none. Most come again."""
    found = _LINE.fullmatch(line)
    if found is None or found[2] == b"-":
        return None
    return _reply(found[1], found[3], found[4] or b"")


def _reply(digits: bytes, enhanced: bytes | None, text: bytes) -> Reply:
    # RFC 3463, 2  The class of the enhanced code is that of the reply.
    detail = enhanced.decode("ascii") if enhanced is not None and enhanced[0] == digits[0] else ""
    return Reply(int(digits), detail, text)
