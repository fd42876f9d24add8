"""The names that SPF macros stand for (RFC 7208, 7). What they make is a DNS name, or nothing.

The sender chooses some of the letters: what could mean something else to a resolver is not taken.
"""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote

LONGEST_NAME = 253  # octets
SPECIAL = {"%%": "%", "%_": " ", "%-": "%20"}

_MACRO = re.compile(r"%\{([A-Za-z])([0-9]*)(r?)([-.+,/_=]*)\}|%[%_-]", re.IGNORECASE)
_NAME = re.compile(r"(?:[A-Za-z0-9_+=~!#$%&'*^{|}`?/-]{1,63}\.)+[A-Za-z0-9_-]{1,63}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who hands a mail over, and for whom."""

    ip: IPv4Address | IPv6Address = field(repr=False)
    local: str = field(repr=False)  # of the sender
    domain: str
    helo: str


def is_name(text: str) -> bool:
    """Whether this can be looked up: at least two labels, and nothing that a resolver would take for an escape."""
    return len(text) <= LONGEST_NAME and _NAME.match(text) is not None


def expand(text: str, envelope: Envelope, domain: str) -> str:
    """The macro string with `domain` as the one whose record it stands in; beginnings that are too long are cut off."""
    name = _MACRO.sub(lambda found: _value(found, envelope, domain), text).removesuffix(".")
    return name if len(name) <= LONGEST_NAME else name[-LONGEST_NAME - 1 :].partition(".")[2]


def needs_pointer(text: str) -> bool:
    """Whether it asks for the name of the peer's address (%{p}), which is not looked up here."""
    return any((found[1] or "").lower() == "p" for found in _MACRO.finditer(text))


def _value(found: re.Match[str], envelope: Envelope, domain: str) -> str:
    if found[1] is None:
        return SPECIAL[found[0]]
    values = {
        "s": f"{envelope.local}@{envelope.domain}",
        "l": envelope.local,
        "o": envelope.domain,
        "d": domain,
        "i": _dotted(envelope.ip),
        "v": "in-addr" if envelope.ip.version == 4 else "ip6",
        "h": envelope.helo,
    }
    value = values.get(found[1].lower(), "unknown")
    parts = re.split(f"[{re.escape(found[4] or '.')}]", value)
    if found[3]:
        parts.reverse()
    if found[2]:
        parts = parts[-int(found[2]) :]
    text = ".".join(parts)
    return quote(text, safe="") if found[1].isupper() else text


def _dotted(ip: IPv4Address | IPv6Address) -> str:
    return str(ip) if ip.version == 4 else ".".join(ip.exploded.replace(":", ""))
