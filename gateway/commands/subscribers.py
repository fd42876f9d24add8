"""`mimamori subscribers count|forget`: how many are registered, never who; and one of them erased (protocol 4.6)."""

import argparse
import sys
from datetime import UTC, datetime

from gateway.administration.client import administer
from gateway.commands import confirming, showing
from gateway.config import load
from gateway.ground import open_store
from storage import subscriptions
from storage.clock import micros


def run(arguments: argparse.Namespace) -> int:
    return forget(arguments) if arguments.action == "forget" else count(arguments)


def forget(arguments: argparse.Namespace) -> int:
    """Erases what is kept of the address that the administrator names; - reads it from standard input."""
    settings = load(arguments.config)
    address = sys.stdin.readline().strip() if arguments.address == "-" else arguments.address
    question = "この宛先の登録・申し出・手紙をすべて消去しますか / erase all that is kept of this address?"
    if (code := confirming.confirmed(question, arguments.yes, times=2)) != 0:
        return code
    gone = administer(settings, "subscribers forget", {"address": address})
    if arguments.json:
        showing.as_json(gone)
        return 0
    if gone["years"] or gone["requests"] or gone["letters"]:
        years = "、".join(map(str, gone["years"])) or "-"
        print(
            f"消去しました / erased: 登録 / registered {years}, 申し出 / requests {gone['requests']}, "
            f"手紙 / letters {gone['letters']}"
        )
    else:
        print("何も保管していません / nothing was kept of it")
    if gone["staff"]:
        print("職員としての登録は残っています / it is still enrolled as staff: mimamori staff remove")
    return 0


def count(arguments: argparse.Namespace) -> int:
    store = open_store(load(arguments.config), read_only=True)
    now = datetime.now(UTC)
    try:
        counts = store.read(now, lambda tx: subscriptions.counts(tx.connection, micros(now)))
    finally:
        store.close()
    if arguments.json:
        showing.as_json(counts)
        return 0
    rows = [("登録済 / active", counts["active"]), ("仮登録 / pending", counts["pending"])]
    rows += [("配信停止中 / suspended", counts["suspended"])]
    years = counts["years"]
    assert isinstance(years, dict)
    rows += [(f"{year}年度 / fiscal year {year}", count) for year, count in sorted(years.items())]
    showing.as_table(("", "人数 / people"), rows, "")
    return 0
