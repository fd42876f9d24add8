"""SPF records, read in full before any of it is acted upon: one mistake anywhere spoils the whole (RFC 7208, 4.6).

Every expression is linear, and sees at most one record.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Network, IPv6Network, NetmaskValueError

LARGEST_RECORD = 4_096  # octets

_VERSION = re.compile(rb"v=spf1(?: |\Z)", re.IGNORECASE)
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<value>.*)\Z")
_MECHANISM = re.compile(r"(?P<sign>[+?~-]?)(?P<name>[A-Za-z0-9]+)(?P<rest>[:/].*)?\Z")
_LENGTHS = re.compile(r"(?::(?P<name>[^:].*?))??(?:/(?P<four>0|[1-9][0-9]?))?(?://(?P<six>0|[1-9][0-9]{0,2}))?\Z")
_MACRO_STRING = re.compile(r"(?:%\{[slodiphv](?:[1-9][0-9]{0,2})?r?[-.+,/_=]*\}|%[%_-]|[!-$&-~])*+\Z", re.IGNORECASE)
_DOMAIN_END = re.compile(r"(?:\}|\.(?=[A-Za-z0-9-]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A mechanism: whom it matches, and what is said of them."""

    sign: str  # + - ~ ?
    name: str  # all, include, a, mx, ptr, exists or ip
    domain: str = field(default="", repr=False)  # a macro string; empty: the domain of the record
    lengths: tuple[int, int] = (32, 128)  # of the networks around IPv4 and IPv6 addresses
    network: IPv4Network | IPv6Network | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfRecord:
    """A whole record that makes sense."""

    terms: tuple[Term, ...]
    redirect: str = field(default="", repr=False)  # a macro string


def records(texts: Sequence[bytes]) -> list[bytes]:
    """Those TXT records that are for SPF."""
    return [text for text in texts if _VERSION.match(text)]


def parse(text: bytes) -> SpfRecord | None:
    """The record; None where anything in it is wrong."""
    if len(text) > LARGEST_RECORD or not text.isascii():
        return None
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    for word in text.decode("ascii").split(" ")[1:]:
        if modifier := _MODIFIER.match(word):
            name = modifier["name"].lower()
            if not _is_modifier(name, modifier["value"]) or name in modifiers:
                return None
            if name in ("redirect", "exp"):
                modifiers[name] = modifier["value"]
        elif word:
            term = _term(word)
            if term is None:
                return None
            terms.append(term)
    return SpfRecord(terms=tuple(terms), redirect=modifiers.get("redirect", ""))


def _is_modifier(name: str, value: str) -> bool:
    return _is_domain(value) if name in ("redirect", "exp") else _MACRO_STRING.match(value) is not None


def _is_domain(text: str) -> bool:
    return _MACRO_STRING.match(text) is not None and _DOMAIN_END.search(text) is not None


def _term(word: str) -> Term | None:
    found = _MECHANISM.match(word)
    if found is None:
        return None
    sign, name, rest = found["sign"] or "+", found["name"].lower(), found["rest"] or ""
    match name:
        case "all":
            return None if rest else Term(sign=sign, name=name)
        case "include" | "exists":
            return _naming(sign, name, rest)
        case "ptr":
            return _naming(sign, name, rest) if rest else Term(sign=sign, name=name)
        case "a" | "mx":
            return _with_lengths(sign, name, rest)
        case "ip4" | "ip6":
            network = _network(name, rest.removeprefix(":")) if rest.startswith(":") else None
            return Term(sign=sign, name="ip", network=network) if network else None
        case _:
            return None


def _naming(sign: str, name: str, rest: str) -> Term | None:
    domain = rest[1:]
    return Term(sign=sign, name=name, domain=domain) if rest.startswith(":") and _is_domain(domain) else None


def _with_lengths(sign: str, name: str, rest: str) -> Term | None:
    found = _LENGTHS.match(rest)
    if found is None:
        return None
    domain = found["name"] or ""
    lengths = int(found["four"] or 32), int(found["six"] or 128)
    if (domain and not _is_domain(domain)) or lengths[0] > 32 or lengths[1] > 128:
        return None
    return Term(sign=sign, name=name, domain=domain, lengths=lengths)


def _network(name: str, text: str) -> IPv4Network | IPv6Network | None:
    if "/" in text and not text.rpartition("/")[2].isdecimal():
        return None  # a mask written as an address is not for SPF
    try:
        return IPv4Network(text, strict=False) if name == "ip4" else IPv6Network(text, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
