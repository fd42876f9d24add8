"""Lays a report out on A4 pages: what stands where. Lengths are millimetres, sizes points; nothing is drawn here."""

from dataclasses import dataclass, field

from gateway.handling.charts import CHART_HEIGHT, bars
from gateway.handling.document import Block, Chart, Document, Facts, Note, Section, Table, Words
from gateway.handling.lines import GREY, INK, INNER, MARGIN, NAVY, PALE, Lines, at_right, bilingual, plain_lines
from gateway.typography.marks import HEIGHT, Panel, Text
from gateway.typography.typeface import Weight

TOP, BOTTOM = 24.0, HEIGHT - 20.0
NAME_WIDTH = 62.0
PAD = 1.6
KEPT = 38.0  # what a heading wants below it on its page
Mark = Text | Panel


@dataclass(slots=True)
class Pages:
    """Not frozen: it grows while the report is laid out."""

    pages: list[list[Mark]] = field(default_factory=lambda: [[]])
    y: float = TOP

    def room(self, height: float) -> bool:
        """Whether so much fits below; where not, a new page begins."""
        if self.y + height <= BOTTOM or self.y == TOP:
            return True
        self.pages.append([])
        self.y = TOP
        return False

    def put(self, *marks: Mark) -> None:
        self.pages[-1].extend(marks)

    def set(self, lines: Lines, x: float, y: float) -> None:
        self.put(*lines.placed(x, y))


def lay_out(document: Document) -> list[list[Mark]]:
    """Every page's marks, with head and foot."""
    flow = Pages()
    _title(flow, document)
    for place, section in enumerate(document.sections, start=1):
        _section(flow, place, section)
    for page, marks in enumerate(flow.pages, start=1):
        marks.extend(_head_and_foot(document, page, len(flow.pages)))
    return flow.pages


def _title(flow: Pages, document: Document) -> None:
    flow.put(Panel(x=MARGIN, y=TOP - 4, width=INNER, height=34, colour=NAVY, radius=2))
    white = "#ffffff"
    flow.set(plain_lines(document.title.ja, INNER - 16, 22, "bold", white), MARGIN + 8, TOP - 1)
    flow.set(plain_lines(document.title.en, INNER - 16, 11, "regular", white), MARGIN + 8, TOP + 10)
    flow.set(plain_lines(document.organisation, INNER - 16, 12, "bold", white), MARGIN + 8, TOP + 18)
    flow.set(plain_lines(document.period, INNER - 16, 9.5, "regular", white), MARGIN + 8, TOP + 24)
    flow.y = TOP + 36


def _head_and_foot(document: Document, page: int, pages: int) -> list[Mark]:
    marks: list[Mark] = []
    if page > 1:
        marks += plain_lines(f"{document.title.ja}　{document.organisation}", INNER, 8, "regular", GREY).placed(
            MARGIN, 12
        )
        marks.append(Panel(x=MARGIN, y=17.5, width=INNER, height=0.25, colour=GREY))
    marks.append(Panel(x=MARGIN, y=HEIGHT - 15, width=INNER, height=0.25, colour=GREY))
    made = plain_lines(f"作成 / made: {document.made}", INNER, 8, "regular", GREY)
    marks += made.placed(MARGIN, HEIGHT - 13.5)
    marks += at_right(plain_lines(f"{page} / {pages}", INNER, 8, "regular", GREY), INNER).placed(MARGIN, HEIGHT - 13.5)
    return marks


def _section(flow: Pages, place: int, section: Section) -> None:
    flow.room(KEPT)
    flow.y += 2.0 if flow.y == TOP else 5.0
    heading = plain_lines(f"{place}　{section.title.ja}", INNER, 13.5, "bold", NAVY)
    flow.set(heading, MARGIN, flow.y)
    english = plain_lines(section.title.en, INNER, 9, "regular", GREY)
    flow.set(english, MARGIN + heading.width + 4, flow.y + 1.9)
    flow.y += heading.height + 0.6
    flow.put(Panel(x=MARGIN, y=flow.y, width=INNER, height=0.5, colour=NAVY))
    flow.y += 2.5
    for block in section.blocks:
        _block(flow, block)
        flow.y += 3.0


def _block(flow: Pages, block: Block) -> None:
    match block:
        case Facts():
            _facts(flow, block)
        case Table():
            _table(flow, block)
        case Chart():
            flow.room(CHART_HEIGHT)
            flow.put(*bars(block, flow.y))
            flow.y += CHART_HEIGHT
        case Note(text=text):
            _note(flow, text)


def _note(flow: Pages, text: Words) -> None:
    lines = bilingual(text, INNER, 9, 7.5)
    flow.room(lines.height)
    flow.set(lines, MARGIN, flow.y)
    flow.y += lines.height


def _facts(flow: Pages, facts: Facts) -> None:
    for name, value in facts.rows:
        names = bilingual(name, NAME_WIDTH - 4, 9.5, 7)
        values = plain_lines(value, INNER - NAME_WIDTH, 9.5, "regular", INK)
        height = max(names.height, values.height) + PAD
        flow.room(height)
        flow.set(names, MARGIN + 1.5, flow.y + PAD / 2)
        flow.set(values, MARGIN + NAME_WIDTH, flow.y + PAD / 2)
        flow.y += height
        flow.put(Panel(x=MARGIN, y=flow.y, width=INNER, height=0.15, colour="#c3ccd4"))


# --- tables -------------------------------------------------------------------------------------


def _table(flow: Pages, table: Table) -> None:
    if not table.rows:
        _note(flow, table.empty)
        return
    widths = [share / sum(table.widths) * INNER for share in table.widths]
    heading = _row(table, table.headings, widths, "#ffffff")
    rows = [_row(table, row, widths) for row in table.rows]
    total = _row(table, table.total, widths, weight="bold") if table.total else None
    flow.room(heading.height + rows[0].height)
    _draw(flow, heading, widths, NAVY)
    for place, row in enumerate(rows):
        if not flow.room(row.height):
            _draw(flow, heading, widths, NAVY)
        _draw(flow, row, widths, PALE if place % 2 else None)
    flow.put(Panel(x=MARGIN, y=flow.y, width=INNER, height=0.3, colour=NAVY))
    if total:
        flow.room(total.height)
        _draw(flow, total, widths, None)
        flow.put(Panel(x=MARGIN, y=flow.y, width=INNER, height=0.3, colour=NAVY))


@dataclass(frozen=True, slots=True)
class _Row:
    cells: list[Lines]

    @property
    def height(self) -> float:
        return max(cell.height for cell in self.cells) + 2 * PAD / 2 + 0.8


def _row(
    table: Table,
    cells: tuple[str | Words, ...],
    widths: list[float],
    colour: str | None = None,
    weight: Weight = "regular",
) -> _Row:
    placed = []
    for cell, wide, shape in zip(cells, widths, table.shape, strict=True):
        room = wide - 3
        words = cell if isinstance(cell, Words) else None
        lines = bilingual(words, room, 9, 7, colour) if words else plain_lines(str(cell), room, 9, weight, INK)
        placed.append(at_right(lines, room) if shape == "r" else lines)
    return _Row(placed)


def _draw(flow: Pages, row: _Row, widths: list[float], colour: str | None) -> None:
    if colour:
        flow.put(Panel(x=MARGIN, y=flow.y, width=INNER, height=row.height, colour=colour))
    x = MARGIN
    for cell, wide in zip(row.cells, widths, strict=True):
        flow.set(cell, x + 1.5, flow.y + PAD / 2 + 0.4)
        x += wide
    flow.y += row.height
