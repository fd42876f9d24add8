"""Finds districts by any word of theirs, and the nearest ones where nothing fits (protocol 2.3, 3.3).

A word that could mean two districts means none: it is unknown, never guessed.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from handlers import running_text
from handlers.district_words import BARE_JUNIOR, ENDING, common, exact, parts
from handlers.folding import fold
from handlers.town import District

BETWEEN = re.compile(r"[,、・/。]+")  # after NFKC, which makes one of each sign's widths
SEPARATORS = re.compile(r"[,、・/。\s]+")
NUMBERS = re.compile(r"[\d,、・/\s.)。]+\Z")
ENCLOSED = re.compile("([①-⑳⑴-⒇⒈-⒛])")  # each is a number of its own, which NFKC would join: ①③ is not 13
ALL = frozenset(map(fold, ("all", "全域", "全地区")))
EVERYWHERE = re.compile(r"(?:(?:yes|please|the|of|them|districts|areas|thanks|all)[\s,.!]*)+\Z")
NEAREST = 3
LONGEST_NUMBER = 5  # digits
LONGEST_JOINED = 4  # words that blanks have torn apart
LONGEST_LIST = 500  # signs of a line that may be a list of names
MOST_WORDS = 500  # that are looked up; nobody names more districts one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a value names: codes in the configuration's order, and the words that name nothing."""

    codes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def words_of(district: District) -> tuple[str, ...]:
    own = (district.code, district.name, district.kana, *district.aliases)
    return tuple(word for word in (*own, *district.schools) if word)


def choose(value: str, districts: Sequence[District]) -> Choice:
    """The districts of a field's value; `all` and its Japanese words name every one."""
    value = unicodedata.normalize("NFKC", value)
    if any(fold(word) in ALL for word in SEPARATORS.split(value)):
        return Choice(codes=tuple(district.code for district in districts))
    index = _index(tuple(districts))
    found: dict[str, str | None] = {}
    for part in BETWEEN.split(value):
        words = part.split()
        known = max(0, MOST_WORDS - len(found))
        found |= _between_blanks(words[:known], index) | dict.fromkeys(words[known:])
    return Choice(
        codes=_in_order((code for code in found.values() if code), districts),
        unknown=tuple(word for word, code in found.items() if code is None),
    )


def mentioned(text: str, districts: Sequence[District]) -> Choice:
    """The districts that a form's answer names: numbers on lines of numbers, names whole and longest first (3.3)."""
    chosen: set[str] = set()
    unknown: list[str] = []
    rest: list[str] = []
    for line in unicodedata.normalize("NFKC", ENCLOSED.sub(r" \1 ", text)).split("\n"):
        if line.strip() and NUMBERS.match(line):
            for number in re.findall(r"\d+", line):
                if len(number) <= LONGEST_NUMBER and 1 <= int(number) <= len(districts):
                    chosen.add(districts[int(number) - 1].code)
                else:
                    unknown.append(number)
        elif named := _listed(line[: LONGEST_LIST + 1], districts):
            chosen.update(named)
        else:
            rest.append(line)
    chosen.update(_in_running_text("\n".join(rest), districts))
    return Choice(codes=_in_order(chosen, districts), unknown=tuple(unknown))


def nearest(word: str, districts: Sequence[District]) -> tuple[District, ...]:
    """The three districts that are most like the word; of those equally like it, the configuration's first."""
    sought = {common(word), parts(word).stem}

    def likeness(district: District) -> float:
        forms = {form for other in words_of(district) for form in (common(other), parts(other).stem)}
        return max(SequenceMatcher(None, one, form).ratio() for one in sought for form in forms)

    return tuple(sorted(districts, key=likeness, reverse=True)[:NEAREST])


def names(codes: Iterable[str], districts: Sequence[District]) -> str:
    """The names of some districts, in the configuration's order, for a letter."""
    wanted = set(codes)
    return "、".join(district.name for district in districts if district.code in wanted)


