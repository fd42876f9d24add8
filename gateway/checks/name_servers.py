"""Whether the name servers answer: an alert's signature is checked with a key that they give out (protocol 5.1)."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime

from gateway.authentication.resolver import LookupTrouble, Resolver
from gateway.checks.finding import Finding, ok, warning
from gateway.settings import Settings

NAME = "dns"
SECONDS = 2.0  # a try; the resolver makes two
MOST_DOMAINS = 20
SYSTEM = "OS"


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    domains = sorted({member.address.domain for member in settings.town.staff})[:MOST_DOMAINS]
    asked = domains or [settings.gateway.domain]
    servers = settings.dns.nameservers or ("",)
    for server, silent in zip(servers, asyncio.run(_all_silent(servers, asked)), strict=True):
        yield _judged(server or SYSTEM, asked, silent)


async def _all_silent(servers: Sequence[str], domains: Sequence[str]) -> list[Sequence[str]]:
    """All servers at once, so that one that is gone keeps nobody waiting."""
    return await asyncio.gather(*(_silent(server, domains) for server in servers))


async def _silent(server: str, domains: Sequence[str]) -> Sequence[str]:
    """The domains for which this server has no usable answer; "there is no such record" is one."""
    try:
        resolver = Resolver((server,) if server else (), timeout=SECONDS)
    except LookupTrouble:
        return domains  # the system names no server at all
    # Selectors of staff domains are not known before a mail comes; any name of the domain shows that it is answered.
    answers = await asyncio.gather(*(resolver.txt(f"_dmarc.{domain}") for domain in domains), return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, LookupTrouble):
            raise answer
    return [domain for domain, answer in zip(domains, answers, strict=True) if isinstance(answer, LookupTrouble)]


def _judged(server: str, asked: Sequence[str], silent: Sequence[str]) -> Finding:
    if not silent:
        return ok(NAME, f"DNS サーバが答えます({server}) / the name server answers")
    remedy = "[dns] nameservers と通信を確かめる / check [dns] nameservers, and that UDP and TCP port 53 are open"
    if len(silent) == len(asked):
        return warning(NAME, f"DNS サーバが答えません({server}) / the name server gives no answer", remedy)
    names = ", ".join(silent)
    return warning(NAME, f"{names} の答えがありません({server}) / no usable answer about this staff domain", remedy)
