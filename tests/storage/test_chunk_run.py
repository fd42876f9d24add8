"""A chunk on its way (protocol 5.12): whatever order the answers come in, wherever it is left, nobody is left out."""

import pytest

from gateway.relay.chunks import ChunkRun
from gateway.relay.pipe import Outcome
from storage import alerts, fanout
from storage.parcels import Recipient
from storage.store import Store, Transaction
from storage.tables import chunk
from tests.storage.samples import (
    MINUTE,
    NOW,
    SECOND,
    an_alert,
    claimed,
    finish,
    join_all,
    opened,
    person,
    post,
    read,
    relay_all,
    write,
)

PEOPLE = 6
HOME = 0  # the worker


@pytest.fixture
def run(database: Store) -> ChunkRun:
    """A claimed chunk of six, read."""
    join_all(database, [(person(number), ["tomio"]) for number in range(PEOPLE)])
    post(database, an_alert())
    found = ChunkRun(1, claimed(database))
    accept(database, found)
    return found


def accept(store: Store, run: ChunkRun) -> None:
    reading = read(store, run.read)
    assert reading is not None
    run.accept(reading)


def begin(run: ChunkRun, most: int) -> list[Recipient]:
    rows = run.next(most, NOW)
    run.announce(rows, HOME)
    return rows


def answer(run: ChunkRun, row: Recipient, code: int = 250, *, unknown: bool = False, later: float = -1.0) -> None:
    if code == 250:
        run.accepted([(row.id, "town.example")])
        return
    outcome = Outcome(run.number, row.id, code, "", unknown, "town.example", later=later)
    run.record(outcome, NOW, lambda _attempts: MINUTE)


def save(store: Store, run: ChunkRun) -> bool | None:
    return write(store, lambda tx: run.save(tx, run.over(NOW)))


def stored(store: Store) -> tuple[int, int, str]:
    """The chunk's cursor and how far it may be ahead, counted from its first row, and its state."""
    row = read(store, lambda tx: tx.connection.execute(chunk.select()).one())
    return row.cursor - row.first_id + 1, row.ahead - row.first_id + 1, row.state


def test_rows_are_announced_before_they_go_and_the_cursor_waits_for_the_slowest(database: Store, run: ChunkRun) -> None:
    rows = begin(run, 4)
    assert save(database, run)
    assert stored(database) == (0, 4, "open")
    for row in (rows[1], rows[3]):
        answer(run, row)
    assert save(database, run)
    assert stored(database) == (0, 4, "open")
    answer(run, rows[0])
    assert save(database, run)
    assert stored(database) == (2, 4, "open")
    assert run.under_way == 1


def test_the_first_rows_are_announced_by_the_transaction_that_claims_their_chunk(database: Store) -> None:
    join_all(database, [(person(number), ["tomio"]) for number in range(PEOPLE)])
    post(database, an_alert())

    def begun(transaction: Transaction) -> list[Recipient]:
        claimed = fanout.claim(transaction.connection, transaction.keyring, transaction.now)
        assert claimed is not None
        return ChunkRun(1, claimed).begin(transaction, HOME, 4, idle=True)

    rows = write(database, begun)
    assert [opened(database, row) for row in rows] == [person(number).canonical for number in range(4)]
    assert stored(database) == (0, 4, "open")


def test_after_a_crash_what_was_answered_out_of_order_is_not_sent_again(database: Store, run: ChunkRun) -> None:
    rows = begin(run, 4)
    for row in (rows[1], rows[3]):
        answer(run, row)
    save(database, run)
    again = ChunkRun(2, claimed(database, NOW + fanout.LEASE))
    accept(database, again)
    assert [opened(database, row) for row in begin(again, 10)] == [person(n).canonical for n in (0, 2, 4, 5)]


