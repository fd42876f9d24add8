"""The grammar of MAIL and RCPT: an argument becomes a frozen value or the reply that refuses it. No input or output.

Every expression is linear and anchored, and sees at most one command line. Strays that RFC 5321 forbids are allowed
where old Japanese carriers hand them out: dots at the ends or doubled in a local part, quoted or not.
"""

import re
from dataclasses import dataclass, field
from typing import Self

from handlers import replies
from handlers.replies import Reply

LONGEST_PATH = 256  # octets with the angle brackets, RFC 5321 section 4.5.3.1.3

# RFC 5321 section 4.1.2, without source routes. Of any two branches, no two begin with the same character.
LOCAL = r"""(?:[A-Za-z0-9.!\#$%&'*+/=?^_`{|}~-]{1,64}|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e]){1,62}")"""
DOMAIN = r"(?:[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,126}|\[(?:IPv6:)?[0-9A-Fa-f:.]{2,45}\])"
MAILBOX = re.compile(rf"{LOCAL}@{DOMAIN}\Z")
PATH = re.compile(r"(?:FROM|TO): {0,8}(?P<path><(?:\"(?:[^\"\\]|\\.)*\"|[^<>\"])*>)(?P<rest>.*)\Z", re.I | re.S)
SIZE = re.compile(r"[0-9]{1,20}\Z")  # RFC 1870 section 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """What MAIL says. `address` None is the null reverse-path."""

    address: str | None = field(repr=False)
    octets: int = 0  # as announced by SIZE=; 0 where it is not

    @classmethod
    def parse(cls, argument: str) -> Self | Reply:
        """What stands behind the word MAIL, or the reply that refuses it."""
        found = _split(argument, "FROM")
        if isinstance(found, Reply):
            return found
        path, parameters = found
        if path and not MAILBOX.match(path):
            return replies.BAD_ADDRESS
        octets = _octets(parameters)
        return octets if isinstance(octets, Reply) else cls(address=path or None, octets=octets)


def parse_recipient(argument: str) -> str | Reply:
    """The address behind the word RCPT, or the reply that refuses it. No parameter is known."""
    found = _split(argument, "TO")
    if isinstance(found, Reply):
        return found
    path, parameters = found
    # RFC 5321 section 4.1.1.3: the postmaster, and nobody else, needs no domain.
    if not MAILBOX.match(path) and path.lower() != "postmaster":
        return replies.BAD_ADDRESS
    return replies.BAD_PARAMETER if parameters else path


def _split(argument: str, keyword: str) -> tuple[str, list[str]] | Reply:
    if argument[: len(keyword) + 1].upper() != f"{keyword}:":
        return replies.BAD_ARGUMENT
    found = PATH.match(argument)
    if found is None or len(found["path"]) > LONGEST_PATH:
        return replies.BAD_ADDRESS
    rest = found["rest"]
    if rest and not rest.startswith(" "):
        return replies.BAD_ARGUMENT
    return found["path"][1:-1], rest.upper().split(" ") if rest.strip(" ") else []


def _octets(parameters: list[str]) -> int | Reply:
    given = dict(parameter.partition("=")[::2] for parameter in parameters if parameter)
    if len(given) != sum(1 for parameter in parameters if parameter):
        return replies.BAD_ARGUMENT
    size = given.pop("SIZE", "0")
    body = given.pop("BODY", "8BITMIME")
    if given:
        return replies.BAD_PARAMETER
    if body not in ("7BIT", "8BITMIME") or not SIZE.match(size):
        return replies.BAD_ARGUMENT
    return int(size)
