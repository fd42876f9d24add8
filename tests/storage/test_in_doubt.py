"""Copies that were under way when a process ended: those with a counterfoil are not sent again (protocol 5.12)."""

import threading
from datetime import datetime

import pytest
from sqlalchemy import update

from gateway.relay.chunks import ChunkRun
from gateway.relay.pipe import Outcome
from storage import alerts, in_doubt
from storage.fanout import LEASE, Claimed
from storage.parcels import Recipient
from storage.records import AlertState, Relation
from storage.store import Store, Transaction
from storage.tables import alert
from storage.tables import chunk as chunks
from tests.storage.samples import (
    HOUR,
    MINUTE,
    NOW,
    an_alert,
    begin,
    claimed,
    finish,
    following,
    join,
    join_all,
    opened,
    person,
    post,
    read,
    relay_all,
    write,
)

PEOPLE = 6
LATER = NOW + LEASE


@pytest.fixture
def posted(database: Store) -> Store:
    """An alert to six people."""
    join_all(database, [(person(number), ["tomio"]) for number in range(PEOPLE)])
    post(database, an_alert())
    return database


def announced(store: Store, most: int) -> list[Recipient]:
    """Rows of a chunk on their way, of which nobody will ever hear again."""
    return begin(store, ChunkRun(1, claimed(store)), most)


def kept(store: Store, rows: list[Recipient], name: str = "2026-0001") -> set[bytes]:
    """The counterfoils of these rows' copies of that alert."""
    key, found = store.keyring.year(2026), read(store, lambda tx: alerts.named(tx.connection, name))
    assert found is not None
    uuid = read(store, lambda tx: alerts.uuid_of(tx.connection, found.id))
    return {key.copy_id(uuid, row.uuid) for row in rows}


def settled(store: Store, counterfoils: set[bytes], chunk: Claimed) -> Claimed:
    write(store, lambda tx: in_doubt.settle(tx.connection, tx.keyring, chunk, lambda: counterfoils), LATER)
    return chunk


def still_to_go(store: Store, chunk: Claimed) -> list[str]:
    reading = read(store, ChunkRun(2, chunk).read)
    assert reading is not None
    return [opened(store, row) for row in reading.rows]


def people(*numbers: int) -> list[str]:
    return [person(number).canonical for number in numbers]


def test_who_has_a_counterfoil_has_the_copy_and_all_others_get_it(posted: Store) -> None:
    rows = announced(posted, 4)
    chunk = settled(posted, kept(posted, [rows[1], rows[3]]), claimed(posted, LATER))
    assert still_to_go(posted, chunk) == people(0, 2, 4, 5)
    assert chunk.tally.relayed == 2
    assert chunk.tally.domains == {person(1).domain: [2, 0]}


def test_without_counterfoils_every_row_that_was_under_way_goes_out_again(posted: Store) -> None:
    announced(posted, 4)
    assert still_to_go(posted, settled(posted, set(), claimed(posted, LATER))) == people(*range(PEOPLE))


def test_a_counterfoil_of_another_alert_with_the_same_numbers_counts_for_nothing(posted: Store) -> None:
    counterfoils = kept(posted, announced(posted, 4))
    # A backup was put back, and the number was given again.
    write(posted, lambda tx: tx.connection.execute(update(alert).values(uuid=bytes(16))))
    assert still_to_go(posted, settled(posted, counterfoils, claimed(posted, LATER))) == people(*range(PEOPLE))


def test_a_copy_that_was_tried_again_and_has_a_counterfoil_is_over(posted: Store) -> None:
    run = ChunkRun(1, claimed(posted))
    first, *others = begin(posted, run, PEOPLE)
    run.record(Outcome(1, first.id, 451, "", False, "town.example"), NOW - MINUTE, lambda _attempts: MINUTE)
    run.accepted([(row.id, "town.example") for row in others])
    again = begin(posted, run, PEOPLE)
    assert again == [first._replace(position=again[0].position)]
    chunk = settled(posted, kept(posted, again), claimed(posted, LATER))
    assert (chunk.tally.relayed, chunk.tally.waiting) == (PEOPLE, 0)


def test_5_7_readers_of_a_follow_up_are_known_by_its_own_counterfoils(posted: Store) -> None:
    relay_all(posted)
    finish(posted)
    post(posted, following(Relation.UPDATE))
    rows = announced(posted, 4)
    wrong, right = kept(posted, rows[:1]), kept(posted, rows[1:3], "2026-0002")
    chunk = settled(posted, wrong | right, claimed(posted, LATER))
    assert still_to_go(posted, chunk) == people(0, 3, 4, 5)


