"""TXT look-ups through dnspython, with a small cache for keys that were found (security of 5.1).

It may not say "no such key" when a name server is merely silent: that raises LookupTrouble, which becomes a 451.
Not for use with other resolver libraries: one that cuts a name at NUL lets a stranger's key answer for a school.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

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


@dataclass(frozen=True, slots=True)
class _Kept:
    texts: tuple[bytes, ...]
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
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def txt(self, name: str) -> list[bytes]:
        """Each TXT record of `name` with its strings joined; LookupTrouble where no server gave an answer."""
        key = name.rstrip(".").lower()
        kept = self._kept.get(key)
        if kept and kept.until > time.monotonic():
            return list(kept.texts)
        texts, seconds = await self._ask(key)
        self._keep(key, texts, seconds)
        return texts

    async def _ask(self, name: str) -> tuple[list[bytes], float]:
        try:
            absolute = dns.name.from_text(name, origin=dns.name.root)
            answer = await self._resolver.resolve(absolute, dns.rdatatype.TXT, lifetime=self._lifetime, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return [], 0.0
        except dns.exception.DNSException as error:
            # NoNameservers (SERVFAIL, REFUSED), timeouts, and answers that cannot be read.
            raise LookupTrouble(f"no usable answer ({type(error).__name__}); check [dns] nameservers") from None
        except OSError as error:
            raise LookupTrouble(f"no name server reached ({error.strerror}); check [dns] nameservers") from None
        ttl = float(answer.rrset.ttl) if answer.rrset is not None else 0.0
        return [b"".join(record.strings) for record in answer], ttl

    def _keep(self, name: str, texts: list[bytes], seconds: float) -> None:
        # What is not there is never kept: a key that was just published has to be found at once.
        self._kept.pop(name, None)
        if not texts:
            return
        self._kept[name] = _Kept(tuple(texts), time.monotonic() + min(seconds, LONGEST_KEPT))
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _nameserver(text: str) -> dns.nameserver.Nameserver:
    host, colon, port = text.rpartition(":")
    if text.startswith("[") and text.endswith("]"):
        return dns.nameserver.Do53Nameserver(text[1:-1], 53)
    if colon and port.isdigit() and (":" not in host or host.startswith("[")):
        return dns.nameserver.Do53Nameserver(host.strip("[]"), int(port))
    return dns.nameserver.Do53Nameserver(text, 53)
