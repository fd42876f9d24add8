"""`mimamori queue`: what waits to be sent, in numbers."""

import argparse
from datetime import UTC, datetime

from gateway.commands import showing
from gateway.config import load
from gateway.ground import open_store
from storage import alerts, outbox
from storage.records import AlertState
from storage.store import Transaction


def run(arguments: argparse.Namespace) -> int:
    store = open_store(load(arguments.config), read_only=True)
    try:
        waiting = store.read(datetime.now(UTC), what_waits)
    finally:
        store.close()
    if arguments.json:
        showing.as_json(waiting)
        return 0
    alerts = waiting["alerts"]
    assert isinstance(alerts, list)
    print(f"手紙 / letters: {waiting['letters']}")
    rows = [(alert["number"], alert["to_send"], alert["waiting"], alert["expires_at"]) for alert in alerts]
    headings = ("お知らせ / alert", "未送 / to send", "再送待ち / to retry", "期限 / expires")
    showing.as_table(headings, rows, "配信中のお知らせはありません / no alert is being sent")
    return 0


def what_waits(transaction: Transaction) -> dict[str, object]:
    """Letters, and for each running alert what is still to send; `waiting` of these were deferred."""
    running = [alert for alert in alerts.alerts(transaction.connection) if alert.state is AlertState.RELAYING]
    return {
        "letters": outbox.waiting(transaction.connection),
        "alerts": [
            {
                "number": alert.name,
                "to_send": max(0, alert.matched - alert.relayed - alert.failed),
                "waiting": alert.waiting,
                "expires_at": alert.expires_at.isoformat(),
            }
            for alert in running
        ],
    }
