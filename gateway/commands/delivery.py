"""`mimamori alerts show|who`: how far an alert is and whom it reached in numbers; and one subscriber's copy on request.

`show` only reads. `who` is an action: that somebody asked is audited (protocol 11.2).
"""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.administration.client import administer
from gateway.commands import showing
from gateway.commands.alerts import STATES, facts
from gateway.config import load
from gateway.delivery import picture
from gateway.delivery.facts import Bar, Facts, said
from gateway.delivery.facts import facts as told_of
from gateway.ground import open_store
from gateway.poster.formats import FORMATS, painter
from gateway.settings import Settings
from handlers.town import Town
from storage import alerts as kept
from storage import canaries, deliveries
from storage.canaries import Delay
from storage.keyring import KeyTrouble
from storage.pace import SHARES
from storage.records import Alert
from storage.store import Transaction

LOTS = {
    "relayed": "渡しました / handed over",
    "maybe": "渡したかもしれません(返事がありませんでした) / it may have been handed over: no answer came",
    "refused": "相手のサーバーが断りました / their server refused it",
    "waiting": "まだです(順番か再送を待っています) / not yet: it waits for its turn or another try",
    "not-sent": "届けないうちに終わりました / the alert ended before",
    "suspended": "宛先が休止中です / their mailbox is suspended",
    "not-matched": "対象ではありませんでした / it was not for them",
    "not-registered": "登録がありません / not registered",
}


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    return who(settings, arguments) if arguments.action == "who" else show(settings, arguments)


# --- show ---------------------------------------------------------------------------------------


def show(settings: Settings, arguments: argparse.Namespace) -> int:
    file = Path(arguments.chart) if arguments.chart else None
    if file is not None and file.suffix.lower() not in FORMATS:
        print(f"mimamori: --chart {file}: unknown format; let the name end in {', '.join(FORMATS)}", file=sys.stderr)
        return 2
    now = datetime.now(UTC)
    store = open_store(settings, read_only=True)
    try:
        found = store.read(now, lambda tx: look(tx, arguments.number, settings.town))
    finally:
        store.close()
    if found is None:
        print(f"mimamori: no alert {arguments.number}; see `mimamori alerts list`", file=sys.stderr)
        return 1
    told, follow_ups = found
    if file is not None and not draw(told, settings.town, file, now):
        return 1
    if arguments.json:
        showing.as_json(as_json(told, follow_ups))
    else:
        show_people(told, follow_ups, settings.gateway.timezone)
    return 0


def look(transaction: Transaction, name: str, town: Town) -> tuple[Facts, list[Alert]] | None:
    connection, now = transaction.connection, transaction.now
    alert = kept.named(connection, name)
    if alert is None:
        return None
    try:
        delivery = deliveries.of_alert(connection, transaction.keyring, alert, now)
    except KeyTrouble as trouble:  # whoever may not read keys is told the totals, as `alerts list` does
        print(f"mimamori: 合計だけを示します / totals only: {trouble}", file=sys.stderr)
        delivery = None
    told = replace(
        told_of(alert, delivery, town, now),
        canaries=tuple(canaries.of_alert(connection, alert.id)),
        carriers=tuple(canaries.delays(connection, now)),
    )
    return told, kept.follow_ups(connection, alert.id)


def as_json(told: Facts, follow_ups: list[Alert]) -> dict[str, object]:
    """Everything, for programs."""
    alert = told.alert
    return facts(alert) | {
        "release": alert.release,
        "released_by": alert.released_by,
        "released_at": alert.released_at.isoformat() if alert.released_at else None,
        "relation": alert.relation.value if alert.relation else None,
        "follows": alert.follows or None,
        "follow_ups": [each.name for each in follow_ups],
        "by_district": [{"district": bar.code, **counts(bar)} for bar in told.districts],
        "by_domain": [{"domain": bar.code, **counts(bar)} for bar in told.domains],
        "refusals": {str(code): copies for code, copies in told.codes},
        "seconds_to": {str(share): told.seconds_to(share) for share in SHARES},
        "canaries": [{"carrier": each.carrier, "seconds": each.seconds} for each in told.canaries],
        "carriers": [usual(each) for each in told.carriers],
        "curve": [[at.isoformat(), copies] for at, copies in told.curve],
    }


def usual(delay: Delay) -> dict[str, object]:
    """What is usual of a carrier, for programs."""
    return {
        "carrier": delay.carrier,
        "sent": delay.sent,
        "returned": delay.returned,
        "median": delay.median,
        "p95": delay.slow,
    }


def counts(bar: Bar) -> dict[str, object]:
    pairs = {"matched": bar.matched, "relayed": bar.relayed, "failed": bar.failed}
    return {name: {"from": least, "to": most} for name, (least, most) in pairs.items()}


