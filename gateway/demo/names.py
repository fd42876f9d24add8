"""The name server of the tour: it knows no name at all, so that none of the world's is ever asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.exception
import dns.message
import dns.rcode


class _Nameless(asyncio.DatagramProtocol):
    """Says of every name that there is none."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)  # it is one, though not by its class

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            answer = dns.message.make_response(dns.message.from_wire(data))
        except dns.exception.DNSException:
            return
        answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def nameless() -> AsyncIterator[str]:
    """Its address on loopback, as `[dns] nameservers` wants it."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(_Nameless, local_addr=("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    try:
        yield f"{host}:{port}"
    finally:
        transport.close()
