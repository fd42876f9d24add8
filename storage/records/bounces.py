"""What the register remembers of failures at a mailbox: plain frozen values (protocol 6.6–6.9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from storage.records.people import Address, LeaveClaim


class FailureKind(StrEnum):
    """By what a failure counts. PROBE is the letter that asked whether the mailbox is still there."""

    GONE = "gone"
    PASSING = "passing"
    FULL = "full"
    OTHER = "other"  # about us, our letter or a filter
    PROBE = "probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureDays:
    """On how many days a mailbox failed in one way, and on which last. Of a probe: how many days led to it."""

    days: int
    last: date


Failures = Mapping[FailureKind, FailureDays]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How much fails everywhere: what an outage is told by."""

    hour: datetime | None = None  # of which `failures` are counted
    failures: int = 0
    copies: int = 0  # handed over in the last day
    frozen_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveFailures:
    """Replaces what is remembered of a mailbox."""

    claim: LeaveClaim
    failures: Failures = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendSubscription:
    """6.7  No more copies go to this row until its person writes to us."""

    claim: LeaveClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviveSubscription:
    """6.9  The address's suspended rows get copies again, and nothing is remembered of their failures."""

    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveWeather:
    """Replaces what is remembered of failures everywhere."""

    weather: Weather
