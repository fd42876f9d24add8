"""How fast alerts are relayed: notes now and then how far the running ones are (protocol 11.1)."""

import asyncio
from datetime import datetime

from gateway.administration.office import Office
from storage import pace

IDLE_SECONDS = 600.0


class Pace:
    """Looks again soon while an alert runs, and otherwise only when something new is committed."""

    name = "pace"
    hears = True

    def __init__(self, office: Office) -> None:
        self._office = office
        self._looked_at: datetime | None = None

    async def turn(self) -> float:
        store, now = self._office.store, self._office.clock()
        if self._looked_at is not None and pace.CLOSEST > now - self._looked_at >= -pace.CLOSEST:
            return pace.CLOSEST.total_seconds()  # many mails come in; they do not make this run more often
        self._looked_at = now
        if not await asyncio.to_thread(store.read, now, lambda tx: pace.running(tx.connection)):
            return IDLE_SECONDS
        await asyncio.wrap_future(store.write(now, lambda tx: pace.sample(tx.connection, tx.now)))
        return pace.CLOSEST.total_seconds()
