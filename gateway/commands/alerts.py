"""`mimamori alerts list|stop`: what was sent, to how many, and how far it is; and the end of it."""

import argparse
from datetime import UTC, datetime

from gateway.administration.client import administer
from gateway.commands import showing
from gateway.config import load
from gateway.ground import open_store
from gateway.settings import Settings
from storage import alerts as kept
from storage.records import Alert

STATES = {"relaying": "配信中 / relaying", "relayed": "完了 / relayed", "expired": "期限切れ / expired"}
STATES |= {"stopped": "停止 / stopped", "held": "確認待ち / held", "refused": "取りやめ / refused"}


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    if arguments.action == "stop":
        return stop(settings, arguments)
    store = open_store(settings, read_only=True)
    try:
        alerts = store.read(datetime.now(UTC), lambda tx: kept.alerts(tx.connection))
    finally:
        store.close()
    return show_all(alerts, settings, arguments.json)


def stop(settings: Settings, arguments: argparse.Namespace) -> int:
    answer = administer(settings, "alerts stop", {"number": arguments.number})
    if arguments.json:
        showing.as_json(answer)
        return 0
    number, unreached = answer["number"], answer["unreached"]
    print(f"{number} を止めました。まだ届いていない数 / stopped; without a copy so far: {unreached}")
    return 0


def show_all(alerts: list[Alert], settings: Settings, as_json: bool) -> int:
    if as_json:
        showing.as_json([facts(alert) for alert in alerts])
        return 0
    zone = settings.gateway.timezone
    rows = [
        (alert.name, showing.local(alert.accepted_at, zone), STATES[alert.state], alert.category,
         ", ".join(alert.districts), alert.matched, alert.relayed, alert.failed, alert.waiting)
        for alert in alerts
    ]  # fmt: skip
    headings = ("番号", "受付", "状態", "区分", "地区", "宛先", "配信済", "失敗", "待ち")
    showing.as_table(headings, rows, "お知らせはまだありません / no alerts yet")
    return 0


def facts(alert: Alert) -> dict[str, object]:
    """The alert for programs."""
    finished = alert.finished_at.isoformat() if alert.finished_at else None
    return {
        "number": alert.name,
        "state": alert.state.value,
        "author": alert.author,
        "organisation": alert.organisation,
        "category": alert.category,
        "districts": list(alert.districts),
        "accepted_at": alert.accepted_at.isoformat(),
        "expires_at": alert.expires_at.isoformat(),
        "finished_at": finished,
        "matched": alert.matched,
        "relayed": alert.relayed,
        "failed": alert.failed,
        "waiting": alert.waiting,
    }
