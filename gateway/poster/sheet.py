"""The sheet as values: the marks on it, and the QR code, which is one of them. Nothing is drawn here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.typography.marks import Panel, Text
from handlers.town import Language


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
