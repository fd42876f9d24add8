"""The rows that wait in a worker: copies are made some at a time, each once, in the order of the rows (5.12)."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.relay.compose import Prepared
from gateway.relay.copies import Copyist, Edition
from gateway.relay.counterfoils import found
from gateway.relay.handover import UNKNOWN, Handover
from gateway.relay.pipe import Draft, Orders, Report
from gateway.relay.queue import AT_A_TIME, TOGETHER, Parcel, Queue
from storage.keyring import Keyring, Place, create_keys
from storage.parcels import Recipient

TAKEN = Handover(250)


class Desk:
    """A queue, its reports, and rows to put into it."""

    def __init__(self, folder: Path) -> None:
        create_keys(folder / "keys", folder / "keys" / "kek", 2026)
        kek = f"file:{folder}/keys/kek"
        facts = {"keys": folder / "keys", "kek": kek, "dkim": (), "domain": "anshin.example", "unquoted_domains": ()}
        self.counterfoils = folder / "counterfoils"
        orders = SimpleNamespace(**facts, counterfoils=self.counterfoils, number=0, synced_every=0)
        self.made: list[str] = []
        self.reports: list[Report] = []
        self._key = Keyring(folder / "keys", kek).year(2026)
        copyist = Copyist(cast("Orders", orders))
        prepared = cast("Prepared", SimpleNamespace(body=b"", copy=self._copy))
        self._edition: Edition = copyist.edition(Draft(1, 2026, bytes(16), prepared, None))
        self.queue = Queue(copyist, self.reports.append)

    def _copy(self, to: str, *_: str) -> bytes:
        self.made.append(to)
        return to.encode()

    def parcel(self, number: int, *, altered: bool = False) -> Parcel:
        uuid = number.to_bytes(16, "big")
        sealed = self._key.seal(Place("subscription", "address", uuid), f"parent{number}@family.example".encode())
        row = Recipient(number, uuid, sealed[:-1] if altered else sealed)
        return Parcel(1, self._edition, row)

    def codes(self) -> dict[int, int]:
        accepted = {row: 250 for report in self.reports for rows in report.accepted.values() for row, _ in rows}
        return accepted | {outcome.row: outcome.code for report in self.reports for outcome in report.outcomes}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with running_loop():
        yield Desk(tmp_path)


@contextmanager
def running_loop() -> Iterator[None]:
    """Reports have a timer, which wants a loop; here nobody waits for it."""
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    try:
        yield
    finally:
        asyncio._set_running_loop(None)
        loop.close()


def drained(queue: Queue, see: Callable[[str], None]) -> None:
    while (copy := queue.take()) is not None:
        see(copy.recipient)
        queue.done(copy, TAKEN)


def test_5_12_copies_are_made_some_at_a_time_and_leave_in_the_order_of_their_rows(desk: Desk) -> None:
    desk.queue.put(*(desk.parcel(number) for number in range(1, 2 * AT_A_TIME + 6)))
    assert desk.made == []
    first = desk.queue.take()
    assert first is not None
    assert len(desk.made) == AT_A_TIME
    desk.queue.done(first, TAKEN)
    sent = [first.recipient]
    drained(desk.queue, sent.append)
    assert sent == desk.made == [f"parent{number}@family.example" for number in range(1, 2 * AT_A_TIME + 6)]


def test_5_12_a_row_that_does_not_open_is_told_once_and_holds_nobody_up(desk: Desk) -> None:
    desk.queue.put(*(desk.parcel(number, altered=number in (1, 3, 5)) for number in range(1, 6)))
    sent: list[str] = []
    drained(desk.queue, sent.append)
    assert sent == ["parent2@family.example", "parent4@family.example"]
    assert desk.codes() == {1: 451, 2: 250, 3: 451, 4: 250, 5: 451}
    assert sum(report.size for report in desk.reports) == 5


def test_5_12_what_was_put_back_goes_first_and_is_not_made_again(desk: Desk) -> None:
    desk.queue.put(*(desk.parcel(number) for number in range(1, 4)))
    first, second = desk.queue.take(), desk.queue.take()
    assert first is not None
    assert second is not None
    desk.queue.put_back(second)
    desk.queue.put_back(first)
    sent: list[str] = []
    drained(desk.queue, sent.append)
    assert sent == desk.made == [f"parent{number}@family.example" for number in range(1, 4)]


def test_5_12_a_halted_run_gives_back_what_was_made_ahead(desk: Desk) -> None:
    desk.queue.put(*(desk.parcel(number) for number in range(1, 4)))
    first = desk.queue.take()
    assert first is not None
    desk.queue.give_back(run=1)
    desk.queue.done(first, TAKEN)
    assert desk.codes() == {1: 250, 2: 0, 3: 0}


def test_5_12_a_counterfoil_is_kept_of_what_was_taken_over_and_of_nothing_else(desk: Desk) -> None:
    desk.queue.put(*(desk.parcel(number) for number in range(1, 4)))
    ids = []
    for handover in (TAKEN, Handover(451), UNKNOWN):
        copy = desk.queue.take()
        assert copy is not None
        ids.append(copy.id)
        desk.queue.done(copy, handover)
    assert len(set(ids)) == 3
    assert found(desk.counterfoils) == {ids[0]}


@pytest.mark.parametrize(("rows", "told"), [(50, [25, 25]), (400, [200, 100, 50, 25, 25]), (20, [20])])
def test_5_12_outcomes_are_told_by_halves_of_what_there_is(desk: Desk, rows: int, told: list[int]) -> None:
    assert TOGETHER == 25
    desk.queue.put(*(desk.parcel(number) for number in range(1, rows + 1)))
    drained(desk.queue, lambda _recipient: None)
    assert [report.size for report in desk.reports] == told


def test_5_12_a_report_tells_whether_counterfoils_are_kept(desk: Desk, tmp_path: Path) -> None:
    desk.queue.put(desk.parcel(1))
    drained(desk.queue, lambda _recipient: None)
    (tmp_path / "other" / "counterfoils").mkdir(parents=True)
    without = Desk(tmp_path / "other")
    without.queue.put(without.parcel(1))
    drained(without.queue, lambda _recipient: None)
    assert [report.kept for report in (*desk.reports, *without.reports)] == [True, False]
