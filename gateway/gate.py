"""What a session asks of the rest of the gateway, and what becomes of trouble there. It knows no socket.

Protocol 7: whatever an answerer raises is our own trouble, 451, and no text of an exception goes out or into a log.
"""

import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from gateway.throttle import network_of
from handlers import replies
from handlers.mail import Route
from handlers.replies import Reply

log = logging.getLogger("mimamori.listener")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Who speaks to us; behind a proxy, whom it speaks for."""

    host: str = field(repr=False)
    network: str = field(repr=False)  # IPv4 /24, IPv6 /56
    tls: bool = False
    trusted: bool = False  # a front mail server of our own: whom it speaks for is not known
    helo: str = field(default="", repr=False)  # what it calls itself
    login: str | None = None  # 7.2  the id of the member of staff who gave a password

    @classmethod
    def at(cls, host: str, trusted: bool = False) -> "Peer":
        return cls(host=host, network=network_of(host), trusted=trusted)


class Gate(Protocol):
    """What a session asks."""

    async def route(self, recipient: str, peer: Peer) -> Route | Reply:
        """Where a mail to `recipient` goes, or the reply that refuses it."""

    async def receive(self, *, sender: str | None, recipient: str, route: Route, raw: bytes, peer: Peer) -> Reply:
        """The reply to a whole mail; where it accepts, the mail is on disk."""


async def answer(question: Awaitable[Answer]) -> Answer | Reply:
    """The gate's answer, or INTERNAL for whatever it raises."""
    try:
        return await question
    except Exception as error:
        log_fault(error)
        return replies.INTERNAL


def log_fault(error: Exception) -> None:
    """Writes one line with the kind of an exception and its place; its text might hold an address."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    where = f"{step.tb_frame.f_globals.get('__name__')}:{step.tb_lineno}" if step else "an unknown place"
    log.error("%s at %s", type(error).__name__, where)
