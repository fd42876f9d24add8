"""Letters to the mailboxes of [[canaries]]: when an alert goes out, or once a day (protocol 11.4)."""

import asyncio
from datetime import datetime, time, timedelta

from gateway.administration.office import Office
from handlers import canaries as written
from storage import canaries, counters
from storage.records import AuditEvent
from storage.store import Transaction

IDLE_SECONDS = 600.0
SOON_SECONDS = 1.0
DAILY = time(10, 17)  # not at the full hour, when every mail system is busy
DAY = "canaries"  # the counter of the last day that had its letters


class Canaries:
    """Looks when something new is committed, or when the day's letters are due."""

    name = "canaries"
    hears = True

    def __init__(self, office: Office) -> None:
        self._office = office
        self._looked_at: datetime | None = None

    async def turn(self) -> float:
        office, now = self._office, self._office.clock()
        if not office.town().canaries:
            return IDLE_SECONDS
        if self._looked_at is not None and abs((now - self._looked_at).total_seconds()) < SOON_SECONDS:
            return SOON_SECONDS  # many mails come in; they do not make this run more often
        self._looked_at = now
        daily = office.settings.relay.canary_letters == "daily"
        if await asyncio.wrap_future(office.store.write(now, self._today if daily else self._of_alerts)):
            office.wake()
        return until_daily(self._local(now)) if daily else IDLE_SECONDS

    def _of_alerts(self, transaction: Transaction) -> bool:
        numbers = canaries.unmeasured(transaction.connection, transaction.now)
        for number in numbers:
            self._send(transaction, number)
        return bool(numbers)

    def _today(self, transaction: Transaction) -> bool:
        """False where the day had its letters already, or has to wait."""
        local = self._local(transaction.now)
        done = counters.value(transaction.connection, DAY, lock=True) >= local.date().toordinal()
        if done or local.time() < DAILY:
            return False
        counters.save(transaction.connection, DAY, local.date().toordinal())
        self._send(transaction, None)
        return True

    def _send(self, transaction: Transaction, alert_id: int | None) -> None:
        letters = tuple(written.letters(self._office.town(), alert_id))
        event = AuditEvent(event="canary:sent", detail={"letters": len(letters)})
        transaction.apply((), letters, (event,), None)

    def _local(self, now: datetime) -> datetime:
        return now.astimezone(self._office.town().calendar.timezone)


def until_daily(local: datetime) -> float:
    """The seconds until the day's letters are due next, and never more than an ordinary pause."""
    due = datetime.combine(local.date(), DAILY, local.tzinfo)
    due += timedelta(days=1) if due <= local else timedelta()
    return min(IDLE_SECONDS, (due - local).total_seconds() + SOON_SECONDS)
