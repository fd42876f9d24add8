"""Proof by the envelope: the peer may send for the domain of MAIL FROM, and that is the author's (SPF, aligned).

Where the peer is a server of our own, or one that only looks like the sender's, nothing can be said (protocol 3.7).
"""

from dataclasses import dataclass, field
from ipaddress import ip_network

from gateway.authentication.names import host_name
from gateway.authentication.public import spf
from gateway.authentication.public.dmarc import Governing, Policies
from gateway.authentication.public.spf_macros import Envelope
from gateway.authentication.public.verdict import Standing
from gateway.authentication.resolver import HostResolver, LookupTrouble
from gateway.throttle import parse_host

# From here nobody comes over the Internet: it is the way behind a front server that does not tell whom it speaks for.
INSIDE = tuple(
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("0.0.0.0/8", "::/127", "fc00::/7", "fe80::/10"),
    )
)
LONGEST_HELO = 253
UNSURE = frozenset({spf.Result.TEMPERROR, spf.Result.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """How a mail came in. `trusted`: from a front mail server of our own."""

    sender: str | None = field(repr=False)  # of MAIL FROM; None is the null reverse-path
    helo: str = field(repr=False)
    host: str = field(repr=False)
    trusted: bool = False


async def standing(passage: Passage, governing: Governing, policies: Policies, resolver: HostResolver) -> Standing:
    """Whether the envelope proves the author's domain."""
    envelope = _envelope(passage)
    if envelope is None:
        return Standing.UNSURE
    domain = host_name(envelope.domain.encode("ascii", "replace"), labels=2)
    strict = governing.record.strict_envelope
    try:
        if domain is None or not await policies.aligned(domain, governing.domain, strict=strict):
            return Standing.FAILED
    except LookupTrouble:
        return Standing.UNSURE
    result = await spf.check(envelope, resolver)
    if result is spf.Result.PASS:
        return Standing.PROVEN
    return Standing.UNSURE if result in UNSURE else Standing.FAILED


def _envelope(passage: Passage) -> Envelope | None:
    """What SPF is asked, or None where the peer says nothing about the sender."""
    ip = parse_host(passage.host)
    if ip is None or passage.trusted or any(ip in network for network in INSIDE):
        return None
    helo = passage.helo if len(passage.helo) <= LONGEST_HELO else ""
    # RFC 7208, 2.4  The null reverse-path stands for the postmaster of the peer.
    local, _, domain = (passage.sender or f"postmaster@{helo}").rpartition("@")
    return Envelope(ip=ip, local=local, domain=domain.lower(), helo=helo)
