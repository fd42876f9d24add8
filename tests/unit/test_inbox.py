"""When the foreman's next step begins (docs/adr/0005): half of what is under way is answered, or a moment is over."""

import asyncio

import pytest

from gateway.relay.inbox import FEW_ROWS_PATIENCE_SECONDS, PATIENCE_SECONDS, Inbox
from gateway.relay.pipe import Report

UNDER_WAY = 100


def report(rows: int, trouble: str | None = None) -> Report:
    return Report({1: [(row, "town.example") for row in range(rows)]}, (), trouble)


def inbox() -> Inbox:
    return Inbox(lambda: UNDER_WAY, few_rows=False)


async def calls(box: Inbox, seconds: float) -> bool:
    """Whether a step begins within that time."""
    waiting = asyncio.ensure_future(box.wait(None))
    done, _ = await asyncio.wait({waiting}, timeout=seconds)
    waiting.cancel()
    return bool(done)


@pytest.mark.parametrize(("reports", "at_once"), [((25,), False), ((25, 24), False), ((25, 25), True), ((50,), True)])
def test_a_step_waits_for_half_of_what_is_under_way(reports: tuple[int, ...], at_once: bool) -> None:
    async def begins() -> bool:
        box = inbox()
        for number, rows in enumerate(reports):
            box.hear(number, report(rows))
        return await calls(box, 0)

    assert asyncio.run(begins()) is at_once


@pytest.mark.parametrize("few_rows", [False, True])
def test_but_only_a_moment(few_rows: bool) -> None:
    async def begins() -> bool:
        box = Inbox(lambda: UNDER_WAY, few_rows=few_rows)
        box.hear(0, report(1))
        return await calls(box, PATIENCE_SECONDS * 100)

    assert asyncio.run(begins())


@pytest.mark.parametrize(("few_rows", "patience"), [(False, PATIENCE_SECONDS), (True, FEW_ROWS_PATIENCE_SECONDS)])
def test_the_moment_is_shorter_where_a_worker_is_soon_without_rows(few_rows: bool, patience: float) -> None:
    async def left() -> float:
        box = Inbox(lambda: UNDER_WAY, few_rows=few_rows)
        begun = asyncio.get_running_loop().time()
        box.hear(0, report(1))
        assert box._timer is not None
        return box._timer.when() - begun

    assert patience <= asyncio.run(left()) < patience + 0.01


def test_trouble_and_the_end_of_a_worker_are_told_at_once() -> None:
    async def begin() -> list[bool]:
        troubled, lost = inbox(), inbox()
        troubled.hear(0, report(0, "the smarthost is gone"))
        lost.lose(1)
        return [await calls(troubled, 0), await calls(lost, 0)]

    assert asyncio.run(begin()) == [True, True]


def test_what_was_taken_up_does_not_call_again() -> None:
    async def taken() -> tuple[list[tuple[int, Report]], set[int], bool]:
        box = inbox()
        box.hear(0, report(1))
        box.lose(1)
        reports, gone = box.emptied()
        return reports, gone, await calls(box, PATIENCE_SECONDS * 3)

    assert asyncio.run(taken()) == ([(0, report(1))], {1}, False)
