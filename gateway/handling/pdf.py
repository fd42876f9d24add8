"""The report as a PDF that can be filed: A4, numbered pages, its letters embedded, its text searchable."""

from datetime import datetime

from gateway.handling.document import Document
from gateway.handling.pages import lay_out
from gateway.typography.paper import draw, new_paper


def pdf(document: Document, made_at: datetime) -> bytes:
    """The file. Raises UnprintableError where the font lacks a letter."""
    title = f"{document.title.ja} {document.period}"
    paper = new_paper(title=title, author=document.organisation, language="ja", made_at=made_at)
    for page in lay_out(document):
        paper.add_page()
        for mark in page:
            draw(paper, mark)
    return bytes(paper.output())
