"""`mimamori audit tail`: the log as administrators read it; works beside a running server."""

import argparse
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text
from sqlalchemy import Connection

from gateway.commands import showing
from gateway.config import load
from gateway.ground import open_store
from storage import audit
from storage.audit import Entry
from storage.store import Store

FOLLOW_SECONDS = 0.25  # a new entry is seen within a second
AGE = re.compile(r"(\d{1,6})([smhd])\Z")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
Show = Callable[[Entry], None]
COLOURS = {"refused": "bold red", "repeated": "yellow", "accepted": "bold green", "confirmed": "green"}


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    store = open_store(settings, read_only=True)
    try:
        return tail(store, settings.gateway.timezone, arguments)
    finally:
        store.close()


def tail(store: Store, zone: ZoneInfo, arguments: argparse.Namespace) -> int:
    """The last n entries that match, and with -f all that follow, until interrupted."""
    try:
        since = moment(arguments.since) if arguments.since else None
    except ValueError:
        print('mimamori: --since: write "30m", "2h", "3d" or a time as "2026-04-01T08:00+09:00"', file=sys.stderr)
        return 2
    show = printer(zone, as_json=arguments.json)
    seen = store.read(_now(), lambda tx: _first(tx.connection, arguments, since, show))
    while arguments.follow:
        time.sleep(FOLLOW_SECONDS)
        seen = store.read(_now(), lambda tx, after=seen: _following(tx.connection, arguments, after, show))  # type: ignore[misc]
    return 0


def moment(text: str) -> datetime:
    """`2h` ago, or an ISO time (local where it has no offset). Raises ValueError."""
    if (age := AGE.match(text)) is not None:
        return _now() - timedelta(**{UNITS[age[2]]: int(age[1])})
    return datetime.fromisoformat(text).astimezone(UTC)


def _first(connection: Connection, arguments: argparse.Namespace, since: datetime | None, show: Show) -> int:
    """Shows what is there; the number of the newest entry."""
    most = None if since is not None and arguments.n == 10 else arguments.n
    for entry in audit.entries(connection, last=most, glob=arguments.event, since=since):
        show(entry)
    return audit.last_number(connection)


def _following(connection: Connection, arguments: argparse.Namespace, after: int, show: Show) -> int:
    for entry in audit.entries(connection, after=after):
        after = entry.seq
        if audit.matches(entry, arguments.event):
            show(entry)
    return after


def printer(zone: ZoneInfo, *, as_json: bool) -> Show:
    if as_json:
        return lambda entry: print(entry.text, flush=True)
    if not sys.stdout.isatty():
        return lambda entry: print(line(entry, zone), flush=True)
    console = Console(highlight=False)
    return lambda entry: console.print(coloured(entry, zone))


def line(entry: Entry, zone: ZoneInfo) -> str:
    """One entry for people: time, event, whom, which mail, and the details."""
    value = entry.value()
    detail = value["detail"]
    assert isinstance(detail, dict)
    facts = " ".join(f"{name}={showing.plain(fact)}" for name, fact in sorted(detail.items()))
    time = showing.local(entry.at, zone)
    return (
        f"{entry.seq:>6} {time} {entry.event:<22} {value['subject'] or '-':<20} {value['mail'] or '-'} {facts}".rstrip()
    )


def coloured(entry: Entry, zone: ZoneInfo) -> Text:
    outcome = entry.event.rpartition(":")[2]
    return Text(line(entry, zone), style=COLOURS.get(outcome, ""))


def _now() -> datetime:
    return datetime.now(UTC)