def test_5_7_who_has_moved_since_the_kill_has_the_copy_all_the_same(posted: Store) -> None:
    rows = announced(posted, 4)
    join(posted, person(1), "ayame")
    chunk = settled(posted, kept(posted, rows), claimed(posted, LATER))
    assert chunk.tally.relayed == 4
    assert still_to_go(posted, chunk) == people(4, 5)


def stop(store: Store) -> None:
    write(store, lambda tx: alerts.stop(tx.connection, "2026-0001", NOW))


def settle_ended(store: Store, counterfoils: set[bytes], now: datetime = LATER) -> bool:
    """Whether there was anything to do."""
    doubted = read(store, lambda tx: in_doubt.left(tx.connection, tx.keyring, now), now)
    write(store, lambda tx: in_doubt.settle_ended(tx.connection, tx.keyring, now, lambda: counterfoils), now)
    return doubted


def test_5_6_the_report_of_a_stopped_alert_counts_what_went_out_when_a_process_ended(posted: Store) -> None:
    rows = announced(posted, 4)
    stop(posted)
    assert settle_ended(posted, kept(posted, rows[:3]))
    (ended,) = finish(posted, LATER)
    assert (ended.state, ended.relayed) == (AlertState.STOPPED, 3)
    assert not settle_ended(posted, kept(posted, rows))


def test_5_7_who_got_a_stopped_alert_gets_its_cancellation_wherever_they_live_by_now(posted: Store) -> None:
    rows = announced(posted, 4)
    stop(posted)
    join(posted, person(1), "ayame")
    settle_ended(posted, kept(posted, rows[:3]))
    finish(posted, LATER)
    post(posted, following(Relation.CANCELLATION), LATER)
    chunk = claimed(posted, LATER)
    assert chunk.complete
    assert sorted(still_to_go(posted, chunk)) == people(0, 1, 2, 3)


def test_5_7_the_same_holds_where_its_time_ran_out(posted: Store) -> None:
    rows = announced(posted, 4)
    late = NOW + 4 * HOUR
    assert settle_ended(posted, kept(posted, rows[:1]), late)
    (ended,) = finish(posted, late)
    assert (ended.state, ended.relayed) == (AlertState.EXPIRED, 1)


def test_what_is_still_leased_or_still_runs_is_left_alone(posted: Store) -> None:
    rows = announced(posted, 4)
    assert not settle_ended(posted, kept(posted, rows))
    stop(posted)
    assert not settle_ended(posted, kept(posted, rows), NOW)
    assert settle_ended(posted, kept(posted, rows))


def test_5_7_who_may_have_got_a_stopped_alert_is_known_before_they_move(posted: Store) -> None:
    rows = announced(posted, 4)
    stop(posted)
    settle_ended(posted, kept(posted, rows[:1]))
    finish(posted, LATER)
    join(posted, person(2), "ayame")
    post(posted, following(Relation.CANCELLATION), LATER)
    assert sorted(still_to_go(posted, claimed(posted, LATER))) == people(0, 1, 2, 3)


def test_an_alert_whose_time_ran_out_ends_when_nothing_of_it_is_under_way(posted: Store) -> None:
    late = NOW + 4 * HOUR
    run = ChunkRun(1, claimed(posted, late - MINUTE / 6))
    begin(posted, run, 2, late - MINUTE / 6)
    assert finish(posted, late) == []
    (ended,) = finish(posted, late + LEASE)
    assert ended.state is AlertState.EXPIRED


def test_a_stopped_alert_ends_though_what_became_of_its_copies_does_not_open(posted: Store) -> None:
    rows = announced(posted, 4)
    stop(posted)
    write(posted, lambda tx: tx.connection.execute(update(chunks).values(exceptions=b"damaged")))
    assert settle_ended(posted, kept(posted, rows))
    (ended,) = finish(posted, LATER)
    assert ended.state is AlertState.STOPPED


def test_what_one_node_settles_another_without_its_counterfoils_does_not_undo(posted: Store) -> None:
    rows = announced(posted, 4)
    stop(posted)
    begun, go_on = threading.Event(), threading.Event()

    def settle(tx: Transaction, counterfoils: set[bytes]) -> None:
        in_doubt.settle_ended(tx.connection, tx.keyring, LATER, lambda: counterfoils)

    ours = kept(posted, rows[:3])

    def slowly(tx: Transaction) -> None:
        settle(tx, ours)
        begun.set()
        go_on.wait(1)

    first = posted.write(LATER, slowly)
    assert begun.wait(10)
    posted.write(LATER, lambda tx: settle(tx, set())).result(30)
    go_on.set()
    first.result(30)
    (ended,) = finish(posted, LATER)
    assert ended.relayed == 3