@pytest.mark.parametrize("answered", [0, 1, 3])
def test_a_chunk_that_is_left_in_the_middle_goes_on_where_it_was(database: Store, run: ChunkRun, answered: int) -> None:
    rows = begin(run, 3)
    for row in rows[:answered]:
        answer(run, row)
    run.leaving = True
    run.untried(rows[answered:])
    assert begin(run, 10) == []
    assert save(database, run)
    assert stored(database) == (answered, answered, "open")
    assert relay_all(database) == [person(number).canonical for number in range(answered, PEOPLE)]


def test_a_chunk_is_done_when_everything_is_answered(database: Store, run: ChunkRun) -> None:
    for row in begin(run, 10):
        answer(run, row, 550 if row.id % 2 else 250)
    assert run.over(NOW)
    assert save(database, run)
    assert stored(database) == (PEOPLE, PEOPLE, "done")
    (ended,) = finish(database)
    assert (ended.relayed, ended.failed, ended.waiting) == (PEOPLE // 2, PEOPLE // 2, 0)


def test_what_waits_for_its_turn_counts_no_attempt_and_comes_back(database: Store, run: ChunkRun) -> None:
    rows = begin(run, 10)
    for row in rows[1:]:
        answer(run, row)
    answer(run, rows[0], 0, later=30.0)
    save(database, run)
    assert stored(database)[2] == "open"
    again = ChunkRun(2, claimed(database, NOW + 31 * SECOND))
    assert again.claimed.tally.attempts(rows[0].id) == 0
    assert again.claimed.tally.due(again.claimed.tally.next_try() or 0) == [rows[0].id]


def test_a_second_try_that_nobody_hears_of_may_have_gone_out(database: Store, run: ChunkRun) -> None:
    """5.7  So a correction goes to this reader, too."""
    rows = begin(run, 10)
    for row in rows[1:]:
        answer(run, row)
    answer(run, rows[0], 451)
    save(database, run)
    again = ChunkRun(2, claimed(database, NOW + 2 * MINUTE))
    reading = read(database, again.read, NOW + 2 * MINUTE)
    assert reading is not None
    again.accept(reading)
    begin(again, 1)
    write(database, lambda tx: again.save(tx, False), NOW + 2 * MINUTE)
    crashed = claimed(database, NOW + 5 * MINUTE)
    assert crashed.tally.maybe() == [rows[0].id]


def test_a_second_try_that_was_not_made_is_what_it_was(database: Store, run: ChunkRun) -> None:
    (row, *others) = begin(run, 10)
    for each in others:
        answer(run, each)
    answer(run, row, 451)
    tally = run.claimed.tally
    tally.announce(row.id)
    assert tally.maybe() == [row.id]
    tally.recall(row.id)
    assert (tally.maybe(), tally.waiting) == ([], 1)


def test_a_copy_in_doubt_is_sent_once_more_and_not_again(database: Store, run: ChunkRun) -> None:
    (row, *others) = begin(run, 10)
    for each in others:
        answer(run, each)
    answer(run, row, 0, unknown=True)
    assert run.claimed.tally.waiting == 1
    run.claimed.tally.announce(row.id)
    run.claimed.tally.doubt(row.id, 0)
    assert (run.claimed.tally.waiting, run.claimed.tally.relayed) == (0, PEOPLE)


def test_a_stopped_alert_is_heard_of_at_the_next_step(database: Store, run: ChunkRun) -> None:
    begin(run, 2)
    assert save(database, run) is True
    write(database, lambda tx: alerts.stop(tx.connection, "2026-0001", tx.now))
    assert save(database, run) is False


def test_a_chunk_that_somebody_else_has_is_not_written_to(database: Store, run: ChunkRun) -> None:
    rows = begin(run, 2)
    claimed(database, NOW + fanout.LEASE)
    answer(run, rows[0])
    assert save(database, run) is None
    assert stored(database) == (0, 0, "open")


def test_copies_are_counted_by_domain(database: Store, run: ChunkRun) -> None:
    refused, *others = begin(run, 10)
    answer(run, refused, 550)
    for row in others:
        answer(run, row)
    save(database, run)
    assert dict(run.claimed.tally.domains) == {"town.example": [PEOPLE - 1, 1]}


def test_what_a_dead_worker_had_may_have_gone_out_until_it_is_sent_again(database: Store, run: ChunkRun) -> None:
    rows = begin(run, 3)
    answer(run, rows[0])
    save(database, run)
    run.recall(HOME)
    save(database, run)
    assert stored(database) == (1, 3, "open")
    again = ChunkRun(2, claimed(database))
    accept(database, again)
    save(database, again)
    assert stored(database) == (1, 3, "open")
    for row in begin(again, 10):
        answer(again, row)
    save(database, again)
    assert stored(database) == (PEOPLE, PEOPLE, "done")


def test_what_another_worker_has_goes_on_when_one_is_dead(database: Store, run: ChunkRun) -> None:
    first, second = begin(run, 1), run.next(1, NOW)
    run.announce(second, HOME + 1)
    assert (run.load(HOME), run.load(HOME + 1)) == (1, 1)
    run.recall(HOME)
    assert (run.load(HOME), run.load(HOME + 1), run.over(NOW)) == (0, 1, False)
    answer(run, second[0])
    save(database, run)
    assert stored(database) == (0, 1, "open")
    again = ChunkRun(2, claimed(database))
    accept(database, again)
    assert begin(again, 10)[0] == first[0]
    assert again.under_way == PEOPLE - 1


def test_only_news_is_saved_and_now_and_then_the_lease(database: Store, run: ChunkRun) -> None:
    def saved() -> None:
        run.saved(NOW, save(database, run))

    assert run.unsaved(NOW, 5 * SECOND)
    saved()
    assert not run.unsaved(NOW + 5 * SECOND, 5 * SECOND)
    assert run.unsaved(NOW + 6 * SECOND, 5 * SECOND)
    (row,) = begin(run, 1)
    assert run.unsaved(NOW, 5 * SECOND)
    saved()
    answer(run, row)
    assert run.unsaved(NOW, 5 * SECOND)


def test_after_a_crash_more_tried_rows_than_are_read_at_once_hold_nobody_up(database: Store, run: ChunkRun) -> None:
    """5.12  A slow copy at the head of a chunk, many others taken over behind it, and then a kill."""
    slow, *others = begin(run, PEOPLE - 1)
    for row in others:
        answer(run, row)
    save(database, run)
    again, reached, readings = ChunkRun(2, claimed(database, NOW + fanout.LEASE)), [], 0
    while not again.over(NOW) and (readings := readings + 1) < 2 * PEOPLE:
        reading = read(database, lambda tx: again.read(tx, most=2))
        assert reading is not None
        again.accept(reading)
        for row in begin(again, PEOPLE):
            answer(again, row)
            reached.append(opened(database, row))
    assert reached == [opened(database, slow), person(PEOPLE - 1).canonical]
    assert again.over(NOW)


def test_what_was_only_announced_before_a_crash_is_tried_again_after_one_lost_answer(
    database: Store, run: ChunkRun
) -> None:
    begin(run, 1)
    save(database, run)
    again = ChunkRun(2, claimed(database, NOW + fanout.LEASE))
    accept(database, again)
    (row,) = begin(again, 1)
    answer(again, row, 0, unknown=True)
    assert (again.claimed.tally.relayed, again.claimed.tally.waiting) == (0, 1)


def test_it_is_known_how_many_rows_each_worker_has(run: ChunkRun) -> None:
    first, second, third = begin(run, 3)
    run.announce(run.next(1, NOW), HOME + 1)
    assert [run.load(HOME), run.load(HOME + 1)] == [3, 1]
    answer(run, first)
    answer(run, first)
    run.forwarded(second.id, HOME + 1)
    assert [run.load(HOME), run.load(HOME + 1)] == [1, 2]
    run.recall(HOME + 1)
    run.untried([third])
    assert [run.load(HOME), run.load(HOME + 1)] == [0, 0]
    assert run.under_way == 0
