"""What a benchmark stands beside: Postfix's own sink and source, on loopback, each ended with its `with` block.

The other peers have a module each. A peer may be missing: that is said aloud, and the benchmark goes on without it.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

from rich.console import Console

SESSIONS = 10
START_SECONDS = 10.0
RUN_SECONDS = 300.0
LIST = "news@list.example"

Peer = TypeVar("Peer")


class Missing(SystemExit):
    """A peer is not installed here; the text names the remedy, with which a benchmark that needs it ends."""


def invite(stack: ExitStack, peer: AbstractContextManager[Peer], absent: list[str]) -> Peer | None:
    """The peer, which ends with the stack; or None once its absence is said aloud and noted in `absent`."""
    try:
        return stack.enter_context(peer)
    except Missing as missing:
        Console(stderr=True).print(f"  left out: {missing}", highlight=False, soft_wrap=True)
        absent.append(str(missing))
        return None


def letter(octets: int, number: int) -> bytes:
    """A mail to LIST, of about so many octets; no two numbers give the same one."""
    head = (
        f"From: board@school.example\r\nTo: {LIST}\r\nSubject: notice {number}\r\n"
        f"Message-ID: <{number}@school.example>\r\nDate: Mon, 06 Apr 2026 08:00:00 +0900\r\n\r\n"
    )
    line = "x" * 70 + "\r\n"
    room = max(octets - len(head), len(line))
    return (head + line * (room // len(line)) + "x" * max(room % len(line) - 2, 0) + "\r\n").encode("ascii")


def program(name: str, package: str) -> str:
    """Where the program is. Raises Missing."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise Missing(f"{name} is not installed; apt-get install {package}")
    return found


def free_port() -> int:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return int(plug.getsockname()[1])


def await_port(port: int, seconds: float = START_SECONDS) -> None:
    """Returns when something listens there."""
    until = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as plug:
                plug.recv(1)
                return
        except OSError:
            if time.monotonic() > until:
                raise RuntimeError(f"nothing listens on port {port} after {seconds:g} s") from None
            time.sleep(0.02)


@contextmanager
def smtp_sink(*options: str) -> Iterator[int]:
    """Postfix's smtp-sink, which takes all and keeps nothing; its port."""
    port = free_port()
    user = ("-u", "postfix") if os.geteuid() == 0 else ()  # it gives root up
    words = [program("smtp-sink", "postfix"), *user, *options, f"127.0.0.1:{port}", "1000"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_port(port)
        yield port
    finally:
        process.kill()
        process.wait()


def smtp_source(port: int, messages: int, octets: int, *options: str) -> float:
    """Messages per second of Postfix's smtp-source over connections that it keeps: SESSIONS, without other options."""
    source = program("smtp-source", "postfix")
    words = [source, "-d", "-s", str(SESSIONS), "-m", str(messages), "-l", str(octets), *options, f"127.0.0.1:{port}"]
    begun = time.perf_counter()
    subprocess.run(words, check=True, timeout=RUN_SECONDS)
    return messages / (time.perf_counter() - begun)
