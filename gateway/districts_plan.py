"""What a new list of districts changes: which district is which, their codes, and the difference (protocol 9).

A code is stored with every registration, as a blind index, so a district keeps its code as long as it is the same one,
and a code that was ever somebody's is never given to another.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.config import Problem
from gateway.districts_csv import Listed, Row
from gateway.romanisation import LONGEST_CODE, code_of
from handlers.district_words import exact
from handlers.districts import ALL, words_of
from handlers.town import District


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The new list beside the old one."""

    added: tuple[District, ...]
    removed: tuple[District, ...]
    changed: tuple[tuple[District, District], ...]  # the same code, before and after
    unchanged: int
    renumbered: tuple[District, ...]  # kept, but at another place of the form letter's list

    @property
    def empty(self) -> bool:
        return not (self.added or self.removed or self.changed or self.renumbered)


def complete(listed: Listed, before: Sequence[District]) -> tuple[list[dict[str, object]], list[Problem]]:
    """The tables of the new list, each with a code; and the rows for which none can be made."""
    known = _recognised(listed.rows, before)
    said = Counter(word for row in listed.rows for word in _words(row))
    spent = {exact(word) for district in before for word in words_of(district)}
    tables: list[dict[str, object]] = []
    problems: list[Problem] = []
    for row in listed.rows:
        old = known.get(row.line)
        code = old.code if old else row.code or _new_code(row, spent, said - Counter(_words(row)))
        if code is None and row.name:
            message = (
                "コードを作れません。よみがな(かな)かコードを書いてください / no code can be made; fill in the kana"
            )
            problems.append(Problem(row.line, "", message, listed.file))
        spent.add(exact(code or ""))
        tables.append(_table(row, old, code or f"row-{row.line}", said))
    return tables, problems


def compared(before: Sequence[District], after: Sequence[District]) -> Plan:
    """What becomes of each district; codes tell which is which."""
    old = {exact(district.code): (place, district) for place, district in enumerate(before)}
    new = {exact(district.code): (place, district) for place, district in enumerate(after)}
    kept = [(*old[code], *new[code]) for code in new if code in old]
    return Plan(
        added=tuple(district for code, (_, district) in new.items() if code not in old),
        removed=tuple(district for code, (_, district) in old.items() if code not in new),
        changed=tuple((was, now) for _, was, _, now in kept if was != now),
        unchanged=sum(was == now for _, was, _, now in kept),
        renumbered=tuple(now for place, _, other, now in kept if place != other),
    )


def _recognised(rows: Sequence[Row], before: Sequence[District]) -> dict[int, District]:
    """Which known district each row is: by its code, else by its name, else by another word of the district."""
    left = {exact(district.code): district for district in before}
    ways = (
        {code: code for code in left},
        {exact(district.name): code for code, district in left.items()},
        {exact(word): code for code, district in left.items() for word in words_of(district)},
    )
    found: dict[int, District] = {}
    for way, codes in enumerate(ways):
        for row in rows:
            code = codes.get(exact(row.code if way == 0 else row.name))
            if code in left and row.line not in found and bool(row.code) == (way == 0):
                found[row.line] = left.pop(code)
    return found


def _words(row: Row) -> set[str]:
    words = (row.code, row.name, row.kana, *(row.aliases or ()), *(row.schools or ()))
    return {exact(word) for word in words if word}


def _new_code(row: Row, spent: set[str], others: Counter[str]) -> str | None:
    """Made from the kana, or from a name that is written in kana; numbered where another has it."""
    made = code_of(row.kana or row.name)
    if made is None or made.isdecimal():
        return None
    code, number = made, 1
    while code in spent or code in others or code in ALL:
        number += 1
        code = f"{made[: LONGEST_CODE - 4]}-{number}"
    return code


def _table(row: Row, old: District | None, code: str, said: Counter[str]) -> dict[str, object]:
    """As [[districts]] has it. What the list has no column for stays as it was."""
    kana = row.kana if row.kana is not None else (old.kana if old else "")
    aliases = list(row.aliases if row.aliases is not None else (old.aliases if old else ()))
    schools = row.schools if row.schools is not None else (old.schools if old else ())
    if old is not None and row.aliases is None and exact(old.name) not in said:
        aliases.append(old.name)  # what stands on posters goes on to be understood
    own = {exact(word) for word in (code, row.name, kana)}
    aliases = [word for word in dict.fromkeys(aliases) if exact(word) not in own]
    named: dict[str, object] = {"name": row.name} if row.name else {}
    return {"code": code, **named, "kana": kana, "aliases": aliases, "schools": list(dict.fromkeys(schools))}
