"""A sender that does nothing but send: each message with a return path and a recipient of its own, without a store.

smtp-source has one return path for all, and a mail server pays for each new one: this peer has as many as a fan-out.
"""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from bench.peers import SESSIONS, letter
from bench.seed import address

REPLY_SECONDS = 60.0


def bare(port: int, messages: int, octets: int, sessions: int = SESSIONS) -> float:
    """Messages per second over so many connections that it keeps."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(sessions) as pool:
        shares = [range(first, messages + 1, sessions) for first in range(1, sessions + 1)]
        for done in [pool.submit(_session, port, share, octets) for share in shares]:
            done.result()
    return messages / (time.perf_counter() - begun)


def _session(port: int, numbers: Sequence[int], octets: int) -> None:
    """One connection; the commands of an envelope go out together."""
    with socket.create_connection(("127.0.0.1", port), REPLY_SECONDS) as plug, plug.makefile("rb") as replies:
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _answered(replies, 1)
        plug.sendall(b"EHLO mail.example\r\n")
        _answered(replies, 1)
        for number in numbers:
            sender, recipient = f"bounce+{number:036}@town.example", address(number).wire
            plug.sendall(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode("ascii"))
            _answered(replies, 3)
            plug.sendall(letter(octets, number) + b".\r\n")
            _answered(replies, 1)


def _answered(replies: BinaryIO, count: int) -> None:
    """Reads so many replies; raises unless all of them are good."""
    for _ in range(count):
        while (line := replies.readline())[3:4] == b"-":
            pass
        if line[:1] not in (b"2", b"3"):
            raise RuntimeError(f"the next hop answered {line.decode('ascii', 'replace').strip() or 'nothing'}")
