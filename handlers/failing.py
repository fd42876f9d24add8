"""What failures at a mailbox add up to: a count, a probe, a suspension; and when nothing counts (6.6–6.8).

Functions of values. It says what follows; undelivered.py says for whom.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from handlers.reports.values import NOT_THE_MAILBOX, Failure
from handlers.town import BouncePolicy
from storage.records import FailureDays, FailureKind, Failures, Weather

FREEZE = timedelta(hours=1)  # after the last sign of an outage


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one more failure makes of a mailbox's count."""

    failures: Failures = field(default_factory=dict)
    days: int = 0  # on which it failed in this way; 0: this day is counted already
    probe: bool = False
    suspend: bool = False


def kind_of(failure: Failure) -> FailureKind:
    if failure.permanent:
        return FailureKind.GONE
    if failure.reason == "mailboxfull":
        return FailureKind.FULL
    return FailureKind.OTHER if failure.reason in NOT_THE_MAILBOX else FailureKind.PASSING


def step(known: Failures, kind: FailureKind, today: date, policy: BouncePolicy, of_probe: bool = False) -> Step:
    """6.6, 6.7  The count after this failure, and whether to ask, or to give up, this mailbox."""
    # 6.7  The probe failed as well: there is nobody, or the same trouble has lasted long enough.
    probe = known.get(FailureKind.PROBE)
    if of_probe and probe is not None and probe.days >= _needed_to_suspend(kind, policy):
        return Step(days=probe.days, suspend=True)

    # 6.6  Once a day in each way; what is long past does not count.
    before = known.get(kind)
    if before is not None and before.last >= today:
        return Step(failures=known)
    fresh = before is not None and (today - before.last).days <= policy.stale_days
    days = before.days + 1 if before is not None and fresh else 1
    failures = {**known, kind: FailureDays(days=days, last=today)}

    # 6.7  Enough of it: an ordinary letter asks, and counting begins anew.
    if days >= _needed(kind, policy):
        del failures[kind]
        failures[FailureKind.PROBE] = FailureDays(days=days, last=today)
        return Step(failures=failures, days=days, probe=True)
    return Step(failures=failures, days=days)


def _needed(kind: FailureKind, policy: BouncePolicy) -> float:
    days = {
        FailureKind.GONE: policy.permanent_days,
        FailureKind.PASSING: policy.temporary_days,
        FailureKind.FULL: policy.full_days,
    }
    return days.get(kind, float("inf"))  # 6.6  what is about us or a filter never asks and never suspends


def _needed_to_suspend(kind: FailureKind, policy: BouncePolicy) -> float:
    """A probe that nobody can get suspends; trouble that may pass does only after as many days as it takes to ask."""
    return 0 if kind is FailureKind.GONE else _needed(kind, policy)


def weather_after(weather: Weather, now: datetime, policy: BouncePolicy) -> Weather:
    """6.8  One failure more; frozen where they are more than mailboxes that are gone would make."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    failures = weather.failures + 1 if weather.hour == hour else 1
    until = now + FREEZE if stormy(failures, weather.copies, policy) else weather.frozen_until
    return replace(weather, hour=hour, failures=failures, frozen_until=until)


def stormy(failures: int, copies: int, policy: BouncePolicy) -> bool:
    """6.8  So many failures of so many copies are an outage, and not people who have gone."""
    return failures >= policy.freeze_least and failures * 100 > policy.freeze_percent * copies


def frozen(weather: Weather, now: datetime) -> bool:
    return weather.frozen_until is not None and weather.frozen_until > now
