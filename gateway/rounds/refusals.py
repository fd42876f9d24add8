"""What the next hop refused for good while an alert was relayed, counted as if it had come back (protocol 6.6, 6.8)."""

import asyncio

from gateway.administration.office import Office
from handlers import failing, undelivered
from handlers.outcome import Outcome
from handlers.town import Town
from storage import alerts, bounces
from storage.bounces import Refusals as Refused
from storage.parcels import Waiting
from storage.records import LeaveClaim
from storage.store import Transaction

INTERVAL_SECONDS = 30.0


class Refusals:
    """A chunk of an ended alert at a time, committed with the mark that it is counted."""

    name = "refusals"
    hears = False

    def __init__(self, office: Office) -> None:
        self._office = office

    async def turn(self) -> float:
        office = self._office
        while await asyncio.wrap_future(office.store.write(office.clock(), lambda tx: count_some(tx, office.town()))):
            office.wake()
        return INTERVAL_SECONDS


def count_some(transaction: Transaction, town: Town) -> bool:
    """Counts the refusals of one chunk, or freezes those of a whole alert; False when none is left."""
    found = bounces.refusals(transaction.connection, transaction.keyring)
    if found is None:
        return False
    alert = alerts.alerts(transaction.connection, found.alert_id)[0]
    copies = alert.relayed + alert.failed
    # 6.8  A next hop that refuses a fifth of a town is in trouble; its people are not.
    if failing.stormy(alert.failed, copies, town.bounces):
        bounces.counted(transaction.connection, found.alert_id, whole_alert=True)
        _apply(transaction, undelivered.outage(town, alert.failed, copies, alert.name))
        return True
    _count(transaction, found, town)
    bounces.counted(transaction.connection, found.chunk_id)
    return True


def refused_probe(transaction: Transaction, letter: Waiting, code: int, town: Town) -> None:
    """6.7  The probe itself was refused for good by the next hop."""
    if letter.probe_of is not None:
        _one(transaction, LeaveClaim(year=letter.year, subscription_id=letter.probe_of, probe=True), code, town)


def _count(transaction: Transaction, found: Refused, town: Town) -> None:
    for claim in bounces.still_registered(transaction.connection, found):
        _one(transaction, claim, found.codes[claim.subscription_id], town)


def _one(transaction: Transaction, claim: LeaveClaim, code: int, town: Town) -> None:
    subscription = transaction.subscriber(claim)
    if subscription is not None:
        failure = undelivered.refused(code)
        _apply(transaction, undelivered.counted(failure, claim, subscription, transaction, town, transaction.now))


def _apply(transaction: Transaction, outcome: Outcome) -> None:
    transaction.apply(outcome.changes, outcome.letters, outcome.audit, None)
