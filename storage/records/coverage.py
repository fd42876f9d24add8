"""What is kept of a domain's mail system after a self-test (protocol 5.11): no person, no mail."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageProfile:
    """How a domain signs under one selector, as far as alerts ask."""

    domain: str
    selector: str
    fingerprint: str  # SHA-256 of the public key (p=), hexadecimal
    algorithm: str  # rsa | ed25519
    bits: int
    covered: frozenset[str]  # of the fields that alerts need, those that h= names; in lower case
    timed: bool  # t= is there
    expires: bool  # x= is there


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCoverage:
    """Keeps the profile in place of the one before. It makes no key known: only an alert does (5.1b)."""

    profile: CoverageProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenProfile:
    """A profile with the time of the last self-test."""

    profile: CoverageProfile
    seen_at: datetime
