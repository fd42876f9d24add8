"""The sheet as PDF."""

from fpdf import FPDF

from gateway.poster.sheet import Code, Mark, Sheet
from gateway.typography.marks import Panel, Text
from gateway.typography.paper import draw, new_paper


def pdf(sheet: Sheet) -> bytes:
    """The file, of one page."""
    paper = new_paper(title=sheet.title, author=sheet.author, language=sheet.language, made_at=sheet.made_at)
    paper.add_page()
    for mark in sheet.marks:
        _draw(paper, mark)
    return bytes(paper.output())


def _draw(paper: FPDF, mark: Mark) -> None:
    match mark:
        case Text() | Panel():
            draw(paper, mark)
        case Code():
            # One path for all: between two paths a viewer would show hairlines.
            with paper.new_path() as path:
                path.style.fill_color = "#000000"
                path.style.stroke_color = None
                for bar in mark.bars():
                    path.rectangle(*bar)
