"""Alerts as they are accepted and as they stand: plain frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal


class AlertState(StrEnum):
    HELD = "held"  # waits for its release (5.5)
    REFUSED = "refused"  # was held, and is not relayed
    RELAYING = "relaying"
    RELAYED = "relayed"
    EXPIRED = "expired"
    STOPPED = "stopped"


class Relation(StrEnum):
    """5.7  How an alert follows up another one."""

    UPDATE = "update"
    CORRECTION = "correction"
    CANCELLATION = "cancellation"
    RESOLVED = "resolved"

    @property
    def stops(self) -> bool:
        """Whether the rest of the first is not relayed any more."""
        return self in (Relation.CORRECTION, Relation.CANCELLATION)


ReleaseKind = Literal["direct", "author", "second"]  # 5.5


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
    language: Literal["ja", "en"] = "ja"
    release: ReleaseKind = "direct"
    reasons: tuple[str, ...] = ()  # why it is held
    held_until: datetime | None = None  # not direct: until when it may be released
    minutes: int | None = None  # how long it is relayed after its release; None: until expires_at
    new_key: tuple[str, str] | None = None  # domain and fingerprint that its release makes known (5.1b)
    relation: Relation | None = None
    follows: str = ""  # the name of the first alert

    @property
    def name(self) -> str:
        return alert_name(self.year, self.number)


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
    language: Literal["ja", "en"] = "ja"
    release: ReleaseKind = "direct"
    held_until: datetime | None = None
    minutes: int | None = None
    released_by: str | None = None
    released_at: datetime | None = None
    relation: Relation | None = None
    follows_id: int | None = None
    follows: str = ""  # the name of the first alert

    @property
    def unreached(self) -> int:
        """How many of those matched have no copy: not tried yet, waiting or failed."""
        return max(0, self.matched - self.relayed)

    @property
    def given_up(self) -> bool:
        """5.5  It was held, and nobody has released it in time."""
        return self.state is AlertState.EXPIRED and self.release != "direct" and self.released_at is None

    @property
    def name(self) -> str:
        return alert_name(self.year, self.number)


def alert_name(year: int, number: int) -> str:
    """5.6  `2026-0042`: the fiscal year and a count."""
    return f"{year}-{number:04d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertContent:
    """What an alert says, opened."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    new_key: tuple[str, str] | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """5.6  How the copies of an alert went out: how many in each district, and how long it took."""

    by_district: Mapping[str, int]  # handed over; a person may count in several
    seconds_to: Mapping[int, float]  # by percent of all that were handed over
    carriers: Mapping[str, float] = field(default_factory=dict)  # 11.4  how many seconds mail usually takes there


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """How many subscribers an alert reaches: in all, and for each district (a person may count in several)."""

    total: int
    by_district: Mapping[str, int]
