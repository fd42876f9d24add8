"""What became of a chunk's copies, and how it is written down."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.tally import DOMAINS, MAYBE, Tally, rows_of

rows = st.integers(min_value=1, max_value=2**62)


@given(st.lists(rows, max_size=60))
def test_the_rows_handed_over_are_read_back_in_order(numbers: list[int]) -> None:
    tally = Tally()
    for number in numbers:
        tally.hand(number)
    assert list(rows_of(tally.handed)) == numbers
    assert tally.relayed == len(numbers)


@given(st.lists(rows, max_size=20), st.lists(rows, max_size=20))
def test_a_tally_that_was_put_away_goes_on_where_it_was(before: list[int], after: list[int]) -> None:
    first = Tally()
    for number in before:
        first.hand(number)
    second = Tally.opened(first.handed, first.exceptions())
    for number in after:
        second.hand(number)
    assert list(rows_of(second.handed)) == before + after
    assert second.relayed == len(before) + len(after)


def test_neighbours_cost_one_octet_each() -> None:
    tally = Tally()
    tally.hand(1_000_000)
    start = len(tally.handed)
    for number in range(1_000_001, 1_000_501):
        tally.hand(number)
    assert len(tally.handed) - start == 500


def test_deferred_and_failed_rows_are_read_back() -> None:
    tally = Tally()
    tally.hand(1)
    tally.defer(2, 100, 451)
    tally.defer(3, 200, 421)
    tally.defer(3, 300, 421)
    tally.fail(4, 550)
    again = Tally.opened(tally.handed, tally.exceptions())
    assert (again.relayed, again.failed, again.waiting) == (1, 1, 2)
    assert (again.attempts(2), again.attempts(3), again.attempts(4)) == (1, 2, 0)
    assert (again.due(99), again.due(100), again.due(300)) == ([], [2], [2, 3])
    assert again.next_try() == 100
    assert again == tally


@pytest.mark.parametrize("end", [Tally.hand, Tally.strike, lambda tally, row: tally.fail(row, 550)])
def test_a_row_that_is_done_with_waits_no_longer(end: Callable[[Tally, int], None]) -> None:
    tally = Tally()
    tally.defer(7, 100, 451)
    end(tally, 7)
    assert (tally.waiting, tally.due(1_000), tally.next_try()) == (0, [], None)


def test_a_copy_in_doubt_is_tried_once_more_and_then_counts_as_handed_over() -> None:
    tally = Tally()
    tally.doubt(7, 100)
    assert (tally.waiting, tally.relayed, tally.due(100)) == (1, 0, [7])
    tally = Tally.opened(tally.handed, tally.exceptions())
    tally.doubt(7, 200)
    assert (tally.waiting, tally.relayed, list(rows_of(tally.handed))) == (0, 1, [7])


def test_a_copy_that_was_deferred_and_then_is_in_doubt_is_tried_again() -> None:
    tally = Tally()
    tally.defer(7, 100, 451)
    tally.doubt(7, 200)
    assert (tally.due(200), tally.attempts(7)) == ([7], 2)
    assert json.loads(tally.exceptions())["deferred"]["7"][2] == MAYBE


def test_nothing_is_written_as_nothing() -> None:
    assert Tally() == Tally.opened(b"", Tally().exceptions())
    assert list(rows_of(b"")) == []


def test_a_tally_shows_no_row() -> None:
    tally = Tally()
    tally.hand(4242)
    tally.defer(4343, 100, 451)
    tally.fail(4444, 550)
    assert not any(number in repr(tally) for number in ("4242", "4343", "4444"))


def test_domains_are_counted_by_name_and_the_many_small_ones_together() -> None:
    tally = Tally()
    for row in range(100):
        tally.hand(row, f"d{row % 50}.example")
    tally.fail(100, 550, "d0.example")
    tally = Tally.opened(tally.handed, tally.exceptions())
    assert len(tally.domains) == DOMAINS + 1
    assert (tally.domains["d0.example"], tally.domains[""]) == ([2, 1], [2 * (50 - DOMAINS), 0])
