"""`mimamori backup -o DIR|FILE`: a copy of all but the keys, beside a running server (protocol 8.6)."""

import argparse
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from gateway.administration.client import administer, progress
from gateway.backup import making
from gateway.backup.manifest import HOLDS, HOLDS_NOT
from gateway.commands import showing
from gateway.config import load


def run(arguments: argparse.Namespace) -> int:
    settings, now = load(arguments.config), datetime.now(UTC)
    goal = making.place(settings, Path(arguments.output), now)
    told = making.make(settings, goal, now, progress)
    digest = hashlib.sha256(told.text().encode()).hexdigest()
    administer(settings, "backup made", {"entries": told.facts.entries, "manifest": digest})
    if arguments.json:
        showing.as_json({"file": str(goal), "manifest_sha256": digest, "audit_entries": told.facts.entries})
        return 0
    rows = [(f"{year}年度 / fiscal year {year}", f"{count:,}") for year, count in told.facts.years.items()]
    rows.append(("監査記録 / audit entries", f"{told.facts.entries:,}"))
    showing.as_table(("", "件数 / rows"), rows, "")
    print(f"入っているもの / it holds: {HOLDS}")
    print(f"入っていないもの / it holds no: {HOLDS_NOT}")
    print(f"{goal}: {goal.stat().st_size:,} octets, manifest SHA-256 {digest}")
    print("年度が終わったら、このファイルも消してください / delete this file when its year is over")
    return 0
