"""Stopping an alert by command (protocol 8): at once, audited; its author hears of it."""

from collections.abc import Mapping
from typing import Any

from gateway.administration.office import Office, Refused, Tell
from handlers import holding
from storage import alerts
from storage.records import AlertState, AuditEvent, StopAlert
from storage.store import Transaction


def stop(office: Office, words: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """Stops a running alert, refuses a held one. Raises Refused for any other."""
    name = str(words["number"])

    def work(transaction: Transaction) -> dict[str, Any]:
        found = alerts.named(transaction.connection, name, lock=True)
        if found is None:
            raise Refused(f"there is no alert {name}; see `mimamori alerts list`")
        if found.state not in (AlertState.RELAYING, AlertState.HELD):
            raise Refused(f"{name} is over already ({found.state.value}); to take it back, send a Cancellation")
        held = found.state is AlertState.HELD
        event = "alert:withdrawn" if held else "alert:stopping"
        told = AuditEvent(event=event, subject=name, detail={"by": "administrator"})
        letters = holding.withdrawal(office.town(), found, "") if held else ()
        transaction.apply([StopAlert(name=name)], letters, [told], None)
        return {"number": name, "was": found.state.value, "unreached": found.unreached}

    answer = office.store.write(office.clock(), work).result()
    office.wake()
    return answer
