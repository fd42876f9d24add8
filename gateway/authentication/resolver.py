"""Look-ups through dnspython, with a small cache for what was found (security of 5.1).

It may not say "no such key" when a name server is merely silent: that raises LookupTrouble, which becomes a 451.
Not for use with other resolver libraries: one that cuts a name at NUL lets a stranger's key answer for a school.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from dns.rdatatype import RdataType

TIMEOUT = 5.0  # seconds for one try
TRIES = 2
LARGEST_ANSWER = 1_232  # octets in one datagram; more comes by TCP
LONGEST_KEPT = 300.0  # seconds
MOST_KEPT = 1_024  # names; the oldest goes first


class LookupTrouble(Exception):
    """No name server gave a usable answer; the sending server should be asked to come back (451)."""


class TxtResolver(Protocol):
    """Whatever can look up TXT records: the real one, or a test's."""

    async def txt(self, name: str) -> list[bytes]:
        """Each TXT record of `name` with its strings joined; empty where there is none."""
        ...


class HostResolver(TxtResolver, Protocol):
    """Whatever can also look up where hosts are and who takes a domain's mail, as SPF asks."""

    @property
    def last_answer(self) -> float:
        """When a name server last gave a usable answer, by time.monotonic(); minus infinity: never."""
        ...

    async def addresses(self, name: str, version: Literal[4, 6]) -> list[str]:
        """The IP addresses of `name`; empty where there is none."""
        ...

    async def exchanges(self, name: str) -> list[str]:
        """The hosts that take mail for `name`, the preferred ones first; empty where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class _Kept:
    records: tuple[Any, ...]
    until: float  # of time.monotonic()


class Resolver:
    """Asks `nameservers` ("127.0.0.1:5353", "[::1]:53", "192.0.2.1"), or the system's where none is given."""

    def __init__(self, nameservers: Sequence[str] = (), *, timeout: float = TIMEOUT) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not nameservers)
        except dns.resolver.NoResolverConfiguration:
            raise LookupTrouble("the system names no name server; set [dns] nameservers") from None
        if nameservers:
            self._resolver.nameservers = [_nameserver(text) for text in nameservers]
        self._resolver.timeout = timeout
        self._resolver.use_edns(0, 0, LARGEST_ANSWER)
        self._lifetime = timeout * TRIES
        self._kept: OrderedDict[tuple[str, RdataType], _Kept] = OrderedDict()
        self._last_answer = -math.inf

    @property
    def last_answer(self) -> float:
        """When a name server last gave a usable answer, by time.monotonic()."""
        return self._last_answer

    async def txt(self, name: str) -> list[bytes]:
        """Each TXT record of `name` with its strings joined; LookupTrouble where no server gave an answer."""
        return [b"".join(record.strings) for record in await self._look_up(name, RdataType.TXT)]

    async def addresses(self, name: str, version: Literal[4, 6]) -> list[str]:
        """The IP addresses of `name`; LookupTrouble where no server gave an answer."""
        kind = RdataType.A if version == 4 else RdataType.AAAA
        return [record.address for record in await self._look_up(name, kind)]

    async def exchanges(self, name: str) -> list[str]:
        """The hosts that take mail for `name`, by preference; LookupTrouble where no server gave an answer."""
        records = sorted(await self._look_up(name, RdataType.MX), key=lambda record: record.preference)
        hosts = [record.exchange.to_text(omit_final_dot=True) for record in records]
        return [host for host in hosts if host != "."]  # RFC 7505  a lone dot: no mail is taken

    async def _look_up(self, name: str, kind: RdataType) -> Sequence[Any]:
        key = name.rstrip(".").lower(), kind
        kept = self._kept.get(key)
        if kept and kept.until > time.monotonic():
            return kept.records
        records, seconds = await self._ask(*key)
        self._last_answer = time.monotonic()
        self._keep(key, records, seconds)
        return records

    async def _ask(self, name: str, kind: RdataType) -> tuple[Sequence[Any], float]:
        try:
            absolute = dns.name.from_text(name, origin=dns.name.root)
            answer = await self._resolver.resolve(absolute, kind, lifetime=self._lifetime, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return (), 0.0
        except dns.exception.DNSException as error:
            # NoNameservers (SERVFAIL, REFUSED), timeouts, and answers that cannot be read.
            raise LookupTrouble(f"no usable answer ({type(error).__name__}); check [dns] nameservers") from None
        except OSError as error:
            raise LookupTrouble(f"no name server reached ({error.strerror}); check [dns] nameservers") from None
        ttl = float(answer.rrset.ttl) if answer.rrset is not None else 0.0
        return tuple(answer), ttl

    def _keep(self, key: tuple[str, RdataType], records: Sequence[Any], seconds: float) -> None:
        # What is not there is never kept: a key that was just published has to be found at once.
        self._kept.pop(key, None)
        if not records:
            return
        self._kept[key] = _Kept(tuple(records), time.monotonic() + min(seconds, LONGEST_KEPT))
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _nameserver(text: str) -> dns.nameserver.Nameserver:
    host, colon, port = text.rpartition(":")
    if text.startswith("[") and text.endswith("]"):
        return dns.nameserver.Do53Nameserver(text[1:-1], 53)
    if colon and port.isdigit() and (":" not in host or host.startswith("[")):
        return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))
    return dns.nameserver.Do53Nameserver(text, 53)
