"""Tag lists, as in signatures and in the records of keys (RFC 6376, 3.2): strict, and in linear time."""

import re

_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_]*\Z")
_VALUE = re.compile(rb"[\x21-\x3a\x3c-\x7e \t]*\Z")
_BLANKS = b" \t"


def tag_list(text: bytes) -> dict[str, bytes] | None:
    """The tags in their order, unfolded and without blanks around them; None for anything malformed or doubled."""
    specs = text.replace(b"\r\n", b"").split(b";")
    if not specs[-1].strip(_BLANKS):
        specs.pop()
    tags: dict[str, bytes] = {}
    for spec in specs:
        name, equals, value = (part.strip(_BLANKS) for part in spec.partition(b"="))
        if not equals or not _NAME.match(name) or not _VALUE.match(value) or name.decode() in tags:
            return None
        tags[name.decode()] = value
    return tags or None


def without_blanks(value: bytes) -> bytes:
    """For values in which folding may stand anywhere, such as base64."""
    return value.translate(None, _BLANKS)


def words(value: bytes) -> list[bytes]:
    """The elements of a list separated by colons, as in h=, s= and t=."""
    return [word.strip(_BLANKS) for word in value.split(b":")]
