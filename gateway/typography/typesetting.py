"""Puts a text into an area: where lines end in Japanese and in addresses, and the largest size that fits.

Whatever the text, it never leaves its area: it gets smaller instead.
"""

import re
from dataclasses import dataclass

from gateway.typography.typeface import Weight, typeface

POINT = 25.4 / 72  # millimetres
NEVER_FIRST = frozenset("、。，．・：；？！）」』】〕》ー々ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ,.:;?!)]}")
NEVER_LAST = frozenset("（「『【〔《([{")
PHRASE_END = re.compile(
    r"""
      (?<=[ \u3000])(?![\d \u3000])            # after a blank, but a number stays with its word
    | (?<=[をにはがのでとへやび])(?=[一-龥ァ-ヺ])  # after a particle, before a noun
    | (?<=[、。・）」』】])(?=[^、。・）」』】])
    | (?=[（「『【])
    """,
    re.VERBOSE,
)
# Where a piece that is too long for a line is parted, the best places first.
PLACES = (
    PHRASE_END,
    None,  # between words, and between most Japanese letters
    re.compile(r"(?<=@)|(?=\.)"),  # in an address
    re.compile(r"(?=[+_-])"),
    re.compile(r"(?<=.)"),
)
PHRASES, LETTERS = 0, 1
WORTH = 0.8  # whole phrases are worth letters that are smaller by this factor
STEP = 0.5  # points between two sizes that are tried
SMALLEST = 2.0  # points


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a text is set: its size in points at best, and the size below which two lines are better than one."""

    largest: float
    comfortable: float = 0.0
    weight: Weight = "regular"
    leading: float = 1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Lines, and the size in points at which they fit."""

    lines: tuple[str, ...]
    size: float


def fit(text: str, width: float, height: float, style: Style) -> Setting:
    """The fewest lines that are comfortable to read, else the largest letters; the area is in millimetres."""
    text = typeface(style.weight).printable(text)
    whole, parted = (_fit(text, width, height, style, place) for place in (PHRASES, LETTERS))
    return whole if whole.size >= WORTH * parted.size else parted


def wrapped(text: str, width: float, size: float, weight: Weight = "regular") -> tuple[str, ...]:
    """The text in as many lines as it takes at this size, in points."""
    return tuple(_lines(typeface(weight).printable(text), width, size * POINT, weight, PHRASES))


def _fit(text: str, width: float, height: float, style: Style, place: int) -> Setting:
    fitting: list[Setting] = []
    size = style.largest
    while size > SMALLEST and not (fitting and size < style.comfortable):
        lines = tuple(_lines(text, width, size * POINT, style.weight, place))
        if len(lines) * size * POINT * style.leading <= height:
            fitting.append(Setting(lines=lines, size=size))
        size -= STEP
    if not fitting:  # nobody can read it, and nothing is covered by it
        return Setting(lines=tuple(_lines(text, width, SMALLEST * POINT, style.weight, place)), size=SMALLEST)
    if fitting[0].size >= style.comfortable:
        best = min(fitting, key=lambda setting: len(setting.lines))
    else:
        best = fitting[0]
    return _balanced(text, width, best, style, place)


def _balanced(text: str, width: float, setting: Setting, style: Style, place: int) -> Setting:
    """The same number of lines, as equal in length as they can be: no last line of one letter."""
    if len(setting.lines) == 1 or "\n" in text:
        return setting
    size, wide = setting.size * POINT, width
    pieces = _pieces(text, width, size, style.weight, place)
    narrow = max(typeface(style.weight).width(piece.strip(), size) for piece in pieces)  # nothing more is parted
    while wide - narrow > size / 8:
        middle = (narrow + wide) / 2
        if len(_lines(text, middle, size, style.weight, place)) > len(setting.lines):
            narrow = middle
        else:
            wide = middle
    return Setting(lines=tuple(_lines(text, wide, size, style.weight, place)), size=setting.size)


def _lines(text: str, width: float, size: float, weight: Weight, place: int) -> list[str]:
    """The text in lines that are no wider than `width`."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph, width, size, weight, place):
            if line and typeface(weight).width((line + piece).rstrip(), size) > width:
                lines.append(line.strip())
                line = ""
            line += piece
        lines.append(line.strip())
    return lines


def _pieces(text: str, width: float, size: float, weight: Weight, place: int) -> list[str]:
    """What may stand at a line's end; what is wider than a line is parted at the next best places."""
    pieces = []
    for piece in _parted(text, place):
        if typeface(weight).width(piece.rstrip(), size) <= width or place + 1 == len(PLACES):
            pieces.append(piece)
        else:
            pieces.extend(_pieces(piece, width, size, weight, place + 1))
    return pieces


def _parted(text: str, place: int) -> list[str]:
    where = PLACES[place]
    return [piece for piece in where.split(text) if piece] if where else _unparted(text)


def _unparted(text: str) -> list[str]:
    """Words of Latin letters, and Japanese letters with the signs that cling to them."""
    pieces: list[str] = []
    for letter in text:
        if pieces and _clings(pieces[-1][-1], letter):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces


def _clings(before: str, letter: str) -> bool:
    if letter.isspace() or letter in NEVER_FIRST or before in NEVER_LAST:
        return True
    return before.isascii() and letter.isascii() and not before.isspace()
