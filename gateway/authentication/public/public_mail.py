"""A mail of the public as far as proof needs it: its fields, and the one author whom the handlers will see.

Phones and old programs write what the strict lint of alerts refuses; it is taken here. But where two programs could
read the author differently, nobody is proven. Nothing is repaired.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

from gateway.authentication.lint import LARGEST_HEADER, LARGEST_MAIL, SINGLETONS, Field, Message
from gateway.authentication.names import host_name
from gateway.data_reader import is_plain
from handlers.addresses import in_from_field, parse
from handlers.reading import words
from storage.records import Address

LONGEST_FROM = 1_024  # octets; reading a From field costs the square of its length

_NAME = re.compile(rb"([!-9;-~]+):")

# A display name of plain words or quoted text, and one address: nothing that could be a comment, a group or a list.
_ADDRESS = rb"""(?:[^\x00-\x20\x7f-\xff<>()",;:@\\\[\]]+|"[^\x00-\x20\x7f-\xff<>@"\\]+")@[A-Za-z0-9.-]+"""
_DISPLAY = rb"""(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\xff \t-]|"[^"\\\x00-\x08\x0a-\x1f\x7f]*")*+"""
_PLAIN = re.compile(rb"(?:%b<(?P<inner>%b)>|(?P<bare>%b))\Z" % (_DISPLAY, _ADDRESS, _ADDRESS))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicMail:
    """The fields and the body, and what From claims. Nothing is known yet of whether it is true."""

    message: Message = field(repr=False)
    author: Address | None  # as the handlers read it
    domain: str | None  # the author's, where it is one that can be looked up
    plain: bool  # everybody reads the same author, and the fields that matter stand there once


def read(raw: bytes) -> PublicMail | None:
    """The mail, or None where its header cannot be read in one way only."""
    head, blank_line, body = raw.partition(b"\r\n\r\n")
    if len(raw) > LARGEST_MAIL or len(head) > LARGEST_HEADER or not blank_line or not is_plain(raw):
        return None
    fields = _fields(head)
    if fields is None:
        return None
    message = Message(fields, body)
    counts = Counter(field.name for field in fields)
    source = message.first("from") if counts["from"] == 1 else None
    if source is not None and len(source.raw) > LONGEST_FROM:
        return None
    author = _claimed(source) if source else None
    plain = source is not None and _written_plainly(source, author) and all(counts[name] <= 1 for name in SINGLETONS)
    domain = host_name(author.domain.encode(), labels=2) if author else None
    return PublicMail(message=message, author=author, domain=domain, plain=plain)


def _fields(head: bytes) -> tuple[Field, ...] | None:
    collected: list[list[bytes]] = []
    for line in head.split(b"\r\n"):
        if line[:1] not in (b" ", b"\t"):
            collected.append([line])
        elif collected:
            collected[-1].append(line)
        else:
            return None
    names = [_NAME.match(lines[0]) for lines in collected]
    return (
        tuple(
            Field(name[1].decode("ascii").lower(), b"\r\n".join([*lines, b""]))
            for name, lines in zip(names, collected, strict=True)
            if name is not None
        )
        if all(names)
        else None
    )


def _claimed(source: Field) -> Address | None:
    return in_from_field(words(source.value.decode("ascii", "replace"), decoding=False))


def _written_plainly(source: Field, author: Address | None) -> bool:
    found = _PLAIN.match(source.value.replace(b"\r\n", b"").strip(b" \t"))
    if found is None or author is None:
        return False
    return parse((found["inner"] or found["bare"]).decode("ascii")) == author
