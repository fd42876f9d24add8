"""SPF: whether a host may send for a domain (RFC 7208), within the limits that the RFC sets.

Names of addresses (ptr, %{p}) are not looked up, as the RFC advises: where the answer hangs on one, it is UNKNOWN,
which neither proves nor refuses anybody.
"""

from enum import StrEnum
from ipaddress import ip_network

from gateway.authentication.public import spf_record
from gateway.authentication.public.spf_macros import Envelope, expand, is_name, needs_pointer
from gateway.authentication.public.spf_record import SpfRecord, Term
from gateway.authentication.resolver import HostResolver, LookupTrouble

MOST_TERMS = 10  # that ask the DNS, RFC 7208, 4.6.4
MOST_VOID = 2  # answers without a record
MOST_EXCHANGES = 10  # of one mx


class Result(StrEnum):
    """RFC 7208, 2.6, and UNKNOWN."""

    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    UNKNOWN = "unknown"


SAID = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}
OF_INCLUDED: dict[Result, bool | Result] = {
    Result.PASS: True,
    Result.FAIL: False,
    Result.SOFTFAIL: False,
    Result.NEUTRAL: False,
    Result.NONE: Result.PERMERROR,
}


async def check(envelope: Envelope, resolver: HostResolver) -> Result:
    """What the sender's domain says of the host."""
    try:
        return await _Evaluation(envelope, resolver).of(envelope.domain)
    except LookupTrouble:
        return Result.TEMPERROR


class _Evaluation:
    """One evaluation: the counts that all its records share."""

    def __init__(self, envelope: Envelope, resolver: HostResolver) -> None:
        self._envelope = envelope
        self._resolver = resolver
        self._terms = self._void = 0

    async def of(self, domain: str) -> Result:
        """What the record of one domain says."""
        if not is_name(domain):
            return Result.NONE
        found = spf_record.records(await self._resolver.txt(domain))
        if not found:
            return Result.NONE
        record = spf_record.parse(found[0]) if len(found) == 1 else None
        return await self._said(record, domain) if record else Result.PERMERROR

    async def _said(self, record: SpfRecord, domain: str) -> Result:
        result = await self._by_terms(record, domain)
        if result is None:
            result = await self._redirected(record.redirect, domain) if record.redirect else Result.NEUTRAL
        # Had a pointer that we passed over matched, it would have been a pass; so a pass is one anyhow.
        pointed = any(term.name == "ptr" for term in record.terms)
        return Result.UNKNOWN if pointed and result is not Result.PASS else result

    async def _by_terms(self, record: SpfRecord, domain: str) -> Result | None:
        for term in record.terms:
            matched = await self._matches(term, domain)
            if isinstance(matched, Result):
                return matched
            if matched:
                return SAID[term.sign]
        return None

    async def _redirected(self, target: str, domain: str) -> Result:
        name = self._counted_name(target, domain)
        if isinstance(name, Result):
            return name
        result = await self.of(name)
        return Result.PERMERROR if result is Result.NONE else result

    async def _matches(self, term: Term, domain: str) -> bool | Result:
        """Whether the term is about our peer, or the result where that cannot be said."""
        if term.name == "all":
            return True
        if term.network is not None:
            return self._envelope.ip in term.network
        name = self._counted_name(term.domain, domain)
        if isinstance(name, Result):
            return name
        match term.name:
            case "include":
                result = await self.of(name)
                return OF_INCLUDED.get(result, result)
            case "ptr":
                return False if term.sign == "+" else Result.UNKNOWN
            case _ if not is_name(name):
                return False
            case "a":
                return self._near(self._noted(await self._addresses(name)), term) or self._too_void()
            case "mx":
                return await self._by_exchanges(name, term)
            case _:  # RFC 7208, 5.7  exists: of IPv4, whatever the peer has
                return bool(self._noted(await self._resolver.addresses(name, 4))) or self._too_void()

    async def _by_exchanges(self, name: str, term: Term) -> bool | Result:
        exchanges = self._noted(await self._resolver.exchanges(name))
        for number, exchange in enumerate(exchanges):
            if number == MOST_EXCHANGES:
                return Result.PERMERROR
            if is_name(exchange) and self._near(await self._addresses(exchange), term):
                return True
        return self._too_void()

    async def _addresses(self, name: str) -> list[str]:
        return await self._resolver.addresses(name, self._envelope.ip.version)

    def _near(self, addresses: list[str], term: Term) -> bool:
        length = term.lengths[0 if self._envelope.ip.version == 4 else 1]
        return any(self._envelope.ip in ip_network((address, length), strict=False) for address in addresses)

    def _counted_name(self, text: str, domain: str) -> str | Result:
        """The name that a term asks about, which may be none; PERMERROR where there are too many terms."""
        self._terms += 1
        if self._terms > MOST_TERMS:
            return Result.PERMERROR
        if needs_pointer(text):
            return Result.UNKNOWN
        return expand(text, self._envelope, domain) if text else domain

    def _noted(self, answer: list[str]) -> list[str]:
        self._void += not answer
        return answer

    def _too_void(self) -> bool | Result:
        return Result.PERMERROR if self._void > MOST_VOID else False
