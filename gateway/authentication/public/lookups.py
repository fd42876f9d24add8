"""Look-ups on behalf of strangers: so many a mail, and none while the name servers are silent (security of 3.7).

A stranger chooses the names, so each look-up may be slow. No resident shall wait for it twice.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from gateway.authentication.resolver import HostResolver, LookupTrouble

MOST_LOOKUPS = 20  # of one mail
QUIET_SECONDS = 30.0

Answer = TypeVar("Answer")


class PatientResolver:
    """Asks nothing for a while once the name servers are silent; for all mails together.

    A server that gave some other answer within the same time is not silent: otherwise a stranger could end all proof
    with one mail from a domain whose own servers are dead.
    """

    def __init__(self, resolver: HostResolver, now: Callable[[], float] = time.monotonic) -> None:
        self._resolver = resolver
        self._now = now
        self._quiet_until = 0.0

    @property
    def last_answer(self) -> float:
        return self._resolver.last_answer

    async def txt(self, name: str) -> list[bytes]:
        return await self._ask(lambda: self._resolver.txt(name))

    async def addresses(self, name: str, version: Literal[4, 6]) -> list[str]:
        return await self._ask(lambda: self._resolver.addresses(name, version))

    async def exchanges(self, name: str) -> list[str]:
        return await self._ask(lambda: self._resolver.exchanges(name))

    async def _ask(self, question: Callable[[], Awaitable[Answer]]) -> Answer:
        if self._now() < self._quiet_until:
            raise LookupTrouble("the name servers were silent a moment ago; check [dns] nameservers")
        try:
            return await question()
        except (LookupTrouble, asyncio.CancelledError):  # cancelled: the time for the whole proof is over
            if self._resolver.last_answer < self._now() - QUIET_SECONDS:
                self._quiet_until = self._now() + QUIET_SECONDS
            raise


class CountedLookups:
    """The look-ups of one mail; more than it may cost are LookupTrouble."""

    def __init__(self, resolver: HostResolver, most: int = MOST_LOOKUPS) -> None:
        self._resolver = resolver
        self._left = most

    @property
    def last_answer(self) -> float:
        return self._resolver.last_answer

    async def txt(self, name: str) -> list[bytes]:
        self._count()
        return await self._resolver.txt(name)

    async def addresses(self, name: str, version: Literal[4, 6]) -> list[str]:
        self._count()
        return await self._resolver.addresses(name, version)

    async def exchanges(self, name: str) -> list[str]:
        self._count()
        return await self._resolver.exchanges(name)

    def _count(self) -> None:
        if not self._left:
            raise LookupTrouble("more look-ups than one mail may cost; nothing to be done")
        self._left -= 1
