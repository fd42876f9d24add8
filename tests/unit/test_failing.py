"""What failures add up to: a count a day, a probe, a suspension, an outage (protocol 6.6–6.8)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from handlers import failing
from handlers.failing import Step
from handlers.reports import REASONS, Failure
from handlers.town import BouncePolicy
from storage.records import FailureDays, FailureKind, Failures, Weather

DAY = date(2026, 6, 1)
NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
POLICY = BouncePolicy()
HOUR = timedelta(hours=1)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def failing_on(days: list[int], kind: FailureKind, policy: BouncePolicy = POLICY) -> Step:
    """The last step of a mailbox that fails in the same way on these days."""
    known: Failures = {}
    for day in days:
        found = failing.step(known, kind, after(day), policy)
        known = found.failures
    return found


@pytest.mark.parametrize(
    ("reason", "status", "kind"),
    [
        ("userunknown", "5.1.1", FailureKind.GONE),
        ("userunknown", "4.1.1", FailureKind.PASSING),
        ("hostunknown", "5.1.2", FailureKind.GONE),
        ("mailboxfull", "5.2.2", FailureKind.FULL),
        ("suspend", "5.2.1", FailureKind.PASSING),
        ("expired", "4.4.7", FailureKind.PASSING),
        ("filtered", "5.7.1", FailureKind.OTHER),
        ("spamdetected", "5.7.1", FailureKind.OTHER),
        ("norelaying", "5.7.1", FailureKind.OTHER),
    ],
)
def test_6_6_each_reason_counts_in_its_own_way(reason: str, status: str, kind: FailureKind) -> None:
    assert failing.kind_of(Failure(reason=reason, status=status)) is kind


def test_6_6_every_reason_has_a_way_to_count() -> None:
    kinds = {failing.kind_of(Failure(reason=reason, status="5.0.0")) for reason in REASONS}
    assert kinds == set(FailureKind) - {FailureKind.PROBE}


def test_6_6_many_failures_of_a_day_count_once() -> None:
    first = failing.step({}, FailureKind.GONE, DAY, POLICY)
    again = failing.step(first.failures, FailureKind.GONE, DAY, POLICY)
    assert (first.days, again.days) == (1, 0)
    assert again.failures == first.failures


def test_6_6_a_day_counts_once_in_each_way() -> None:
    first = failing.step({}, FailureKind.GONE, DAY, POLICY)
    other = failing.step(first.failures, FailureKind.FULL, DAY, POLICY)
    assert other.failures == {kind: FailureDays(days=1, last=DAY) for kind in (FailureKind.GONE, FailureKind.FULL)}


def test_6_6_what_is_long_past_does_not_count() -> None:
    kept = failing_on([0, 60], FailureKind.GONE)
    stale = failing_on([0, 61], FailureKind.GONE)
    assert (kept.days, stale.days) == (2, 1)


def test_6_7_three_days_without_the_mailbox_lead_to_a_probe_and_begin_the_count_anew() -> None:
    assert not failing_on([0, 3], FailureKind.GONE).probe
    found = failing_on([0, 3, 9], FailureKind.GONE)
    assert found.probe
    assert not found.suspend
    assert found.failures == {FailureKind.PROBE: FailureDays(days=3, last=after(9))}


@pytest.mark.parametrize(("kind", "days"), [(FailureKind.PASSING, 10), (FailureKind.FULL, 30)])
def test_6_7_what_may_pass_takes_more_days(kind: FailureKind, days: int) -> None:
    assert not failing_on(list(range(days - 1)), kind).probe
    assert failing_on(list(range(days)), kind).probe


def test_6_6_what_is_about_us_or_a_filter_never_asks_and_never_suspends() -> None:
    found = failing_on(list(range(200)), FailureKind.OTHER)
    assert found.days == 200
    assert not found.probe
    asked: Failures = {FailureKind.PROBE: FailureDays(days=366, last=DAY)}
    assert not failing.step(asked, FailureKind.OTHER, DAY, POLICY, of_probe=True).suspend


def test_6_7_the_probe_that_comes_back_too_suspends() -> None:
    asked = failing_on([0, 1, 2], FailureKind.GONE).failures
    assert failing.step(asked, FailureKind.GONE, after(2), POLICY, of_probe=True) == Step(days=3, suspend=True)


def test_6_7_an_alert_that_comes_back_after_the_probe_does_not_suspend() -> None:
    asked = failing_on([0, 1, 2], FailureKind.GONE).failures
    found = failing.step(asked, FailureKind.GONE, after(3), POLICY)
    assert (found.suspend, found.days) == (False, 1)


def test_6_7_a_full_mailbox_is_suspended_only_after_the_days_of_a_full_mailbox() -> None:
    soon: Failures = {FailureKind.PROBE: FailureDays(days=3, last=DAY)}
    assert not failing.step(soon, FailureKind.FULL, DAY, POLICY, of_probe=True).suspend
    long: Failures = {FailureKind.PROBE: FailureDays(days=30, last=DAY)}
    assert failing.step(long, FailureKind.FULL, DAY, POLICY, of_probe=True).suspend


def test_6_7_a_probe_of_which_nothing_is_known_any_more_counts_as_a_letter() -> None:
    found = failing.step({}, FailureKind.GONE, DAY, POLICY, of_probe=True)
    assert (found.suspend, found.days) == (False, 1)


def failures_in_an_hour(count: int, copies: int) -> Weather:
    weather = Weather(copies=copies)
    for _ in range(count):
        weather = failing.weather_after(weather, NOW, POLICY)
    return weather


def test_6_8_some_failures_of_many_copies_are_people_who_have_gone() -> None:
    assert not failing.frozen(failures_in_an_hour(200, 1_000), NOW)
    assert not failing.frozen(failures_in_an_hour(19, 10), NOW)


def test_6_8_many_failures_of_few_copies_are_an_outage_and_it_ends() -> None:
    weather = failures_in_an_hour(201, 1_000)
    assert failing.frozen(weather, NOW)
    assert failing.frozen(weather, NOW + HOUR - timedelta(seconds=1))
    assert not failing.frozen(weather, NOW + HOUR)


def test_6_8_each_hour_begins_with_none() -> None:
    weather = failing.weather_after(failures_in_an_hour(150, 1_000), NOW + HOUR, POLICY)
    assert weather.failures == 1
    assert not failing.frozen(weather, NOW + HOUR)
