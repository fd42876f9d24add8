"""The sheet as PDF: the letters that it uses are embedded, and its text can be searched and read aloud."""

from typing import Literal

from fpdf import FPDF

from gateway.poster.sheet import HEIGHT, WIDTH, Code, Mark, Panel, Sheet, Text
from gateway.poster.typeface import FILES, Weight
from gateway.poster.typesetting import POINT

FAMILY = "sheet"
STYLES: dict[Weight, Literal["", "B"]] = {"regular": "", "bold": "B"}


def pdf(sheet: Sheet) -> bytes:
    """The file, of one page."""
    page = FPDF(unit="mm", format=(WIDTH, HEIGHT))
    page.set_auto_page_break(False)
    page.set_title(sheet.title)
    page.set_author(sheet.author)
    page.set_lang(sheet.language)
    page.set_creation_date(sheet.made_at)
    for weight, style in STYLES.items():
        page.add_font(FAMILY, style, FILES[weight])
    page.add_page()
    for mark in sheet.marks:
        _draw(page, mark)
    return bytes(page.output())


def _draw(page: FPDF, mark: Mark) -> None:
    match mark:
        case Text():
            page.set_font(FAMILY, STYLES[mark.weight], mark.size / POINT)
            page.set_text_color(mark.colour)
            page.text(mark.x, mark.y, mark.text)
        case Panel():
            _draw_panel(page, mark)
        case Code():
            # One path for all: between two paths a viewer would show hairlines.
            with page.new_path() as path:
                path.style.fill_color = "#000000"
                path.style.stroke_color = None
                for bar in mark.bars():
                    path.rectangle(*bar)


def _draw_panel(page: FPDF, panel: Panel) -> None:
    page.set_fill_color(panel.colour)
    page.set_draw_color(panel.colour)
    page.set_line_width(panel.line)
    page.rect(
        panel.x,
        panel.y,
        panel.width,
        panel.height,
        style="D" if panel.line else "F",
        round_corners=panel.radius > 0,
        corner_radius=panel.radius,
    )
