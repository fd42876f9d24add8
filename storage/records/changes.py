"""What a handler may ask storage to do, and what it may ask it: the closed set Change and the Reader."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from storage.records.alerts import Alert, AlertContent, Matched, NewAlert
from storage.records.bounces import (
    Failures,
    ReviveSubscription,
    SaveFailures,
    SaveWeather,
    SuspendSubscription,
    Weather,
)
from storage.records.canaries import NoteReturn
from storage.records.coverage import SaveCoverage
from storage.records.letters import Quota, RequestKind, RequestState
from storage.records.people import Address, Consent, LeaveClaim, Subscription


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
    """Writes the alert, its chunks and its replay key in one transaction (5.8). A held one has no chunks yet."""

    alert: NewAlert


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAlert:
    """5.5  A held alert goes out, to those who match now."""

    name: str
    by: str  # staff id
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAlert:
    """5.7  Nothing more of it goes out: a held alert is refused, a running one stopped."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberReplay:
    """5.8  A posting that is no alert, as a drill, is not taken twice either."""

    key: bytes
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberKey:
    """A signing key was seen for a staff domain for the first time."""

    domain: str
    fingerprint: str


Change = (
    SaveSubscription
    | EraseSubscription
    | CloseRequest
    | SaveAlert
    | ReleaseAlert
    | StopAlert
    | RememberKey
    | NoteReturn
    | RememberReplay
    | SaveFailures
    | SuspendSubscription
    | ReviveSubscription
    | SaveWeather
    | SaveCoverage
)


class Reader(Protocol):
    """What a handler may ask while it decides. Every answer is of the transaction that will hold its Outcome."""

    def subscriptions(self, address: Address) -> Sequence[Subscription]: ...

    def subscriber(self, claim: LeaveClaim) -> Subscription | None: ...

    def failures(self, claim: LeaveClaim) -> Failures: ...

    def weather(self, now: datetime) -> Weather: ...

    def letters(self, quota: Quota, now: datetime) -> int: ...

    def asked(self, address: Address, now: datetime) -> Sequence[RequestKind]: ...

    def open_requests(self, address: Address, now: datetime) -> int: ...

    def matched(self, year: int, districts: Sequence[str]) -> Matched: ...

    def wording(self, digest: str) -> str | None: ...

    def next_alert_number(self, year: int) -> int: ...

    def alert(self, name: str) -> Alert | None: ...

    def follow_ups(self, first: Alert) -> Sequence[Alert]: ...

    def alert_content(self, alert: Alert) -> AlertContent: ...

    def replayed(self, replay_key: bytes, now: datetime) -> str | None: ...

    def resembling(self, text_key: bytes, now: datetime) -> str | None: ...

    def alerts_since(self, author: str, since: datetime) -> int: ...

    def key_known(self, domain: str, fingerprint: str) -> bool: ...

    def restored_at(self) -> datetime | None: ...

    def keyed(self, purpose: str, data: bytes) -> bytes: ...
