"""Where mail goes next: can it be reached as the relay reaches it, and what does it offer (protocol 9 [relay]).

It sends no mail.
"""

import asyncio
import os
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from gateway.checks.finding import Finding, failure, ok, trouble, warning
from gateway.checks.keys import on_loopback
from gateway.relay.dialogue import Dialogue, RefusedError, Reply, farewell, greeting, hello
from gateway.relay.nexthop import Unreachable, next_hop
from gateway.relay.smarthost import Smarthost
from gateway.relay.wire import LostError, Wire
from gateway.settings import Settings

NAME = "relay"
SECONDS = 4  # a little less than a check may take
ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Impression:
    """What a server offers before TLS, and the seconds of a round trip."""

    offers: Mapping[str, str]
    round_trip: float


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    kind, _, rest = settings.relay.smarthost.partition(":")
    if kind == "maildir":
        yield _maildir(Path(rest))
        return
    parts = urlsplit(settings.relay.smarthost)
    host, port = parts.hostname or "", parts.port or 25
    try:
        # Here and not in the loop's own thread, which would keep the program from ending.
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        impression = asyncio.run(_meet(settings, host, port, kind == "smtps"))
    except socket.gaierror:
        yield failure(
            NAME,
            f"{host} の名前を引けません / the smarthost's name is not found",
            "[relay] smarthost と名前解決を確かめる / check [relay] smarthost and the name servers",
        )
    except Unreachable as error:
        yield trouble(NAME, "送信先につながりません", error)
    except (OSError, LostError, RefusedError) as error:
        yield failure(
            NAME,
            f"送信先との会話が続きません / the conversation with the smarthost breaks off ({type(error).__name__})",
            "送信先が動いているか、その記録を見る / see that it runs, and look into its log",
        )
    else:
        yield from judged(impression, settings, encrypted=kind == "smtps", near=on_loopback(host))


def _maildir(directory: Path) -> Finding:
    places = [directory, *(directory / name for name in ("tmp", "new", "cur"))]
    there = [place for place in places if place.exists()] or [next(p for p in directory.parents if p.exists())]
    for place in there:
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            return failure(
                NAME,
                f"{place} に書けません / the maildir cannot be written to",
                f"この利用者が書けるフォルダに: chown {os.geteuid()} {place} / make it a folder of this user",
            )
    return ok(NAME, f"{directory} に書けます(外へは送りません) / mail stays there as files and goes nowhere else")


async def _meet(settings: Settings, host: str, port: int, implicit_tls: bool) -> Impression:
    async with asyncio.timeout(SECONDS):
        await _connect(settings)
        return await _visit(host, port, implicit_tls, settings.gateway.domain)


async def _connect(settings: Settings) -> None:
    """Connects just as the relay does, with its TLS and its login. Raises Unreachable with the remedy."""
    hop = next_hop(replace(settings.relay, timeout_seconds=SECONDS), name=settings.gateway.domain)
    assert isinstance(hop, Smarthost)
    # What a send would do first; there is no mail to send.
    wire = await hop._connect()
    await _leave(wire)


async def _visit(host: str, port: int, implicit_tls: bool, name: str) -> Impression:
    """Looks around before STARTTLS, which is offered only then."""
    context = None
    if implicit_tls:
        context = ssl.create_default_context()
        context.check_hostname = False  # nothing is said here; whether to trust it was seen before
        context.verify_mode = ssl.CERT_NONE
    _, wire = await asyncio.get_running_loop().create_connection(lambda: Wire(SECONDS), host, port, ssl=context)
    try:
        await wire.run(greeting())
        offers = await wire.run(hello(name))
        times = [await _timed(wire) for _ in range(ROUNDS)]
        await _leave(wire)
    except BaseException:
        wire.abort()
        raise
    return Impression(offers=offers, round_trip=min(times))


async def _timed(wire: Wire) -> float:
    begun = time.perf_counter()
    await wire.run(_nothing())
    return time.perf_counter() - begun


def _nothing() -> Dialogue[Reply]:
    return (yield b"NOOP\r\n")


async def _leave(wire: Wire) -> None:
    try:
        await wire.run(farewell())
    except LostError:
        return  # it hung up first
    wire.close()


def judged(impression: Impression, settings: Settings, *, encrypted: bool, near: bool) -> Iterator[Finding]:
    """What is said of a smarthost that lets us in."""
    offered = [word for word in ("PIPELINING", "STARTTLS") if word in impression.offers]
    offers, milliseconds = ", ".join(offered) or "-", impression.round_trip * 1000
    yield ok(
        NAME,
        f"送信先につながります(往復 {milliseconds:.1f} ms、{offers}) / the smarthost lets us in",
    )
    if "PIPELINING" not in impression.offers:
        yield warning(
            NAME,
            "送信先に PIPELINING がなく、配信が遅くなります / without PIPELINING relaying is several times slower",
            "[relay] connections を増やすか、別の送信先に / raise connections, or use another smarthost",
        )
    plain = settings.relay.starttls == "no" or "STARTTLS" not in impression.offers
    if plain and not encrypted and not near:
        yield warning(
            NAME,
            "送信先まで暗号化されません / addresses travel to the smarthost without TLS",
            'smtps:// か、STARTTLS のある送信先と starttls = "require" に / use smtps://, or require STARTTLS',
        )
