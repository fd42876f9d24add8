"""/healthz: does the gateway do its work (protocol 10.1). Plain text, a line for each part; 503 where one fails.

What was found stays good for a while, so that asking often costs nothing. No line tells more than "ok" or "failing".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from gateway.administration.office import Office
from gateway.checks import next_hop
from gateway.checks.bounds import examine
from gateway.checks.finding import Check, Status
from gateway.gate import log_fault
from gateway.web.message import Response, plain
from storage import backlog, counters
from storage.clock import micros
from storage.store import Transaction

FRESH = timedelta(seconds=5)
HOP_FRESH = timedelta(seconds=60)
WRITE_SECONDS = 3.0
STALLED = timedelta(minutes=5)
NEXT_HOP = Check(name=next_hop.NAME, title="", look=next_hop.look)


class Health:
    """What was found when somebody asked last."""

    def __init__(self, office: Office) -> None:
        self._settings = office.settings
        self._store = office.store
        self._clock = office.clock
        self._lock = asyncio.Lock()
        self._found: dict[str, bool] = {}
        self._looked_at: dict[str, datetime] = {}
        self._looks: Mapping[str, tuple[timedelta, Callable[[datetime], Awaitable[bool]]]] = {
            "database": (FRESH, self._database),
            "keys": (FRESH, self._keys),
            "next-hop": (HOP_FRESH, self._next_hop),
            "alerts": (FRESH, self._alerts),
        }

    async def answer(self) -> Response:
        found = await self.look()
        lines = [f"{name}: {'ok' if sound else 'failing'}" for name, sound in found.items()]
        return plain(200 if all(found.values()) else 503, "\n".join(lines))

    async def look(self) -> dict[str, bool]:
        """Each part's name, and whether it works."""
        async with self._lock:
            for name, (fresh, look) in self._looks.items():
                now = self._clock()
                looked_at = self._looked_at.get(name)
                if looked_at is None or not timedelta() <= now - looked_at < fresh:
                    self._found[name], self._looked_at[name] = await _held(look(now)), now
            return dict(self._found)

    async def _database(self, now: datetime) -> bool:
        """It commits: a full or a failed disk shows in nothing less."""
        written = self._store.write(now, lambda tx: counters.save(tx.connection, "health", micros(now)))
        async with asyncio.timeout(WRITE_SECONDS):
            await asyncio.shield(asyncio.wrap_future(written))
        return True

    async def _keys(self, now: datetime) -> bool:
        year = self._settings.town.calendar.year(now)
        return await asyncio.to_thread(lambda: year in self._store.keyring.years())

    async def _next_hop(self, now: datetime) -> bool:
        findings = await asyncio.to_thread(lambda: list(examine(NEXT_HOP, self._settings, now)))
        return bool(findings) and all(finding.status is not Status.FAILURE for finding in findings)

    async def _alerts(self, now: datetime) -> bool:
        def stalled(transaction: Transaction) -> bool:
            return backlog.stalled(transaction.connection, now - STALLED)

        return not await asyncio.to_thread(self._store.read, now, stalled)


async def _held(look: Awaitable[bool]) -> bool:
    """The answer of a look; one that breaks or takes too long has found trouble."""
    try:
        return await look
    except Exception as error:
        log_fault(error)
        return False
