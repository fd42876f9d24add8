"""Watches that running alerts get on; one that does not for five minutes is told of over the second path (5.12)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.administration.office import Office
from handlers import stalled
from storage import alerts
from storage.records import Alert
from storage.store import Transaction

PATIENCE = timedelta(minutes=5)
FEW = 20  # fewer than one in so many waiting are mailboxes in trouble, not the way to them
IDLE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an alert was, since when, and whether its standstill was told."""

    done: int
    since: datetime
    told: bool = False


class Stalls:
    """Looks when an alert was accepted, and then only when a standstill may be long enough."""

    name = "stalls"
    hears = True

    def __init__(self, office: Office) -> None:
        self._office = office
        self._seen: dict[int, Progress] = {}

    async def turn(self) -> float:
        office = self._office
        now = office.clock()
        running = await asyncio.to_thread(office.store.read, now, lambda tx: alerts.running(tx.connection))
        self._seen = {alert.id: self._progress(alert, now) for alert in running}
        late = [alert for alert in running if self._is_late(alert, now)]
        if late:
            await asyncio.wrap_future(office.store.write(now, lambda tx: self._tell(tx, late)))
            for alert in late:
                self._seen[alert.id] = Progress(alert.relayed + alert.failed, now, told=True)
            office.wake()
        return self._pause(now)

    def _progress(self, alert: Alert, now: datetime) -> Progress:
        done, before = alert.relayed + alert.failed, self._seen.get(alert.id)
        return before if before is not None and before.done == done else Progress(done, now)

    def _is_late(self, alert: Alert, now: datetime) -> bool:
        seen = self._seen[alert.id]
        missing = alert.matched - seen.done
        return not seen.told and now - seen.since >= PATIENCE and missing * FEW >= alert.matched > 0

    def _tell(self, transaction: Transaction, late: list[Alert]) -> None:
        minutes = int(PATIENCE.total_seconds() // 60)
        for alert in late:
            outcome = stalled.stalled(alert, self._office.town(), minutes)
            transaction.apply(outcome.changes, outcome.letters, outcome.audit, None)

    def _pause(self, now: datetime) -> float:
        """Until the standstill of one that runs may be long enough."""
        ends = [seen.since + PATIENCE for seen in self._seen.values() if not seen.told]
        return max(1.0, (min(ends) - now).total_seconds()) if ends else IDLE_SECONDS
