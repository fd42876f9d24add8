"""`mimamori trace MAIL_ID`: what became of one mail, from its arrival to the last of what it set off (protocol 8)."""

import argparse
import re
import sys
from datetime import UTC, datetime

from gateway.commands import audit as log
from gateway.commands import showing
from gateway.config import load
from gateway.ground import open_store
from storage import audit
from storage.audit import Entry
from storage.store import Transaction

MAIL_ID = re.compile(r"m-[0-9a-f]{16}\Z")  # as in the log, and in `audit tail`
ALERT = re.compile(r"\d{4}-\d{4,}\Z")


def run(arguments: argparse.Namespace) -> int:
    if not MAIL_ID.match(arguments.mail_id):
        print("mimamori: an id looks like m-0123456789abcdef; see `mimamori audit tail`", file=sys.stderr)
        return 2
    settings = load(arguments.config)
    store = open_store(settings, read_only=True)
    try:
        found = store.read(datetime.now(UTC), lambda tx: traced(tx, arguments.mail_id))
    finally:
        store.close()
    if not found:
        print(
            f"mimamori: no entry of {arguments.mail_id}; it came to another gateway, or was not taken", file=sys.stderr
        )
        return 1
    if arguments.json:
        showing.as_json([entry.value() for entry in found])
        return 0
    show = log.printer(settings.gateway.timezone, as_json=False)
    for entry in found:
        show(entry)
    return 0


def traced(transaction: Transaction, mail_id: str) -> list[Entry]:
    """The entries of the mail, and those of the alert that it began."""
    own = audit.holding(transaction.connection, "mail", mail_id)
    alerts = {str(entry.value()["subject"]) for entry in own}
    named = [name for name in alerts if ALERT.match(name)]
    further = [entry for name in named for entry in audit.holding(transaction.connection, "subject", name)]
    return sorted({entry.seq: entry for entry in (*own, *further)}.values(), key=lambda entry: entry.seq)
