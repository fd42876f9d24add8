"""The marks of an A4 page as values, in millimetres from its upper left corner. Nothing is drawn here."""

from dataclasses import dataclass

from gateway.typography.typeface import ASCENT, DESCENT, Weight

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
