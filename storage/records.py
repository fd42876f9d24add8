"""Plain frozen values that storage keeps and handlers speak of. No behaviour, no input or output."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol


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


class RequestKind(StrEnum):
    """What an unguessable token completes (protocol 1.2). The value is the local part that carries it."""

    CONFIRM_SUBSCRIBE = "subscribe"
    CONFIRM_LEAVE = "leave"
    CONFIRM_CHANGE = "change"
    CONFIRM_STATUS = "status"
    RENEW = "renew"
    FORM = "form"

    @property
    def local_part(self) -> Literal["form", "confirm"]:
        return "form" if self is RequestKind.FORM else "confirm"


class RequestState(StrEnum):
    OPEN = "open"
    USED = "used"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"  # another one was confirmed first (3.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequest:
    """A request that waits for its token to come back. Storage mints the token; nothing here hints at it."""

    kind: RequestKind
    address: Address
    years: tuple[int, ...]
    districts: frozenset[str] = field(default=frozenset(), repr=False)
    removed: frozenset[str] = field(default=frozenset(), repr=False)  # by a change
    replaces: bool = False  # a change that names all that shall remain
    terms: tuple[str, str] = ("", "")  # version and digest of the wording shown
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A stored request, found by its token. `address` is None where it has been erased since."""

    id: int
    kind: RequestKind
    state: RequestState
    address: Address | None
    years: tuple[int, ...]
    districts: frozenset[str] = field(repr=False)
    removed: frozenset[str] = field(default=frozenset(), repr=False)
    replaces: bool = False
    terms: tuple[str, str]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveClaim:
    """A genuine keyed token of one subscription: of `leave+` or of `bounce+`; the row may be gone."""

    year: int
    subscription_id: int


@dataclass(frozen=True, slots=True)
class Quota:
    """3.6  What letters to unproven authors are counted by: an address (a day), or one of the others (an hour)."""

    scope: Literal["address", "network", "domain", "all"]
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter of ours to one person, complete but for the token, which storage mints."""

    to: Address
    subject: str = field(repr=False)
    text: str = field(repr=False)
    local_part: str = "help"  # of From, where no token is asked for
    request: NewRequest | None = None
    in_reply_to: str | None = field(default=None, repr=False)
    attached: bytes | None = field(default=None, repr=False)  # a mail passed on, as message/rfc822
    urgent: bool = False
    counted: tuple[Quota, ...] = ()  # 3.6  what this letter counts towards


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One thing that happened. `about` names a resident; storage writes their pseudonym, never the address."""

    event: str
    subject: str | None = None
    about: Address | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


class AlertState(StrEnum):
    RELAYING = "relaying"
    RELAYED = "relayed"
    EXPIRED = "expired"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """An accepted alert, composed for residents."""

    year: int
    number: int
    author: str  # staff id
    organisation: str
    category: str
    districts: tuple[str, ...]
    subject: str = field(repr=False)
    text: str = field(repr=False)
    accepted_at: datetime
    expires_at: datetime
    replay_key: bytes
    text_key: bytes
    language: str = "ja"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert as it stands, without its text."""

    id: int
    year: int
    number: int
    state: AlertState
    author: str
    organisation: str
    category: str
    districts: tuple[str, ...]
    accepted_at: datetime
    expires_at: datetime
    finished_at: datetime | None
    matched: int
    relayed: int
    failed: int
    waiting: int
    language: str = "ja"

    @property
    def name(self) -> str:
        return alert_name(self.year, self.number)


def alert_name(year: int, number: int) -> str:
    """5.6  `2026-0042`: the fiscal year and a count."""
    return f"{year}-{number:04d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """How many subscribers an alert reaches: in all, and for each district (a person may count in several)."""

    total: int
    by_district: Mapping[str, int]


# --- what a handler may ask storage to do -------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveSubscription:
    """Creates the year's row for the address, or gives the existing one these districts."""

    year: int
    address: Address
    districts: frozenset[str] = field(repr=False)
    consent: Consent | None = None  # None keeps what was agreed before


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseSubscription:
    """4.3  Erases the address's rows of every open year, and what its requests knew of it; or one year's row alone."""

    address: Address
    year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """Ends a request; `others` also closes the address's other open requests to join (3.5)."""

    request_id: int
    state: RequestState
    others: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAlert:
    """Writes the alert, its chunks and its replay key, all in the accepting transaction (5.8)."""

    alert: NewAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberKey:
    """A signing key was seen for a staff domain for the first time."""

    domain: str
    fingerprint: str


Change = SaveSubscription | EraseSubscription | CloseRequest | SaveAlert | RememberKey


class Reader(Protocol):
    """What a handler may ask while it decides. Every answer is of the transaction that will hold its Outcome."""

    def subscriptions(self, address: Address) -> Sequence[Subscription]: ...

    def subscriber(self, claim: LeaveClaim) -> Subscription | None: ...

    def letters(self, quota: Quota, now: datetime) -> int: ...

    def open_requests(self, address: Address, now: datetime) -> int: ...

    def matched(self, year: int, districts: Sequence[str]) -> Matched: ...

    def wording(self, digest: str) -> str | None: ...

    def next_alert_number(self, year: int) -> int: ...

    def replayed(self, replay_key: bytes, now: datetime) -> str | None: ...

    def resembling(self, text_key: bytes, now: datetime) -> str | None: ...

    def alerts_since(self, author: str, since: datetime) -> int: ...

    def key_known(self, domain: str, fingerprint: str) -> bool: ...

    def keyed(self, purpose: str, data: bytes) -> bytes: ...
