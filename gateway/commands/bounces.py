"""`mimamori subscribers bounces`: why mail came back in the last days, how often; never whose."""

import argparse
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gateway.commands import showing
from gateway.config import load
from gateway.ground import open_store
from storage import audit
from storage.audit import Entry

BAR = 40  # columns of the longest
OTHERS = {
    "bounce:probed": "probed",
    "bounce:suspended": "suspended",
    "bounce:revived": "revived",
    "bounce:frozen": "frozen",
}
SHOWN = {
    "probed": "確認した / asked",
    "suspended": "配信を止めた / suspended",
    "revived": "再開した / revived",
    "frozen": "障害とみて数えず / outages",
}


def run(arguments: argparse.Namespace) -> int:
    store = open_store(load(arguments.config), read_only=True)
    now = datetime.now(UTC)
    since = now - timedelta(days=arguments.days)
    try:
        entries = store.read(now, lambda tx: audit.read(tx.connection, glob="bounce:*", since=since))
    finally:
        store.close()
    reasons, others = counts(entries)
    if arguments.json:
        showing.as_json({"days": arguments.days, "reasons": reasons, **others})
        return 0
    rows = [(reason, count, bar(count, max(reasons.values()))) for reason, count in reasons.items()]
    title = f"この{arguments.days}日間 / the last {arguments.days} days"
    showing.as_table(("理由 / reason", "人日 / people × days", title), rows, f"{title}: 不達なし / nothing came back")
    showing.as_table(("", ""), [(SHOWN[name], count) for name, count in others.items()], "")
    return 0


def counts(entries: Iterable[Entry]) -> tuple[dict[str, int], dict[str, int]]:
    """The failures counted, by reason, most frequent first; and what followed from them."""
    reasons: Counter[str] = Counter()
    others = dict.fromkeys(OTHERS.values(), 0)
    for entry in entries:
        if entry.event == "bounce:counted":
            detail = entry.value()["detail"]
            assert isinstance(detail, dict)
            reasons[str(detail["reason"])] += 1
        elif entry.event in OTHERS:
            others[OTHERS[entry.event]] += 1
    return dict(reasons.most_common()), others


def bar(count: int, most: int) -> str:
    """At least one block for what is there at all."""
    return "█" * max(1, round(BAR * count / most))
