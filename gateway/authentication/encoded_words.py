"""Words of a header in other letters (RFC 2047), decoded strictly: for what was signed and will be shown."""

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import groupby

from handlers.charsets import FOR_ALERTS, canonical, decode

_WORD = re.compile(r"=\?([A-Za-z0-9_.:-]{1,40})(?:\*[A-Za-z0-9-]{1,40})?\?([BbQq])\?([!->@-~]*)\?=")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


def unencoded(line: str) -> str | None:
    """The text of an unfolded value; None where a word has another charset or does not fit it."""
    kept: list[str] = []
    for charset, words in groupby(_pieces(line), key=lambda piece: piece[0]):
        # Some programs cut a letter in two: neighbours of one charset are decoded together.
        data = b"".join(octets for _, octets in words)
        text = decode(data, charset) if charset in FOR_ALERTS or charset is None else None
        if text is None:
            return None
        kept.append(text)
    return "".join(kept)


def _pieces(line: str) -> Iterator[tuple[str | None, bytes]]:
    """Charset and octets of each word, and None with the ASCII between; blanks between two words are dropped."""
    at = 0
    for word in _WORD.finditer(line):
        between = line[at : word.start()]
        if between and (at == 0 or between.strip(" \t")):
            yield None, between.encode("ascii")
        octets = _octets(word[2], word[3].encode("ascii"))
        yield canonical(word[1]) if octets is not None else "broken", octets or b""
        at = word.end()
    if line[at:]:
        yield None, line[at:].encode("ascii")


def _octets(encoding: str, text: bytes) -> bytes | None:
    if encoding in "Qq":
        return _HEX.sub(lambda found: bytes.fromhex(found[1].decode()), text.replace(b"_", b" "))
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None
