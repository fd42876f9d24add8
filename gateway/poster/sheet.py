"""The sheet as values: A4, and the marks on it in millimetres from its upper left corner. Nothing is drawn here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.poster.typeface import ASCENT, DESCENT, Weight
from handlers.town import Language

WIDTH, HEIGHT = 210.0, 297.0  # A4, ISO 216


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One line; `y` is its baseline."""

    x: float
    y: float
    text: str
    size: float  # millimetres
    width: float
    weight: Weight
    colour: str

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.x, self.y - ASCENT * self.size, self.x + self.width, self.y + DESCENT * self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A rectangle, with round corners where `radius` says so; filled, or a frame of `line` millimetres."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    radius: float = 0.0
    line: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A QR code; `size` is that of all its modules, with the quiet zone."""

    x: float
    y: float
    size: float
    modules: tuple[tuple[bool, ...], ...]

    def bars(self) -> Iterator[tuple[float, float, float, float]]:
        """The dark modules, row by row, neighbours in one piece: x, y, width, height."""
        module = self.size / len(self.modules)
        for row, dark in enumerate(self.modules):
            start = None
            for column, is_dark in enumerate((*dark, False)):
                if is_dark and start is None:
                    start = column
                if not is_dark and start is not None:
                    yield self.x + start * module, self.y + row * module, (column - start) * module, module
                    start = None


Mark = Text | Panel | Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A poster, laid out; later marks lie on earlier ones."""

    title: str
    author: str
    language: Language
    made_at: datetime
    marks: tuple[Mark, ...]