def show_people(told: Facts, follow_ups: list[Alert], zone: ZoneInfo) -> None:
    alert, local = told.alert, partial(showing.local, zone=zone)
    done = (alert.relayed + alert.failed) / alert.matched if alert.matched else 1.0
    rows: list[tuple[str, object]] = [
        ("番号 / number", alert.name),
        ("状態 / state", STATES[alert.state]),
        ("配信者 / author", alert.author),
        ("承認 / released by", f"{alert.released_by} ({local(alert.released_at)})" if alert.released_at else "-"),
        ("区分 / category", alert.category),
        ("地区 / districts", ", ".join(alert.districts)),
        ("もとの配信 / follows", f"{alert.follows} ({alert.relation})" if alert.follows else "-"),
        ("続き / followed by", ", ".join(f"{each.name} ({each.relation})" for each in follow_ups) or "-"),
        ("受付 / accepted", local(alert.accepted_at)),
        ("期限 / expires", local(alert.expires_at)),
        ("終了 / finished", local(alert.finished_at) if alert.finished_at else "-"),
        ("宛先 / matched", alert.matched),
        ("配信済 / relayed", alert.relayed),
        ("失敗 / failed", alert.failed),
        ("待ち / waiting", alert.waiting),
        ("断りの符号 / refusals", ", ".join(f"{code}: {copies}" for code, copies in told.codes) or "-"),
        ("50 / 95 / 100 %", " / ".join(picture.duration(told.seconds_to(share)) for share in SHARES)),
        ("進み / progress", picture.bar(done)),
    ]
    showing.as_table(("", ""), rows, "")
    show_bars("地区 / district", told.districts)
    show_bars("宛先 / destination", told.domains)
    show_carriers(told)
    if drawn := picture.curve(told, zone):
        print("\n配信数の推移 / copies over time")
        print("\n".join(drawn))


def show_bars(title: str, bars: tuple[Bar, ...]) -> None:
    if bars:
        print()
        rows = [
            (bar.name, picture.bar(bar.done), said(bar.relayed), said(bar.matched), said(bar.failed)) for bar in bars
        ]
        showing.as_table((title, "", "配信済 / relayed", "宛先 / matched", "失敗 / failed"), rows, "")


def show_carriers(told: Facts) -> None:
    """11.4  How long mail takes to each carrier: on this occasion, and usually."""
    if not told.carriers and not told.canaries:
        return
    now: dict[str, str] = {}
    for flight in told.canaries:
        before = f"{now[flight.carrier]}, " if flight.carrier in now else ""
        now[flight.carrier] = before + picture.duration(flight.seconds)
    rows = [
        (each.carrier, now.pop(each.carrier, "-"), picture.duration(each.median), picture.duration(each.slow),
         f"{each.returned}/{each.sent}")
        for each in told.carriers
    ]  # fmt: skip
    rows += [(carrier, seconds, "-", "-", "-") for carrier, seconds in now.items()]
    print()
    headings = ("到達 / carrier", "今回 / this time", "ふだん / median", "95 %", "戻った数 / came back")
    showing.as_table(headings, rows, "")


def draw(told: Facts, town: Town, file: Path, now: datetime) -> bool:
    """Writes the sheet; False, with the remedy told, where that cannot be."""
    try:
        from gateway.delivery.chart import lay_out
        from gateway.typography.typeface import UnprintableError

        paint = painter(file.suffix.lower())
    except ModuleNotFoundError as missing:
        print(f"mimamori: this needs the package {missing.name}; install the extra mimamori[poster]", file=sys.stderr)
        return False
    try:
        file.write_bytes(paint(lay_out(told, town, now)))
    except UnprintableError as error:
        print(f"mimamori: {error}", file=sys.stderr)
        return False
    print(f"mimamori: {file}", file=sys.stderr)
    return True


# --- who ----------------------------------------------------------------------------------------


def who(settings: Settings, arguments: argparse.Namespace) -> int:
    """Asks about one subscriber. With "-" the address comes from the standard input and stands in no process list."""
    address = sys.stdin.readline().strip() if arguments.address == "-" else arguments.address
    answer = administer(settings, "alerts who", {"number": arguments.number, "address": address})
    if arguments.json:
        showing.as_json(answer)
        return 0
    print(LOTS[answer["lot"]])
    if answer["code"] is not None:
        print(f"  相手の返事 / their answer: {answer['code']}")
    if answer["next_try"] is not None:
        next_try = showing.local(datetime.fromisoformat(answer["next_try"]), settings.gateway.timezone)
        print(f"  次の試み / next try: {next_try}")
    return 0
