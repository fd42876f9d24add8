"""How many copies a worker may have (protocol 5.12): who is fast gets many, who is slow few."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.relay.allowance import AHEAD_SECONDS, MEASURED, MOST, WINDOW, Allowance

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


def after(copies_a_second: int, allowance: Allowance, seconds: float = 1.0) -> Allowance:
    """Once it was heard of that many, some at a time."""
    steps = int(seconds / 0.01)
    for step in range(steps + 1):
        allowance.heard(copies_a_second // 100, NOW + step * timedelta(seconds=0.01))
    return allowance


@pytest.mark.parametrize(
    ("pace", "size"), [(20, WINDOW), (100, WINDOW), (1_000, 1_000 * AHEAD_SECONDS), (50_000, MOST)]
)
def test_a_worker_may_have_what_it_hands_over_in_a_moment_between_the_window_and_the_most(
    pace: int, size: float
) -> None:
    assert Allowance().size == WINDOW
    assert after(pace, Allowance(MOST)).size == pytest.approx(size, rel=0.2)


def test_where_nothing_but_the_database_records_copies_it_never_has_more_than_the_window() -> None:
    assert after(50_000, Allowance()).size == WINDOW


def test_who_becomes_slow_gets_fewer_and_who_rested_begins_anew() -> None:
    allowance = after(20_000, Allowance(MOST))
    assert allowance.size == MOST
    allowance.heard(25, NOW + timedelta(seconds=1.3))
    assert allowance.size == WINDOW
    after(20_000, allowance)
    allowance.heard(25, NOW + timedelta(hours=1))
    assert allowance.size == WINDOW


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    allowance = after(20_000, Allowance(MOST))
    earlier = NOW - timedelta(hours=1)
    allowance.heard(1, earlier)
    assert allowance.size == WINDOW
    allowance.heard(50, earlier + MEASURED)
    assert allowance.size == 50 / MEASURED.total_seconds() * AHEAD_SECONDS


def test_without_counterfoils_it_has_the_window_from_then_on() -> None:
    allowance = after(20_000, Allowance(MOST))
    allowance.restrict()
    assert allowance.size == WINDOW
    assert after(20_000, allowance).size == WINDOW


def test_each_time_the_next_hop_is_out_of_reach_the_rest_is_longer_until_it_answers() -> None:
    allowance = Allowance()
    assert allowance.ready(NOW)
    rests = []
    for _ in range(3):
        allowance.hold_off(NOW)
        assert not allowance.ready(NOW)
        rests.append(allowance.rest_until - NOW)
    assert timedelta(seconds=0.75) <= rests[0] < rests[1] < rests[2]
    assert allowance.ready(allowance.rest_until)
    allowance.reached()
    allowance.hold_off(NOW)
    assert allowance.rest_until - NOW <= timedelta(seconds=1)
