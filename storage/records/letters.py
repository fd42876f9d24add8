"""Requests that wait for their token, letters of ours, audit events: plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from storage.records.canaries import Canary
from storage.records.people import Address, LeaveClaim


class RequestKind(StrEnum):
    """What an unguessable token completes (protocol 1.2). The value is the local part that carries it."""

    CONFIRM_SUBSCRIBE = "subscribe"
    CONFIRM_LEAVE = "leave"
    CONFIRM_CHANGE = "change"
    CONFIRM_STATUS = "status"
    RENEW = "renew"
    FORM = "form"
    RELEASE = "release"  # of a member of staff, about one alert (5.5)

    @property
    def local_part(self) -> Literal["form", "confirm", "release"]:
        match self:
            case RequestKind.FORM:
                return "form"
            case RequestKind.RELEASE:
                return "release"
        return "confirm"


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
    alert: str = ""  # which one a release is about, as `2026-0042`
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
    alert: str = ""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Quota:
    """3.6, 5.11  What letters to the unproven are counted by: an address or a self-test (a day), the others an hour."""

    scope: Literal["address", "probe", "network", "domain", "all", "staff"]
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
    probe: LeaveClaim | None = None  # 6.7  which row it asks after; its return path says so
    second_way: bool = False  # over the fallback, where there is one: the ordinary way is blocked
    canary: Canary | None = None  # 11.4  what its return will tell
    unhurried: bool = False  # a drill or a renewal: not while every mail system is busy, at the full hour
    counted: tuple[Quota, ...] = ()  # 3.6  what this letter counts towards


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One thing that happened. `about` names a resident; storage writes their pseudonym, never the address."""

    event: str
    subject: str | None = None
    about: Address | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
