"""The sheet as PNG: the PDF as a printer would see it."""

import io

import pypdfium2

from gateway.poster.pdf import pdf
from gateway.poster.sheet import Sheet
from gateway.typography.marks import HEIGHT, WIDTH

DOTS_PER_INCH = 300
SIZE = (round(WIDTH / 25.4 * DOTS_PER_INCH), round(HEIGHT / 25.4 * DOTS_PER_INCH))


def png(sheet: Sheet) -> bytes:
    """The file, at 300 dots an inch."""
    document = pypdfium2.PdfDocument(pdf(sheet))
    try:
        picture = document[0].render(scale=DOTS_PER_INCH / 72).to_pil().convert("RGB").crop((0, 0, *SIZE))
    finally:
        document.close()
    file = io.BytesIO()
    picture.save(file, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return file.getvalue()
