"""Finds districts by code, name, kana or alias, and the nearest ones where nothing fits (protocol 2.3, 3.3)."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from handlers.folding import fold
from handlers.town import District

SEPARATORS = re.compile(r"[,、・/。\s]+")  # after NFKC, which makes one of each sign's widths
NUMBERS = re.compile(r"[\d,、・/\s.)。]+\Z")
ALL = frozenset(map(fold, ("all", "全域", "全地区")))
# What people add to a name; the longest first.
ENDINGS = tuple(
    map(fold, ("小学校区", "小学校", "中学校区", "校園区", "幼稚園", "小校区", "校区", "学区", "地区", "小"))
)
NEAREST = 3
# 3.3  Names match whole. Japanese has no blanks between words, so the signs beside a name must tell where it ends:
# kanji do not run into kanji, nor kana into kana, but for what people add to a name.
KANJI = r"一-鿿々"
KANA = r"ぁ-ゖー"
BEFORE = {
    "kanji": rf"(?:(?<![{KANJI}])|(?<=[市町村区域校]))",
    "kana": rf"(?:(?<![{KANA}])|(?<=[はがのをと]))",
}
AFTER = {
    "kanji": rf"(?={'|'.join(ENDINGS)}|希望|登録|配信)|(?![{KANJI}ゕゖ])",
    "kana": rf"(?=です|でお|と|を|お願|おねが|よろしく)|(?![{KANA}])",
}
LONGEST_NUMBER = 5  # digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a value names: codes in the configuration's order, and the words that name nothing."""

    codes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def words_of(district: District) -> tuple[str, ...]:
    return tuple(word for word in (district.code, district.name, district.kana, *district.aliases) if word)


def choose(value: str, districts: Sequence[District]) -> Choice:
    """The districts of a field's value; `all` and its Japanese words name every one."""
    words = [word for word in SEPARATORS.split(unicodedata.normalize("NFKC", value)) if word]
    if any(fold(word) in ALL for word in words):
        return Choice(codes=tuple(district.code for district in districts))
    known = _by_word(districts)
    found = {word: _lookup(word, known) for word in words}
    chosen = {code for code in found.values() if code is not None}
    return Choice(
        codes=tuple(district.code for district in districts if district.code in chosen),
        unknown=tuple(dict.fromkeys(word for word, code in found.items() if code is None)),
    )


def mentioned(text: str, districts: Sequence[District]) -> Choice:
    """The districts that a form's answer names: numbers on lines of numbers, names whole and longest first (3.3)."""
    chosen: set[str] = set()
    unknown: list[str] = []
    rest: list[str] = []
    for line in fold(text).split("\n"):
        if line.strip() and NUMBERS.match(line):
            for number in re.findall(r"\d+", line):
                if len(number) <= LONGEST_NUMBER and 1 <= int(number) <= len(districts):
                    chosen.add(districts[int(number) - 1].code)
                else:
                    unknown.append(number)
        else:
            rest.append(line)
    words = {fold(word): district.code for district in districts for word in words_of(district)}
    words |= dict.fromkeys(ALL, "*")
    for code in _longest_first("\n".join(rest), words):
        chosen |= {district.code for district in districts} if code == "*" else {code}
    return Choice(codes=tuple(d.code for d in districts if d.code in chosen), unknown=tuple(unknown))


def nearest(word: str, districts: Sequence[District]) -> tuple[District, ...]:
    """The three districts that are most like the word."""
    sought = _bare(fold(word))

    def likeness(district: District) -> float:
        return max(SequenceMatcher(None, sought, fold(other)).ratio() for other in words_of(district))

    return tuple(sorted(districts, key=likeness, reverse=True)[:NEAREST])


def names(codes: Iterable[str], districts: Sequence[District]) -> str:
    """The names of some districts, in the configuration's order, for a letter."""
    wanted = set(codes)
    return "、".join(district.name for district in districts if district.code in wanted)


def _by_word(districts: Sequence[District]) -> dict[str, str]:
    return {fold(word): district.code for district in districts for word in words_of(district)}


def _lookup(word: str, known: dict[str, str]) -> str | None:
    folded = fold(word)
    return known.get(folded) or known.get(_bare(folded))


def _bare(folded: str) -> str:
    ending = next((ending for ending in ENDINGS if folded.endswith(ending) and folded != ending), "")
    return folded.removesuffix(ending)


def _whole(word: str) -> str:
    """The pattern that finds the word where it stands for itself, and not inside a longer one."""
    pattern = re.escape(word)
    if word.isascii():
        return rf"(?<![a-z0-9-]){pattern}(?![a-z0-9-])"
    return BEFORE[_script(word[0])] + pattern + rf"(?:{AFTER[_script(word[-1])]})"


def _script(sign: str) -> str:
    return "kana" if re.match(rf"[{KANA}]", sign) else "kanji"


def _longest_first(text: str, words: dict[str, str]) -> list[str]:
    """The codes of the words found; a found word is cut out, so that no shorter one is found inside it."""
    codes = []
    for word in sorted(words, key=len, reverse=True):
        text, count = re.subn(_whole(word), "\n", text)
        if count:
            codes.append(words[word])
    return codes
