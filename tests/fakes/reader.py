"""What a handler may ask, answered from plain values. It implements storage.records.Reader and decides nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.records import (
    Address,
    Alert,
    AlertContent,
    Failures,
    LeaveClaim,
    Matched,
    Quota,
    RequestKind,
    Subscription,
    Weather,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The state of the register, as far as a test needs one."""

    held: Sequence[Subscription] = ()
    claimed: Mapping[LeaveClaim, Subscription] = field(default_factory=dict)
    used: Mapping[Quota, int] = field(default_factory=dict)
    open: int = 0
    waiting: Sequence[RequestKind] = ()
    by_district: Mapping[str, int] = field(default_factory=dict)
    total: int = 0
    wordings: Mapping[str, str] = field(default_factory=dict)
    last_number: int = 41
    replays: Mapping[bytes, str] = field(default_factory=dict)
    texts: Mapping[bytes, str] = field(default_factory=dict)
    alerts: int = 0
    keys: frozenset[tuple[str, str]] = frozenset()
    restored: datetime | None = None
    failed: Failures = field(default_factory=dict)
    storm: Weather = field(default_factory=Weather)
    posted: Sequence[Alert] = ()
    content: AlertContent = field(
        default_factory=lambda: AlertContent(subject="[不審者情報][富雄] 不審者について", text="午後3時ごろ。")
    )

    def subscriptions(self, address: Address) -> Sequence[Subscription]:
        return [each for each in self.held if each.address == address]

    def subscriber(self, claim: LeaveClaim) -> Subscription | None:
        return self.claimed.get(claim)

    def failures(self, claim: LeaveClaim) -> Failures:
        return self.failed

    def weather(self, now: datetime) -> Weather:
        return self.storm

    def letters(self, quota: Quota, now: datetime) -> int:
        return self.used.get(quota, 0)

    def asked(self, address: Address, now: datetime) -> Sequence[RequestKind]:
        return self.waiting

    def open_requests(self, address: Address, now: datetime) -> int:
        return self.open

    def matched(self, year: int, districts: Sequence[str]) -> Matched:
        return Matched(total=self.total, by_district={code: self.by_district.get(code, 0) for code in districts})

    def wording(self, digest: str) -> str | None:
        return self.wordings.get(digest)

    def next_alert_number(self, year: int) -> int:
        return self.last_number + 1

    def alert(self, name: str) -> Alert | None:
        return next((each for each in self.posted if each.name == name), None)

    def follow_ups(self, first: Alert) -> Sequence[Alert]:
        return [each for each in self.posted if each.follows_id == first.id]

    def alert_content(self, alert: Alert) -> AlertContent:
        return self.content

    def replayed(self, replay_key: bytes, now: datetime) -> str | None:
        return self.replays.get(replay_key)

    def resembling(self, text_key: bytes, now: datetime) -> str | None:
        return self.texts.get(text_key)

    def alerts_since(self, author: str, since: datetime) -> int:
        return self.alerts

    def key_known(self, domain: str, fingerprint: str) -> bool:
        return (domain, fingerprint) in self.keys

    def restored_at(self) -> datetime | None:
        return self.restored

    def keyed(self, purpose: str, data: bytes) -> bytes:
        return hashlib.sha256(purpose.encode() + b"|" + data).digest()
