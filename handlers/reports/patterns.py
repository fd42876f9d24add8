"""Tables of patterns, written as text: a pattern or several a line, and for a table a name above them."""

import re
from collections.abc import Iterator

Table = tuple[tuple[str, re.Pattern[str]], ...]

# Words that stand for several.
WORDS = {
    "<mailbox>": r"\b(?:user|recipient|mail ?box|account|address(?:ee)?|local ?part|e-?mail|alias|person|inbox)\b",
    "<is>": r"\b(?:is|was|are|been)\b",
    "<blocked>": r"(?:blocked|banned|refused|rejected)",
    "<spam>": r"(?:spam|ube|uce|junk|unsolicited|bulk (?:e-?)?mail)",
}


def table(text: str) -> Table:
    """The patterns of each name; a name stands on a line of its own, which ends in a colon and is not indented."""
    return tuple((name, any_of(patterns)) for name, patterns in _named(text))


def any_of(text: str) -> re.Pattern[str]:
    """One pattern of all the lines."""
    for word, pattern in WORDS.items():
        text = text.replace(word, pattern)
    return re.compile("|".join(line.strip() for line in text.strip().splitlines()))


def _named(text: str) -> Iterator[tuple[str, str]]:
    name, patterns = "", ""
    for line in text.strip().splitlines():
        if line.startswith(" "):
            patterns += f"{line}\n"
            continue
        if name:
            yield name, patterns
        name, patterns = line.rstrip(":"), ""
    yield name, patterns
