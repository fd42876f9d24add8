"""Held alerts: whoever could release one is reminded once, and what nobody has released in time is given up (5.5)."""

import asyncio
from datetime import timedelta

from gateway.administration.office import Office
from handlers import holding, report
from handlers.outcome import Outcome
from storage import alerts
from storage.store import Transaction

INTERVAL_SECONDS = 60.0


class Held:
    """Looks after them when one falls due, and when something new is committed."""

    name = "held alerts"
    hears = True

    def __init__(self, office: Office) -> None:
        self._office = office

    async def turn(self) -> float:
        office = self._office
        due = await asyncio.to_thread(office.store.read, office.clock(), self._next)
        if due is not None and due <= 0:
            if await asyncio.wrap_future(office.store.write(office.clock(), self._look)):
                office.wake()
            due = await asyncio.to_thread(office.store.read, office.clock(), self._next)
        return INTERVAL_SECONDS if due is None else min(INTERVAL_SECONDS, max(0.1, due))

    def _next(self, transaction: Transaction) -> float | None:
        """The seconds until there is something to do; None where nothing is held."""
        due = alerts.next_decision(transaction.connection, self._reminded_after)
        return (due - transaction.now).total_seconds() if due is not None else None

    def _look(self, transaction: Transaction) -> bool:
        connection, now, town = transaction.connection, transaction.now, self._office.town()
        outcomes: list[Outcome] = [report.ended(each, town) for each in alerts.give_up(connection, now)]
        waiting = alerts.to_remind(connection, now, self._reminded_after)
        outcomes += [holding.reminder(each, transaction, town) for each in waiting]
        for outcome in outcomes:
            transaction.apply(outcome.changes, outcome.letters, outcome.audit, None)
        return bool(outcomes)

    @property
    def _reminded_after(self) -> timedelta:
        return timedelta(minutes=self._office.town().reminder_minutes)
