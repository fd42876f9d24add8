"""`mimamori subscribers count`: how many are registered; never who."""

import argparse
from datetime import UTC, datetime

from gateway.commands import showing
from gateway.config import load
from gateway.ground import open_store
from storage import subscriptions
from storage.clock import micros


def run(arguments: argparse.Namespace) -> int:
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
