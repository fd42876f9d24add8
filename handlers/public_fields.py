"""The fields of a mail from the public: headers and lines at the head of the text (protocol 2, 2.2, 2.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handlers.fields import KNOWN, Line, read_head, repeated
from handlers.folding import fold
from handlers.mail import InboundMail


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A line that stops everything. `word` is printed only where it is a name that we know."""

    kind: str  # unknown | repeated
    position: int  # of the line, from 1; 0 for a header
    word: str = field(default="", repr=False)


def read_fields(mail: InboundMail, allowed: Sequence[str]) -> Mapping[str, str] | Mistake:
    """Field names and values; a header beats a line of the same name."""
    lines = read_head(mail.body).lines
    headers = tuple(
        Line(name=KNOWN[fold(name)], word=name, value=value) for name, value in mail.headers if fold(name) in KNOWN
    )
    for position, line in enumerate(lines, start=1):
        if line.name not in allowed:
            return Mistake(kind="unknown", position=position)
    for place in (lines, headers):
        if word := repeated(place):
            return Mistake(kind="repeated", position=0, word=word)
    return {line.name: line.value for line in (*lines, *headers) if line.name and line.name in allowed}
