"""The formats in which a sheet can be written, by the ending of the file's name."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.poster.sheet import Sheet

FORMATS = (".svg", ".png", ".pdf")


def painter(suffix: str) -> "Callable[[Sheet], bytes]":
    """What draws this format; the others' libraries are not loaded, which takes seconds."""
    match suffix:
        case ".svg":
            from gateway.poster.svg import svg

            return svg
        case ".png":
            from gateway.poster.png import png

            return png
        case _:
            from gateway.poster.pdf import pdf

            return pdf
