"""The first look at the octets of an alert, before any parser: one reading for everybody, or none (protocol 5.1).

Two parsers that disagree about where a field ends are how forged authors are made. Nothing is repaired here.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from gateway.authentication.causes import Cause

LARGEST_MAIL = 1024 * 1024  # octets
LARGEST_HEADER = 64 * 1024
LARGEST_FIELD = 8 * 1024
LONGEST_LINE = 998  # octets without CR LF, RFC 5322, 2.1.1
MOST_FIELDS = 200

# Of these a mail has one at most (RFC 5322, 3.6). A signature covers the last, a reader may show the first.
SINGLETONS = frozenset(
    {
        *("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id"),
        *("mime-version", "content-type", "content-transfer-encoding"),
    }
)

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME = re.compile(rb"([!-9;-~]+):")


@dataclass(frozen=True, slots=True)
class Field:
    """One header field. `raw` is all of it, from the first letter of its name to its last CR LF."""

    name: str  # in lower case
    raw: bytes = field(repr=False)

    @property
    def value(self) -> bytes:
        """What follows the colon, still folded, without the last CR LF."""
        return self.raw.partition(b":")[2].removesuffix(b"\r\n")

    @property
    def line(self) -> str:
        """The value unfolded, without blanks at its ends; ASCII, as the lint made sure."""
        return self.value.replace(b"\r\n", b"").strip(b" \t").decode("ascii")


@dataclass(frozen=True, slots=True)
class Message:
    """A mail that passed the lint."""

    fields: tuple[Field, ...] = field(repr=False)
    body: bytes = field(repr=False)

    def first(self, name: str) -> Field | None:
        """The field of that name in lower case; for names that may stand only once."""
        return next((field for field in self.fields if field.name == name), None)


def lint(raw: bytes) -> Message | Cause:
    """The fields and the body, or the first thing that is wrong."""
    if len(raw) > LARGEST_MAIL:
        return Cause.TOO_LARGE
    if _BARE.search(raw):
        return Cause.BARE_CR_OR_LF
    head, blank_line, body = raw.partition(b"\r\n\r\n")
    if not blank_line or raw.startswith(b"\r\n"):
        return Cause.NO_HEADER
    if b"\0" in body:
        return Cause.NUL_IN_BODY
    if len(head) > LARGEST_HEADER:
        return Cause.HEADER_TOO_LARGE
    if max(map(len, raw.split(b"\r\n"))) > LONGEST_LINE:
        return Cause.LINE_TOO_LONG
    if _CONTROL.search(head):
        return Cause.CONTROL_CHARACTER
    if not head.isascii():
        return Cause.EIGHT_BIT_HEADER
    fields = _fields(head)
    if isinstance(fields, Cause):
        return fields
    return _counted(fields) or Message(fields, body)


def _fields(head: bytes) -> tuple[Field, ...] | Cause:
    raw_fields: list[list[bytes]] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t"):
            if not raw_fields:
                return Cause.FIELD_GRAMMAR
            raw_fields[-1].append(line)
        else:
            raw_fields.append([line])
    fields = []
    for lines in raw_fields:
        name = _NAME.match(lines[0])
        if name is None:
            return Cause.FIELD_GRAMMAR
        fields.append(Field(name[1].decode("ascii").lower(), b"\r\n".join([*lines, b""])))
    return tuple(fields)


def _counted(fields: tuple[Field, ...]) -> Cause | None:
    if len(fields) > MOST_FIELDS:
        return Cause.TOO_MANY_FIELDS
    if any(len(field.raw) > LARGEST_FIELD for field in fields):
        return Cause.FIELD_TOO_LARGE
    counts = Counter(field.name for field in fields)
    if any(counts[name] > 1 for name in SINGLETONS):
        return Cause.DUPLICATE_FIELD
    if any(name.startswith("resent-") for name in counts):
        return Cause.RESENT_FIELD
    return None
