"""The letters that ask residents of the ending year whether to go on (protocol 3.9), some at a time, once each."""

import asyncio

from gateway.administration.office import Office
from gateway.rounds.years import pause
from handlers import renewal
from storage import counters, subscriptions
from storage.records import AuditEvent
from storage.store import Transaction

AT_ONCE = 50
PAUSE_SECONDS = 1.0  # the outbox has other letters, too


class Renewals:
    """One step a turn, committed with how far it went: a restart goes on from there."""

    name = "renewals"
    hears = False

    def __init__(self, office: Office) -> None:
        self._office = office

    async def turn(self) -> float:
        office = self._office
        due = renewal.due(office.town(), office.clock())
        if due and await asyncio.wrap_future(office.store.write(office.clock(), self._some)):
            office.wake()
            return PAUSE_SECONDS
        return pause(office.town().calendar, office.clock())

    def _some(self, transaction: Transaction) -> bool:
        """False when all were asked."""
        connection, keyring, year = transaction.connection, transaction.keyring, transaction.year
        name = f"renewal {year}"
        rows = subscriptions.after(connection, keyring, year, counters.value(connection, name), AT_ONCE)
        letters = [
            renewal.letter(each, self._office.town())
            for _, each in rows
            if len(transaction.subscriptions(each.address)) == 1  # who is in the next year already is not asked
        ]
        if rows:
            counters.save(connection, name, rows[-1][0])
            event = AuditEvent(event="renewal:sent", detail={"letters": len(letters), "year": year})
            transaction.apply((), letters, (event,), None)
        return bool(rows)
