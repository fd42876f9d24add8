"""The values a mail becomes before a handler sees it. No parsing here (reading.py), no judging (the handlers)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from handlers.coverage import Coverage
from storage.records import Address, LeaveClaim, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which command an address names, and what its tag carries."""

    command: str  # a key of routes.HANDLERS
    tag: str = field(default="", repr=False)  # a district (subscribe+) or a token


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMail:
    """One mail to one address, read but not judged."""

    id: str
    received_at: datetime  # aware
    route: Route
    sender: Address | None  # the envelope's; None is the null reverse-path
    author: Address | None  # what From claims
    network: str | None = field(default=None, repr=False)  # where it came from; None: a front server of our own
    subject: str = field(repr=False)
    body: str = field(repr=False)  # the whole text as it was written
    text: str = field(repr=False)  # the own text: no quotation, no signature, no advertisement
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # X- fields: name without the X-, value
    message_id: str | None = field(default=None, repr=False)
    readable: bool = True  # False: there is a text, in letters that we do not know
    automatic: bool = False  # RFC 3834: never to be answered
    language: Literal["ja", "en"] = "ja"
    raw: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A mail that cannot be read, with the cause for the audit."""

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """5.1  A mail whose author is proven: what the signature covers, and nothing else of it."""

    domain: str
    selector: str
    fingerprint: str  # SHA-256 of the public key (p=), hexadecimal
    pinned: bool  # the key stands in the configuration
    message_id: str = field(repr=False)
    date: str
    body_hash: bytes
    addressed: str | None = field(default=None, repr=False)  # To and Cc, in lower case; None: To is not covered
    subject: str = field(repr=False)
    text: str | None = field(repr=False)  # None: the mail has HTML only
    attachments: int = 0
    signed_fields: Mapping[str, str] = field(default_factory=dict, repr=False)  # X- headers in h=; name without X-
    unsigned_fields: frozenset[str] = frozenset()  # X- headers that h= does not cover; name without X-


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Who is proven. `author` None means nobody; a `cause` refuses the mail, and is for the audit."""

    author: Address | None = None
    proof: Proof | None = None
    cause: str | None = None
    claim: Request | LeaveClaim | None = None
    coverage: Coverage | None = None  # 5.11  of a self-test, which proves nobody
