"""What people hold to be the same word: 富雄小, 富雄小学校区 and 富雄校区; 第三, 第3 and 三 (protocol 2.3, 3.3).

It takes words apart and knows no district; which word wins is for handlers/districts.py.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from handlers.folding import TO_HIRAGANA, fold

Kind = Literal["", "primary", "junior", "kindergarten"]

KANJI = "㐀-䶿一-鿿豈-﫿々〆"
BLANKS = re.compile(r"\s+")
BRACKETS = re.compile(r"[「」『』【】〈〉《》〔〕“”‘’\"'()\[\]<>]")
DASHES = re.compile("[-‐‑‒–—―−ー]")
SMALL_KE = re.compile(rf"(?<=[{KANJI}])[ヶケガゖけが](?=[{KANJI}])")  # 緑ヶ丘, 緑ケ丘, 緑が丘
NUMERAL = re.compile("第?([二三四五六七八九]?十[一二三四五六七八九]?|[〇一二三四五六七八九]+|[0-9]+)")
DIGITS = {ord(sign): str(value) for value, sign in enumerate("〇一二三四五六七八九")}
FOUNDER = re.compile(r"\A.{0,8}?[市町村区]立(?=.)")  # 奈良市立富雄小学校
BARE_JUNIOR = "中"  # 田中 and 府中 are places
# What people add to a name. A name that ends so by itself is found first, as it is written.
ENDINGS: dict[str, Kind] = {
    **dict.fromkeys(("校園区", "校区", "学区", "地区", "こうく"), ""),
    **dict.fromkeys(
        ("小学校区", "小学校", "小学区", "小校園区", "小校区", "小学", "小", "しょうがっこうく", "しょうがっこう"),
        "primary",
    ),
    **dict.fromkeys(("中学校区", "中学校", "中学区", "中校区", "中学", BARE_JUNIOR, "ちゅうがっこう"), "junior"),
    **dict.fromkeys(
        ("認定こども園", "こども園", "子ども園", "子供園", "幼稚園区", "幼稚園", "幼保園", "ようちえん"), "kindergarten"
    ),
}
LONGEST_FIRST = sorted(ENDINGS, key=len, reverse=True)
ENDING = "|".join(LONGEST_FIRST)


@dataclass(frozen=True, slots=True)
class Parts:
    """A word in its common form: 富雄第3小学校 is the place 富雄3 and what was added to it."""

    whole: str
    stem: str
    ending: str
    kind: Kind


def exact(word: str) -> str:
    """The word as it is written, but for widths, cases, kana and blanks within."""
    return BLANKS.sub("", fold(word))


def levelled(text: str) -> str:
    """The text with numerals, hyphens and the ヶ of place names in one form; katakana stays what it is."""
    text = SMALL_KE.sub("が", unicodedata.normalize("NFKC", text).casefold())
    return DASHES.sub("ー", NUMERAL.sub(_number, text))


def common(word: str) -> str:
    """The form in which words of the same meaning are equal."""
    bare = levelled(BLANKS.sub("", BRACKETS.sub("", unicodedata.normalize("NFKC", word))))
    return FOUNDER.sub("", bare.translate(TO_HIRAGANA))


def parts(word: str) -> Parts:
    whole = common(word)
    ending = next((ending for ending in LONGEST_FIRST if whole.endswith(ending) and whole != ending), "")
    return Parts(whole, whole.removesuffix(ending), ending, ENDINGS.get(ending, ""))


def _number(found: re.Match[str]) -> str:
    tens, ten, ones = found[1].partition("十")
    if not ten:
        return tens.translate(DIGITS)
    return (tens or "一").translate(DIGITS) + (ones or "〇").translate(DIGITS)
