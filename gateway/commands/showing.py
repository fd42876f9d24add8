"""How commands print: tables for people, one JSON value for programs."""

import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table


def as_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))


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
    """As wide as the terminal, or wide enough for a table where there is none."""
    return Console(highlight=False, width=None if Console().is_terminal else 200)
