"""The two weights of the font: how wide a text is, and the outlines of its letters.

The font files are packages of their own (SIL Open Font License), so that no machine's fonts are needed.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import noto_cjk_sans_jp_bold
import noto_cjk_sans_jp_regular
from fontTools.ttLib import TTFont

Weight = Literal["regular", "bold"]
FILES: dict[Weight, Path] = {
    "regular": Path(str(noto_cjk_sans_jp_regular.FONT_PATH)),
    "bold": Path(str(noto_cjk_sans_jp_bold.FONT_PATH)),
}
ASCENT = 0.88  # of the size: how far the square of a Japanese letter reaches above the baseline
DESCENT = 1 - ASCENT


class UnprintableError(Exception):
    """The font has no letter for something that has to be printed."""


class Typeface:
    """A font file, opened."""

    def __init__(self, path: Path) -> None:
        font = TTFont(path, lazy=True)
        self.units: int = font["head"].unitsPerEm
        self.outlines: Any = font.getGlyphSet()
        self._names: dict[int, str] = font.getBestCmap()
        self._advances: Any = font["hmtx"]

    def width(self, text: str, size: float) -> float:
        """How far the text reaches, in the unit of `size`."""
        return float(sum(self._advances[self._names[ord(letter)]][0] for letter in text) * size / self.units)

    def glyphs(self, text: str) -> Iterator[tuple[str, float]]:
        """The name of each letter's outline and where it begins, for a size of 1."""
        pen = 0
        for letter in text:
            name = self._names[ord(letter)]
            yield name, pen / self.units
            pen += self._advances[name][0]

    def printable(self, text: str) -> str:
        """The text without signs that have no shape of their own. Raises UnprintableError."""
        composed = unicodedata.normalize("NFC", text)
        shown = "".join(letter for letter in composed if not _is_selector(letter))
        for letter in shown:
            if letter != "\n" and ord(letter) not in self._names:
                which = f'U+{ord(letter):04X} in "{shown}"'
                raise UnprintableError(f"the font has no letter for {which}; write it in another way")
        return shown


@cache
def typeface(weight: Weight) -> Typeface:
    return Typeface(FILES[weight])


def _is_selector(letter: str) -> bool:
    """Chooses between shapes of the letter before it; the font's usual shape will do."""
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
