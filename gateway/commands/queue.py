"""`mimamori queue [-f]`: what waits to be sent, in numbers; with -f anew every second until interrupted (11.3)."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.live import Live

from gateway.commands import showing
from gateway.config import load
from gateway.delivery import picture
from gateway.ground import open_store
from storage import alerts, backlog
from storage.records import Alert, AlertState
from storage.store import Store, Transaction

EVERY_SECONDS = 1.0
KINDS = {0: "ふつう / ordinary", 1: "急ぎ / urgent"}


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    zone = settings.gateway.timezone
    store = open_store(settings, read_only=True)
    try:
        if arguments.follow:
            return follow(store, zone, arguments.json)
        waiting = store.read(datetime.now(UTC), what_waits)
        if arguments.json:
            showing.as_json(waiting)
        else:
            showing.console().print(page(waiting, {}, zone))
        return 0
    finally:
        store.close()


def follow(store: Store, zone: ZoneInfo, as_json: bool) -> int:
    """Shows it anew until somebody interrupts; on a terminal in one place, elsewhere one after the other."""
    console = showing.console()
    if console.is_terminal and not as_json:
        with Live(console=console, auto_refresh=False) as live:
            for waiting, before in readings(store):
                live.update(page(waiting, before, zone), refresh=True)
    for waiting, before in readings(store):
        if as_json:
            showing.as_json(waiting)
        else:
            console.print(page(waiting, before, zone))
        sys.stdout.flush()
    return 0


def readings(store: Store) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """What waits now, and what waited the time before, every second."""
    before: Mapping[str, Any] = {}
    while True:
        waiting = store.read(datetime.now(UTC), what_waits)
        yield waiting, before
        before = waiting
        time.sleep(EVERY_SECONDS)


def what_waits(transaction: Transaction) -> dict[str, Any]:
    """Letters by urgency, and for each running alert its copies and its chunks."""
    connection, now = transaction.connection, transaction.now
    letters = backlog.letters(connection)
    chunks = backlog.chunks(connection, now)
    running = [alert for alert in alerts.alerts(connection) if alert.state is AlertState.RELAYING]
    return {
        "at": now.isoformat(),
        "letters": sum(each.waiting for each in letters),
        "letters_waiting": [
            {
                "urgent": each.urgent,
                "waiting": each.waiting,
                "retried": each.retried,
                "oldest_seconds": max(0, int((now - each.oldest).total_seconds())),
                "next_try": each.next_try.isoformat(),
            }
            for each in letters
        ],
        "alerts": [_alert(alert, chunks.get(alert.id)) for alert in running],
    }


def _alert(alert: Alert, chunks: backlog.ChunksOpen | None) -> dict[str, Any]:
    return {
        "number": alert.name,
        "matched": alert.matched,
        "relayed": alert.relayed,
        "to_send": max(0, alert.matched - alert.relayed - alert.failed),
        "waiting": alert.waiting,
        "expires_at": alert.expires_at.isoformat(),
        "chunks": {
            "open": chunks.open if chunks else 0,
            "leased": chunks.leased if chunks else 0,
            "deferred": chunks.deferred if chunks else 0,
        },
        "next_try": chunks.next_try.isoformat() if chunks else None,
    }


def page(waiting: Mapping[str, Any], before: Mapping[str, Any], zone: ZoneInfo) -> RenderableType:
    """For people; `before` is what was shown last, for the rate."""
    at = datetime.fromisoformat(waiting["at"])
    letters = [
        (KINDS.get(each["urgent"], each["urgent"]), each["waiting"], each["retried"],
         picture.duration(each["oldest_seconds"]), until(each["next_try"], at))
        for each in waiting["letters_waiting"]
    ]  # fmt: skip
    running = [
        (each["number"], picture.bar(each["relayed"] / each["matched"] if each["matched"] else 1.0), each["relayed"],
         each["to_send"], each["waiting"], "{open} / {leased} / {deferred}".format(**each["chunks"]),
         until(each["next_try"], at), rate(each, waiting, before))
        for each in waiting["alerts"]
    ]  # fmt: skip
    return Group(
        showing.local(at, zone),
        "",
        showing.table(
            ("手紙 / letters", "待ち / waiting", "再送 / tried", "最古 / oldest", "次 / next"),
            letters,
            "待っている手紙はありません / no letter waits",
        ),
        "",
        showing.table(
            ("お知らせ / alert", "", "配信済 / relayed", "未送 / to send", "再送待ち / to retry",
             "束(残り・作業中・待ち) / chunks (open, leased, deferred)", "次 / next", "速さ / rate"),
            running,
            "配信中のお知らせはありません / no alert is being sent",
        ),
    )  # fmt: skip


def until(time_text: str | None, at: datetime) -> str:
    """How long until then; now, where that is past."""
    if time_text is None:
        return "-"
    seconds = (datetime.fromisoformat(time_text) - at).total_seconds()
    return picture.duration(seconds) if seconds > 0 else "今 / now"


def rate(alert: Mapping[str, Any], waiting: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    """Copies a second since what was shown last."""
    was = next((each for each in before.get("alerts", ()) if each["number"] == alert["number"]), None)
    if was is None:
        return "-"
    seconds = (datetime.fromisoformat(waiting["at"]) - datetime.fromisoformat(before["at"])).total_seconds()
    return f"{(alert['relayed'] - was['relayed']) / seconds:,.0f}/s" if seconds > 0 else "-"
