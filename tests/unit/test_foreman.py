"""What the foreman makes of a report (protocol 5.12), without a database; what it does with one is tried in faults/."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.relay.allowance import MOST, WINDOW
from gateway.relay.desk import Desk
from gateway.relay.foreman import Foreman
from gateway.relay.pipe import Report
from gateway.relay.workers import WorkerProcess

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


def rooms(folder: Path, *, shared: bool = False, kept: bool = True) -> tuple[int, int]:
    """How many rows it gives to a worker that handed 100,000 copies over in a second, and to one that did nothing."""
    settings = SimpleNamespace(state_folder=folder)
    desk = cast("Desk", SimpleNamespace(shared=shared, settings=settings, clock=lambda: NOW))
    busy, idle = (cast("WorkerProcess", SimpleNamespace(number=number, alive=True)) for number in (0, 1))
    foreman = Foreman(desk, [busy, idle], lambda: None, lambda: None)
    for step in range(100):
        accepted = {1: [(row, "town.example") for row in range(1_000)]}
        foreman._note(0, Report(accepted, kept=kept), {}, (), NOW + step * timedelta(seconds=0.01))
    return foreman._room(busy, NOW), foreman._room(idle, NOW)


def test_a_fast_worker_gets_more_rows_and_the_others_what_they_had(tmp_path: Path) -> None:
    assert rooms(tmp_path) == (MOST, WINDOW)


@pytest.mark.parametrize(("shared", "kept"), [(True, True), (False, False)])
def test_but_no_more_than_the_window_where_counterfoils_are_not_kept_or_another_node_may_go_on(
    tmp_path: Path, shared: bool, kept: bool
) -> None:
    assert rooms(tmp_path, shared=shared, kept=kept) == (WINDOW, WINDOW)
