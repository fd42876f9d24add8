"""A PDF of A4 pages: the letters that it uses are embedded, and its text can be searched and read aloud."""

from datetime import datetime
from typing import Literal

from fpdf import FPDF

from gateway.typography.marks import HEIGHT, WIDTH, Panel, Text
from gateway.typography.typeface import FILES, Weight
from gateway.typography.typesetting import POINT
from handlers.town import Language

FAMILY = "sheet"
STYLES: dict[Weight, Literal["", "B"]] = {"regular": "", "bold": "B"}


def new_paper(*, title: str, author: str, language: Language, made_at: datetime) -> FPDF:
    """A file without a page yet."""
    paper = FPDF(unit="mm", format=(WIDTH, HEIGHT))
    paper.set_auto_page_break(False)
    paper.set_title(title)
    paper.set_author(author)
    paper.set_lang(language)
    paper.set_creation_date(made_at)
    for weight, style in STYLES.items():
        paper.add_font(FAMILY, style, FILES[weight])
    return paper


def draw(paper: FPDF, mark: Text | Panel) -> None:
    """The mark, on the page that was added last."""
    match mark:
        case Text():
            paper.set_font(FAMILY, STYLES[mark.weight], mark.size / POINT)
            paper.set_text_color(mark.colour)
            paper.text(mark.x, mark.y, mark.text)
        case Panel():
            _draw_panel(paper, mark)


def _draw_panel(paper: FPDF, panel: Panel) -> None:
    paper.set_fill_color(panel.colour)
    paper.set_draw_color(panel.colour)
    paper.set_line_width(panel.line)
    paper.rect(
        panel.x,
        panel.y,
        panel.width,
        panel.height,
        style="D" if panel.line else "F",
        round_corners=panel.radius > 0,
        corner_radius=panel.radius,
    )
