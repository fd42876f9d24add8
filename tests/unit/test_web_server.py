"""The bounds of the web endpoint's server: time, number, a crowd of one network; and its TLS (protocol 10)."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trustme

from gateway.config_places import Endpoint
from gateway.throttle import Networks
from gateway.web import server as web
from gateway.web.message import Request, Response, plain
from tests.e2e.website import free_port

GET = b"GET /page?secret HTTP/1.1\r\nHost: here\r\nX-Twice: 1\r\nX-Twice: 2\r\n\r\n"


async def echo(request: Request) -> Response:
    return plain(200, f"{request.method} {request.path} {len(request.body)} {request.headers.get('x-twice')}")


@asynccontextmanager
async def serving(
    answer: web.Answer = echo, proxies: Networks | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    port = free_port()
    server = web.Server(Endpoint(host="127.0.0.1", port=port), answer, proxies or Networks([]), tls)
    await server.start()
    try:
        yield port
    finally:
        await server.stop()


async def say(port: int, octets: bytes, tls: ssl.SSLContext | None = None) -> bytes:
    """What comes back until the other end closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="here" if tls else None)
    writer.write(octets)
    try:
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await work()

    asyncio.run(bounded())


def test_10_a_request_is_a_value_without_its_query_and_the_answer_is_whole() -> None:
    async def work() -> None:
        async with serving() as port:
            said = await say(port, GET)
            assert said.startswith(b"HTTP/1.1 200 \r\n")
            assert said.endswith(b"GET /page 0 ('1', '2')\n")

    run(work)


def test_10_a_head_has_the_length_and_no_body() -> None:
    async def work() -> None:
        async with serving() as port:
            head = (await say(port, GET.replace(b"GET", b"HEAD"))).lower()
            assert b"content-length: 24" in head
            assert head.endswith(b"\r\n\r\n")

    run(work)


def test_10_a_body_in_chunks_is_read_and_one_without_end_is_cut() -> None:
    post = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def work() -> None:
        async with serving() as port:
            assert b"POST / 5 " in await say(port, post + b"5\r\nhello\r\n0\r\n\r\n")
            endless = (b"1000\r\n" + b"a" * 4096 + b"\r\n") * 3
            assert (await say(port, post + endless)).startswith(b"HTTP/1.1 413")

    run(work)


def test_10_who_waits_to_be_told_to_continue_is_told_so() -> None:
    async def work() -> None:
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST / HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 100")
            writer.write(b"ab")
            assert b"POST / 2" in await reader.read()
            writer.close()

    run(work)


def test_10_who_is_slow_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "SECONDS", 0.2)

    async def work() -> None:
        async with serving() as port:
            assert await say(port, GET[:20]) == b""

    run(work)


@pytest.mark.parametrize(("proxies", "served"), [([], False), (["127.0.0.0/8"], True)])
def test_10_a_crowd_of_one_network_takes_a_quarter_unless_it_is_a_proxy_of_ours(
    monkeypatch: pytest.MonkeyPatch, proxies: list[str], served: bool
) -> None:
    monkeypatch.setattr(web, "CROWD", 2)

    async def work() -> None:
        async with serving(proxies=Networks(proxies)) as port:
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            assert (b"200" in await say(port, GET)) is served
            for _, writer in idle:
                writer.close()
            answers = [await say(port, GET) for _ in range(200)]  # until the server has heard that they left
            assert b"200" in answers[-1]

    run(work)


def test_10_what_an_answer_raises_is_500_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(request: Request) -> Response:
        raise ValueError("secret")

    async def work() -> None:
        async with serving(broken) as port:
            said = await say(port, GET)
            assert said.startswith(b"HTTP/1.1 500")
            assert b"secret" not in said

    run(work)
    assert "secret" not in caplog.text
    assert "ValueError at" in caplog.text


def test_10_a_peer_that_hangs_up_does_not_end_what_was_begun() -> None:
    done = asyncio.Event()

    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.2)
        done.set()
        return plain(200, "")

    async def work() -> None:
        async with serving(slow) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET)
            await writer.drain()
            writer.transport.abort()
            await done.wait()

    run(work)


def test_10_with_tls_it_speaks_nothing_else() -> None:
    authority = trustme.CA()
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("here").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)

    async def work() -> None:
        async with serving(tls=ours) as port:
            assert b"200" in await say(port, GET, theirs)
            assert await say(port, GET) == b""

    run(work)