@dataclass(frozen=True, slots=True)
class Index:
    """Every form of every word, and the codes that it may mean."""

    exact: Mapping[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # (富雄, primary): 富雄小, 富雄小学校区. Schools count here and above, nowhere else: they need not bear the name
    # of the place that they serve.
    alike: Mapping[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    places: Mapping[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # names without a kind of school
    stems: Mapping[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # what is left of any name
    with_schools: set[str] = field(default_factory=set)

    def add(self, district: District) -> None:
        for word in words_of(district):
            self.exact[exact(word)].add(district.code)
            taken = parts(word)
            self.alike[taken.whole, ""].add(district.code)
            self.alike[taken.stem, taken.kind].add(district.code)
            if word not in district.schools:
                self.places[taken.whole].add(district.code)
                if taken.ending != BARE_JUNIOR:
                    self.stems[taken.stem].add(district.code)
                if not taken.kind:
                    self.places[taken.stem].add(district.code)
        if district.schools:
            self.with_schools.add(district.code)

    def lookup(self, word: str) -> str | None:
        """The code that the word means: as it is written if possible, else by its forms, the nearest form first."""
        if found := self.exact.get(exact(word)):
            return _sole(found)
        if word.isascii():  # a code is not guessed, and a bare number is a place in the form's list
            return None
        return next((_sole(codes) for codes in self._rungs(word) if codes), None)

    def _rungs(self, word: str) -> Iterator[set[str]]:
        taken = parts(word)
        yield self.alike.get((taken.whole, ""), set())
        yield self.alike.get((taken.stem, taken.kind), set())
        if not taken.kind:
            yield self.stems.get(taken.stem, set())
        elif taken.ending != BARE_JUNIOR:
            codes = self.places.get(taken.stem, set())
            # A district that lists its schools has no other junior high school or kindergarten.
            yield codes if taken.kind == "primary" else codes - self.with_schools

    def spoken(self) -> list[str]:
        """The forms to be looked for in running text, the longest first."""
        forms = {form for form, _ in self.alike} | set(self.stems)
        return sorted((form for form in forms if not form.isdecimal()), key=lambda form: (-len(form), form))


@lru_cache(maxsize=4)
def _index(districts: tuple[District, ...]) -> Index:
    index = Index()
    for district in districts:
        index.add(district)
    return index


def _sole(codes: set[str]) -> str | None:
    return next(iter(codes)) if len(codes) == 1 else None


def _in_order(codes: Iterable[str], districts: Sequence[District]) -> tuple[str, ...]:
    wanted = set(codes)
    return tuple(district.code for district in districts if district.code in wanted)


def _between_blanks(words: Sequence[str], index: Index) -> dict[str, str | None]:
    """Each word with its code. A blank may part two names or stand within one; what could be both is unknown."""
    found: dict[str, str | None] = {}
    start = 0
    while start < len(words):
        end = min(len(words), start + LONGEST_JOINED)
        while end > start + 1 and index.lookup("".join(words[start:end])) is None:
            end -= 1
        alone = [index.lookup(word) for word in words[start:end]]
        joined = index.lookup("".join(words[start:end]))
        sure = end == start + 1 or None in alone or set(alone) == {joined}
        found[" ".join(words[start:end])] = joined if sure else None
        start = end
    return found


def _listed(line: str, districts: Sequence[District]) -> Iterable[str]:
    """The codes of a line that is a list of names and no more than a polite word after it; else nothing."""
    if len(line) > LONGEST_LIST:
        return ()
    line = running_text.POLITE.sub("", line)
    if fold(line) in ALL or EVERYWHERE.match(fold(line)):
        return [district.code for district in districts] if "all" in fold(line) or fold(line) in ALL else ()
    if any(fold(word) in ALL for word in SEPARATORS.split(line)):
        return ()
    choice = choose(line, districts)
    return () if choice.unknown else choice.codes


def _in_running_text(text: str, districts: Sequence[District]) -> Iterator[str]:
    """The codes of the words found; a found word is cut out, so that no shorter one is found inside it."""
    index = _index(tuple(districts))
    page = running_text.Page(text)
    for word in (form for form in map(common, ALL) if not form.isascii()):
        if page.cut(word):
            yield from (district.code for district in districts)
    for form in index.spoken():
        for match in page.cut(form, f"(?:{ENDING})?"):
            if (code := index.lookup(match) or index.lookup(match.replace("ー", "-"))) is not None:
                yield code
