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
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    Console(highlight=False, width=None if Console().is_terminal else 200).print(table)
