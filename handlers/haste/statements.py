"""Splits an alert into its statements: sentences and lines of a list; what a mail program wrapped is joined (5.10).

A time or a place counts only in a statement about what happened: 「本日は集団下校とします」 says nothing of the event.
"""

import re
import unicodedata
from dataclasses import dataclass, field

DASHES = re.compile(r"[\u2010-\u2015\u2212\uff0d\u30fc\u2500](?=\d)|(?<=\d)[\u2010-\u2015\u2212\uff0d\u30fc\u2500]")
SPACES = re.compile(r"[ \t\u3000]+")
BULLET = re.compile(r"\s*(?:[・■□◆◇●○◎▼▽▲△★☆※*-]|[【〔\[<(（]|\(?\d{1,2}[.)](?!\d)|[①-⑳])")
LABEL = re.compile(r"[^\s:、。]{1,14} ?:(?!\d)")
END = re.compile(r"(?<=[。！？!?])|(?<=[a-z)]\.)\s+(?=[A-Z])")
ENDED = re.compile(r"[。！？!?.」)】]\s*\Z")

# What somebody is to do, or what will be done.
MEASURE = re.compile(
    r"ください|下さい|お願い|願います|ましょう|[いきしちにびみりえけせてねべめれと]ます|予定|とする|ないこと|ないで"
    r"|\b(?:please|will|should|must|do not|don't|avoid|keep|call)\b",
    re.IGNORECASE,
)
HAPPENED = re.compile(
    r"ました(?!ら)|[てで](?:い|お)?(?:り)?ます|ていた|でした|が(?:い|お|あ)ります|がいます|とのこと|との(?:情報"
    r"|通報|連絡|目撃)|もよう|模様|発生"
    r"|目撃|出没|事案|行方不明|見かけた|あった|された|かけられ|追いかけ|痴漢|逃走"
    r"|\b(?:was|were|has been|have been|had|saw|seen|spotted|reported|happened|occurred|approached|followed|tried"
    r"|missing|ran|hit|went|appeared|received|spoke|asked|grabbed|collided|found|took|attacked)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that an alert says, in plain signs."""

    text: str = field(repr=False)

    @property
    def of_event(self) -> bool:
        """Whether it may tell what happened, rather than only what is to be done."""
        return HAPPENED.search(self.text) is not None or MEASURE.search(self.text) is None


def plain(text: str) -> str:
    """The text with every sign in its common form: widths, dashes between digits, waves, blanks."""
    text = unicodedata.normalize("NFKC", text).replace("〜", "~").replace("\r\n", "\n")
    return SPACES.sub(" ", DASHES.sub("-", text))


def statements(subject: str, text: str) -> tuple[Statement, ...]:
    """The subject first, then the text in its order."""
    units = [plain(subject)]
    for block in re.split(r"\n[ \t]*\n", plain(text)):
        units += _joined(block.split("\n"))
    split = [part.strip() for unit in units for part in END.split(unit)]
    return tuple(Statement(part) for part in split if part)


def _joined(lines: list[str]) -> list[str]:
    """Lines that belong together: a wrapped sentence is one, a list is several, a heading goes with what it heads."""
    units: list[str] = []
    for line in filter(None, map(str.strip, lines)):
        begins = BULLET.match(line) or LABEL.match(line)
        if units and not begins and not ENDED.search(units[-1]):
            glue = " " if units[-1][-1:].isascii() and line[:1].isascii() else ""
            units[-1] += glue + line
        else:
            units.append(line)
    return units
