"""How commands print: tables for people, one JSON value for programs."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

UNFOLDED = 10_000  # characters


def as_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))


def local(moment: datetime, zone: ZoneInfo) -> str:
    """A time for people, by the clock of the town."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def plain(fact: object) -> str:
    """One fact of an audit entry for people."""
    if isinstance(fact, Mapping):
        return ",".join(f"{name}={plain(value)}" for name, value in fact.items())
    if isinstance(fact, list | tuple | set | frozenset):
        return ",".join(map(plain, fact))
    return str(fact)


def as_table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table, or one sentence where there is nothing to show."""
    if not rows:
        print(empty)
        return
    console().print(table(headings, rows, empty))


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> Table | str:
    """The same, to be printed later or together with others."""
    if not rows:
        return empty
    made = Table(box=None, pad_edge=False)
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*map(str, row))
    return made


def console() -> Console:
    """As wide as the terminal; where there is none, nothing is folded, so that each row is one line."""
    return Console(highlight=False, width=None if Console().is_terminal else UNFOLDED)
