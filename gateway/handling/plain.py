"""The report as plain text of 100 columns, for a terminal, a letter or a ticket."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from gateway.handling.document import Block, Chart, Document, Facts, Note, Table, Words, number

WIDTH = 100
BAR = 40
PIECE = re.compile(r"[!-~]+ *|.")
CLINGING = "、。）」"


def plain(document: Document) -> str:
    """The whole text."""
    lines = [str(document.title), "=" * WIDTH, document.organisation, document.period, document.made]
    for place, section in enumerate(document.sections, start=1):
        lines += ["", f"{place}. {section.title}", "-" * WIDTH]
        for block in section.blocks:
            lines += [*_block(block), ""]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Facts():
            wide = max((columns(str(name)) for name, _ in block.rows), default=0)
            for name, value in block.rows:
                yield f"  {_padded(str(name), wide)}  {value}"
        case Table():
            yield from _table(block)
        case Chart():
            yield from _chart(block)
        case Note(text=text):
            for each in (text.ja, text.en):
                yield from (f"  {line}" for line in _folded(each, WIDTH - 2))


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        yield f"  ({table.empty})"
        return
    head: list[Sequence[str | Words]] = [table.headings]
    rows = [[str(cell) for cell in row] for row in [*head, *table.rows, *([table.total] if table.total else [])]]
    wide = [max(columns(row[place]) for row in rows) for place in range(len(table.shape))]
    for count, row in enumerate(rows):
        cells = [_padded(cell, wide[at], table.shape[at] == "r") for at, cell in enumerate(row)]
        if count == 1 or (table.total and count == len(rows) - 1):
            yield "  " + "  ".join("-" * each for each in wide)
        yield "  " + "  ".join(cells)


def _chart(chart: Chart) -> Iterator[str]:
    yield f"  {chart.title}"
    most = max((value for series in chart.series for value in series.values), default=0) or 1
    for series, sign in zip(chart.series, "#-", strict=False):
        yield f"  {sign} {series.name}"
    for place, month in enumerate(chart.months):
        for series, sign in zip(chart.series, "#-", strict=False):
            value = series.values[place]
            bar = sign * (-(-value * BAR // most))
            yield f"  {month}  {bar} {number(value)}"


def _padded(text: str, width: int, right: bool = False) -> str:
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _folded(text: str, width: int) -> Iterator[str]:
    """Lines of that many columns: words stay whole, and no line begins with a sign that clings to what is before."""
    line = ""
    for piece in PIECE.findall(text):
        if line and columns((line + piece).rstrip()) > width and piece not in CLINGING:
            yield line.rstrip()
            line = ""
        line += piece
    yield line
