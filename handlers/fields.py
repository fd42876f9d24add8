"""Field lines at the head of a text, in either language (protocol 2)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from handlers.folding import fold

NAMES: dict[str, tuple[str, ...]] = {
    "District": ("地区", "校区", "学区", "校園区", "配信地区"),
    "Consent": ("同意",),
    "Category": ("区分", "種別"),
    "Victim-Consent": ("被害者の同意", "保護者の同意"),
    "Update": ("続報",),
    "Correction": ("訂正",),
    "Cancellation": ("取消",),
    "Resolved": ("解決",),
    "Expires": ("有効期限",),
    "Drill": ("訓練",),
}
KNOWN = {fold(word): name for name, words in NAMES.items() for word in (name, *words)}
YES = frozenset(map(fold, ("yes", "はい", "同意します", "同意する", "承諾")))
NO = frozenset(map(fold, ("", "no", "いいえ", "同意しません", "同意しない")))
VICTIM_YES = frozenset(map(fold, ("yes", "取得済", "取得済み", "あり", "はい")))

# Bullets, quotation marks and colons in each of their widths; the name itself is folded after it is found.
# The marks are not given back: on a line of blanks that would take quadratic time.
LINE = re.compile(r"[\s>＞・･]*+([^:：﹕\n]{1,40})[:：﹕](.*)")
MARKS = re.compile(r"[\s>＞]*\Z")
QUOTED = re.compile(r"\s*[>＞]")
HYPHEN = re.compile(r"\s*[-‐−]\s*")
ANOTHER_NAME = re.compile(r"[^\W\d]{1,20}\Z")  # 2.2  letters only


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One field line. `name` is of NAMES, or None for an unknown field, whose own word is `word`."""

    name: str | None
    word: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The field lines at the head of a text, and the text below them."""

    lines: tuple[Line, ...]
    rest: str


def read_line(text: str) -> Line | None:
    """The field line that this line is, or None where it is ordinary text."""
    if (found := LINE.match(text)) is None:
        return None
    word, value = found[1].strip(), found[2].strip()
    folded = HYPHEN.sub("-", fold(word)).removeprefix("x-")
    name = KNOWN.get(folded)
    if name is None and (value.startswith("//") or not ANOTHER_NAME.match(folded)):
        return None
    return Line(name=name, word=word, value=value)


def read_head(text: str, *, unknown_below: bool = True) -> Head:
    """The lines up to the first blank line after a field, or the first line that is no field (2.1).

    With `unknown_below` False, unknown names below the last known field are text (2.2, alerts).
    """
    rows = text.split("\n")
    lines: list[Line] = []
    taken = 0
    for number, row in enumerate(rows):
        if not MARKS.match(row):
            line = read_line(row)
            # 2.4  In a quotation an unknown name is somebody else's text.
            if line is None or (line.name is None and QUOTED.match(row)):
                break
            lines.append(line)
        elif lines:
            taken = number + 1
            break
        taken = number + 1
    if not unknown_below:
        while lines and lines[-1].name is None:
            lines.pop()
            taken = _last_field(rows, taken)
    return Head(lines=tuple(lines), rest="\n".join(rows[taken:]).strip("\n") if lines else text.strip("\n"))


def repeated(lines: Iterable[Line]) -> Line | None:
    """The first field that stands there for the second time, or None."""
    seen: set[str] = set()
    for line in lines:
        if line.name is not None and line.name in seen:
            return line
        seen.add(line.name or "")
    return None


def _last_field(rows: list[str], taken: int) -> int:
    number = taken - 1
    while MARKS.match(rows[number]):
        number -= 1
    return number
