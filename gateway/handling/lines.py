"""Lines of a report before they have their place: each text broken to a width, with English small below Japanese."""

from dataclasses import dataclass, replace

from gateway.handling.document import Words
from gateway.typography.marks import WIDTH, Text
from gateway.typography.typeface import ASCENT, Weight, typeface
from gateway.typography.typesetting import POINT, wrapped

MARGIN = 18.0
INNER = WIDTH - 2 * MARGIN
LEADING = 1.3
NAVY, INK, GREY, PALE = "#123a5c", "#1b242d", "#5a6773", "#eef3f7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; `left` is how far it is moved in, to stand at the right."""

    text: str
    size: float  # millimetres
    weight: Weight
    colour: str
    left: float = 0.0

    @property
    def width(self) -> float:
        return typeface(self.weight).width(self.text, self.size)


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines, one below the other."""

    lines: tuple[Line, ...]

    @property
    def height(self) -> float:
        return sum(line.size * LEADING for line in self.lines)

    @property
    def width(self) -> float:
        return max((line.width for line in self.lines), default=0.0)

    def placed(self, x: float, y: float) -> list[Text]:
        """The marks, with their upper left corner there."""
        marks = []
        for line in self.lines:
            baseline = y + line.size * ((LEADING - 1) / 2 + ASCENT)
            marks.append(
                Text(
                    x=x + line.left,
                    y=baseline,
                    text=line.text,
                    size=line.size,
                    width=line.width,
                    weight=line.weight,
                    colour=line.colour,
                )
            )
            y += line.size * LEADING
        return marks


def plain_lines(text: str, width: float, size: float, weight: Weight, colour: str) -> Lines:
    """The text at a size in points, in as many lines as it takes."""
    rows = wrapped(text, width, size, weight)
    return Lines(tuple(Line(text=row, size=size * POINT, weight=weight, colour=colour) for row in rows))


def at_right(lines: Lines, width: float) -> Lines:
    """The same, each line ending at the right."""
    return Lines(tuple(replace(line, left=width - line.width) for line in lines.lines))


def bilingual(words: Words, width: float, size: float, small: float, colour: str | None = None) -> Lines:
    """Japanese, and below it English in smaller letters."""
    japanese = plain_lines(words.ja, width, size, "regular", colour or INK)
    if not words.en:
        return japanese
    return Lines(japanese.lines + plain_lines(words.en, width, small, "regular", colour or GREY).lines)
