"""Residents and staff as storage keeps them: plain frozen values."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address in canonical form. It prints as `<sealed>`; only `wire` gives the text away."""

    canonical: str = field(repr=False)

    def __repr__(self) -> str:
        return "<sealed>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    @property
    def local(self) -> str:
        return self.canonical.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.canonical.rpartition("@")[2]

    @property
    def wire(self) -> str:
        """The form for an envelope and a To field: an old carrier's stray dots are quoted (RFC 5321, 4.1.2)."""
        local = self.local
        stray = local.startswith(".") or local.endswith(".") or ".." in local
        return f'"{local}"@{self.domain}' if stray else self.canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """3.2  Evidence of consent: which wording, when, and by which way it was given."""

    version: str
    digest: str  # SHA-256 of the wording, hexadecimal
    at: datetime
    way: Literal["reply", "form", "proven"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One resident in one fiscal year."""

    year: int
    address: Address
    districts: frozenset[str] = field(repr=False)
    consent: Consent
    pseudonym: str
    suspended: bool = False  # 6.7  gets no copies until its person writes to us


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveClaim:
    """A genuine keyed token of one subscription: of `leave+` or of `bounce+`; the row may be gone."""

    year: int
    subscription_id: int
    letter: int | None = None  # of the return path of a letter that belongs to no row: which letter
    probe: bool = False  # of the letter that asked whether the mailbox is still there (6.7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A member of staff enrolled by command; what it is for is said in the configuration's [[staff]]."""

    id: str
    address: Address
    organisation: str
    districts: tuple[str, ...]
    categories: tuple[str, ...]
    may_release: bool
    may_second: bool
    keys: tuple[str, ...] = field(default=(), repr=False)
