"""The fields of a mail from the public: headers and lines at the head of the text (protocol 2, 2.2, 2.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from handlers.fields import KNOWN, Line, read_head, repeated
from handlers.folding import fold
from handlers.mail import InboundMail
from handlers.own_text import begins_original


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """2.3  What stops everything: the place of an unknown field, or a known one's name; no word of the author's."""

    kind: Literal["unknown", "repeated", "value"]
    allowed: tuple[str, ...]  # the fields that would be right here
    position: int = 0  # of the line, from 1; blank lines are not counted
    name: str = ""


def read_fields(mail: InboundMail, allowed: Sequence[str]) -> Mapping[str, str] | Mistake:
    """Field names and values; a header beats a line of the same name."""
    lines = read_head(_typed(mail.body)).lines
    named = (Line(name=KNOWN.get(fold(name)), word=name, value=value) for name, value in mail.headers)
    headers = tuple(line for line in named if line.name in allowed)
    for position, line in enumerate(lines, start=1):
        if line.name not in allowed:
            return Mistake(kind="unknown", allowed=tuple(allowed), position=position)
    for place in (lines, headers):
        if (again := repeated(place)) is not None:
            return Mistake(kind="repeated", allowed=tuple(allowed), name=again.name or "")
    return {line.name: line.value for line in (*lines, *headers) if line.name}


def _typed(body: str) -> str:
    """2.4  Without the mail that stands below: its header has names and colons, too."""
    rows = body.split("\n")
    end = next((at for at in range(len(rows)) if begins_original(rows, at)), len(rows))
    return "\n".join(rows[:end])
