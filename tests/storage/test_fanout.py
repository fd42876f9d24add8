"""Alerts and their chunks (protocol 5.9): each matching subscriber exactly one copy, whatever happens meanwhile."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import update

from storage import alerts, backlog, chunks, deliveries, fanout
from storage.clock import micros
from storage.keyring import Keyring
from storage.records import AlertContent, AlertState
from storage.store import Store, Transaction
from storage.tables import chunk as chunk_table
from tests.storage.samples import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    an_alert,
    claim,
    claimed,
    due_again,
    finish,
    give_back,
    join,
    join_all,
    leave,
    next_rows,
    opened,
    person,
    post,
    read,
    record,
    relay_all,
    relay_chunk,
    write,
)


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 3)


def people(*numbers: int) -> list[str]:
    return [person(number).canonical for number in numbers]


def crowd(store: Store, count: int, *districts: str) -> None:
    join_all(store, [(person(number), districts or ("tomio",)) for number in range(count)])


# --- who is reached -----------------------------------------------------------------------------


def test_an_alert_is_kept_as_it_was_accepted(database: Store) -> None:
    crowd(database, 2)
    new = an_alert(42, "tomio", "asuka", language="en")
    post(database, new)
    (kept,) = read(database, lambda tx: alerts.alerts(tx.connection))
    assert (kept.name, kept.state, kept.districts, kept.language) == (
        "2026-0042",
        AlertState.RELAYING,
        ("tomio", "asuka"),
        "en",
    )
    assert (kept.author, kept.organisation, kept.category) == (new.author, new.organisation, new.category)
    assert (kept.accepted_at, kept.expires_at, kept.finished_at) == (new.accepted_at, new.expires_at, None)
    assert (kept.matched, kept.relayed, kept.failed, kept.waiting) == (2, 0, 0, 0)
    assert read(database, lambda tx: alerts.content(tx.connection, tx.keyring, kept.id)) == AlertContent(
        subject=new.subject, text=new.text
    )


def test_10_2_chunks_of_a_stopped_alert_do_not_wait_any_more(database: Store) -> None:
    crowd(database, 2)
    post(database, an_alert(42, "tomio"))
    assert [each.open for each in read(database, lambda tx: backlog.chunks(tx.connection, NOW)).values()] == [1]
    write(database, lambda tx: alerts.stop(tx.connection, "2026-0042", NOW))
    assert read(database, lambda tx: backlog.chunks(tx.connection, NOW)) == {}


def test_many_recipients_are_cut_into_chunks_and_all_reached(database: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.chunks.CHUNK_ROWS", 50)
    crowd(database, 120)
    post(database, an_alert())
    reached, chunks = [], 0
    while (chunk := claim(database)) is not None:
        reached += relay_chunk(database, chunk)
        chunks += 1
    assert chunks == 3
    assert reached == people(*range(120))
    assert finish(database)[0].relayed == 120


@pytest.mark.usefixtures("small_chunks")
def test_only_those_who_match_are_reached_and_only_once(database: Store) -> None:
    districts = (["tomio"], ["asuka"], ["tomio", "asuka"], ["heijo"])
    join_all(database, [(person(number), districts[number % 4]) for number in range(20)])
    join_all(database, [(person(number), ["tomio"]) for number in range(30, 33)], year=2027)
    post(database, an_alert(1, "tomio", "asuka"))
    assert relay_all(database) == people(*(number for number in range(20) if number % 4 != 3))


def test_an_alert_that_reaches_nobody_is_over_at_once(database: Store) -> None:
    join(database, person(1), "heijo")
    post(database, an_alert())
    assert claim(database) is None
    (over,) = finish(database)
    assert (over.state, over.matched, over.relayed, over.finished_at) == (AlertState.RELAYED, 0, 0, NOW)


def test_who_joins_after_acceptance_is_not_reached(database: Store) -> None:
    crowd(database, 2)
    post(database, an_alert())
    join(database, person(7), "tomio")
    assert relay_all(database) == people(0, 1)


def test_who_left_before_their_turn_is_not_reached(database: Store) -> None:
    crowd(database, 4)
    post(database, an_alert())
    leave(database, person(2))
    assert relay_all(database) == people(0, 1, 3)


def test_who_left_and_came_back_after_acceptance_is_not_reached(database: Store) -> None:
    crowd(database, 3)
    post(database, an_alert())
    leave(database, person(0))
    join(database, person(0), "tomio")
    assert relay_all(database) == people(1, 2)


@pytest.mark.usefixtures("small_chunks")
def test_who_moves_between_matching_districts_in_mid_run_gets_one_copy(database: Store) -> None:
    crowd(database, 9)
    post(database, an_alert(1, "tomio", "asuka"))
    reached = relay_chunk(database, claimed(database))
    for number in (0, 4, 8):
        join(database, person(number), "asuka")
    reached += relay_chunk(database, claimed(database))
    for number in (1, 5, 7):
        join(database, person(number), "asuka", "tomio")
    assert reached + relay_all(database) == people(*range(9))


def test_who_moves_out_of_the_districts_before_their_turn_is_not_reached(database: Store) -> None:
    crowd(database, 3)
    post(database, an_alert())
    join(database, person(1), "heijo")
    assert relay_all(database) == people(0, 2)


def steps(store: Store) -> int:
    """How many steps SQLite's machine takes to cut an alert's chunks."""
    seen = [0]

    def one() -> int:
        seen[0] += 1
        return 0

    def work(transaction: Transaction) -> None:
        raw = transaction.connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_progress_handler(one, 1)
        chunks._bounds(transaction.connection, 2026)
        raw.set_progress_handler(None, 1)

    read(store, work)
    return seen[0]


@pytest.mark.parametrize("engine_name", ["sqlite"])  # which alone tells its steps
def test_5_9_to_find_where_a_years_rows_begin_and_end_takes_as_long_for_many(database: Store) -> None:
    crowd(database, 10)
    few = steps(database)
    crowd(database, 1_000)
    assert read(database, lambda tx: chunks._bounds(tx.connection, 2026)) == (1, 1_000)
    assert steps(database) <= few


# --- lease and fence ----------------------------------------------------------------------------


def test_a_claimed_chunk_is_nobody_elses_until_the_lease_ends(database: Store) -> None:
    crowd(database, 2)
    post(database, an_alert())
    first = claimed(database)
    assert claim(database) is None
    assert claim(database, NOW + fanout.LEASE - SECOND) is None
    second = claimed(database, NOW + fanout.LEASE)
    assert (second.id, second.fence) == (first.id, first.fence + 1)


def test_every_report_lengthens_the_lease(database: Store) -> None:
    crowd(database, 2)
    post(database, an_alert())
    chunk = claimed(database)
    assert record(database, chunk, chunk.cursor, NOW + 10 * SECOND)
    assert claim(database, NOW + fanout.LEASE) is None
    assert record(database, chunk, chunk.cursor, NOW + fanout.LEASE)
    assert claim(database, NOW + fanout.LEASE + 10 * SECOND) is None
    assert claim(database, NOW + 2 * fanout.LEASE) is not None


def test_a_late_workers_report_changes_nothing(database: Store) -> None:
    crowd(database, 4)
    post(database, an_alert())
    late = claimed(database)
    rows = next_rows(database, late, most=2)
    current = claimed(database, NOW + fanout.LEASE)
    for row in rows:
        late.tally.hand(row.id)
    assert not record(database, late, rows[-1].id)
    assert not record(database, late, now=NOW + HOUR)
    give_back(database, late)
    again = claimed(database, NOW + 2 * fanout.LEASE)
    assert (again.cursor, again.tally.relayed, again.fence) == (current.cursor, 0, current.fence + 1)
    (alert,) = read(database, lambda tx: alerts.alerts(tx.connection))
    assert alert.relayed == 0


def test_what_was_recorded_is_not_done_again(database: Store) -> None:
    crowd(database, 5)
    post(database, an_alert())
    first = claimed(database)
    rows = next_rows(database, first, most=2)
    for row in rows:
        first.tally.hand(row.id)
    assert record(database, first, rows[-1].id)
    second = claimed(database, NOW + fanout.LEASE)
    assert second.tally.relayed == 2
    assert [opened(database, row) for row in next_rows(database, second)] == people(2, 3, 4)


def test_a_chunk_that_is_given_back_in_the_middle_goes_on_where_it_was(database: Store) -> None:
    crowd(database, 5)
    post(database, an_alert())
    first = claimed(database)
    rows = next_rows(database, first, most=3)
    for row in rows:
        first.tally.hand(row.id)
    record(database, first, rows[-1].id)
    give_back(database, first, NOW)
    assert relay_all(database) == people(3, 4)
    assert finish(database)[0].relayed == 5


def test_a_restart_of_the_only_process_frees_the_chunks(database: Store) -> None:
    crowd(database, 2)
    post(database, an_alert())
    lost = claimed(database)
    write(database, lambda tx: fanout.release_all(tx.connection))
    assert claimed(database).fence > lost.fence + 1
    assert not record(database, lost)


# --- later and never ----------------------------------------------------------------------------


def test_deferred_rows_come_back_when_they_are_due(database: Store) -> None:
    crowd(database, 3)
    post(database, an_alert())
    chunk = claimed(database)
    first, second, third = next_rows(database, chunk)
    chunk.tally.hand(first.id)
    chunk.tally.defer(second.id, micros(NOW + MINUTE), 451)
    chunk.tally.fail(third.id, 550)
    record(database, chunk)
    give_back(database, chunk, NOW + MINUTE)
    assert claim(database, NOW + 59 * SECOND) is None
    again = claimed(database, NOW + MINUTE)
    assert next_rows(database, again) == []
    (due,) = due_again(database, again, NOW + MINUTE)
    assert (due.id, again.tally.attempts(due.id)) == (second.id, 1)
    again.tally.hand(due.id)
    record(database, again, now=NOW + MINUTE)
    give_back(database, again)
    (over,) = finish(database, NOW + MINUTE)
    assert (over.state, over.relayed, over.failed, over.waiting) == (AlertState.RELAYED, 2, 1, 0)


def test_who_left_while_deferred_is_struck_off(database: Store) -> None:
    crowd(database, 2)
    post(database, an_alert())
    chunk = claimed(database)
    for row in next_rows(database, chunk):
        chunk.tally.defer(row.id, micros(NOW + MINUTE), 451)
    record(database, chunk)
    leave(database, person(0))
    assert [opened(database, row) for row in due_again(database, chunk, NOW + MINUTE)] == people(1)
    assert chunk.tally.waiting == 1


def test_an_alert_expires_with_what_was_not_sent(database: Store) -> None:
    crowd(database, 3)
    post(database, an_alert(expires_at=NOW + HOUR))
    chunk = claimed(database, NOW + HOUR - SECOND)
    first = next_rows(database, chunk)[0]
    chunk.tally.hand(first.id)
    assert not record(database, chunk, first.id, NOW + HOUR)  # it is kept, but the work ends
    assert claim(database, NOW + 2 * HOUR) is None
    assert finish(database, NOW + HOUR) == []  # what is under way counts in its report
    give_back(database, chunk, NOW + HOUR)
    (over,) = finish(database, NOW + HOUR)
    assert (over.state, over.relayed, over.matched) == (AlertState.EXPIRED, 1, 3)
    assert finish(database, NOW + 2 * HOUR) == []


@pytest.mark.usefixtures("small_chunks")
def test_an_alert_ends_once_and_only_when_every_chunk_is_done(database: Store) -> None:
    crowd(database, 7)
    post(database, an_alert())
    while (chunk := claim(database)) is not None:
        assert finish(database) == []
        relay_chunk(database, chunk)
    (over,) = finish(database, NOW + MINUTE)
    assert (over.state, over.finished_at, over.relayed) == (AlertState.RELAYED, NOW + MINUTE, 7)
    assert finish(database, NOW + MINUTE) == []


def test_the_oldest_alert_goes_first_and_alerts_are_listed_newest_first(database: Store) -> None:
    crowd(database, 2)
    post(database, an_alert(1))
    post(database, an_alert(2))
    listed = read(database, lambda tx: alerts.alerts(tx.connection))
    assert [alert.name for alert in listed] == ["2026-0002", "2026-0001"]
    assert [claimed(database).alert_id for _ in range(2)] == [listed[1].id, listed[0].id]
    assert read(database, lambda tx: alerts.alerts(tx.connection, listed[1].id)) == [listed[1]]


def test_the_next_thing_to_do_is_known(database: Store) -> None:
    def next_due() -> object:
        return read(database, lambda tx: fanout.next_due(tx.connection, tx.keyring, tx.now))

    assert next_due() is None
    crowd(database, 2)
    post(database, an_alert(expires_at=NOW + HOUR))
    assert next_due() == NOW
    chunk = claimed(database)
    assert next_due() == NOW + fanout.LEASE
    give_back(database, chunk, NOW + 2 * HOUR)
    assert next_due() == NOW + HOUR
    finish(database, NOW + HOUR)
    assert next_due() is None


def test_what_a_destroyed_year_left_behind_holds_nobody_up(database: Store, tmp_path: Path) -> None:
    crowd(database, 2)
    join(database, person(7), "tomio", year=2027)
    post(database, an_alert())
    post(database, an_alert(1, year=2027))
    (tmp_path / "keys" / "2026.key").unlink()
    database.keyring = Keyring(tmp_path / "keys", f"file:{tmp_path}/keys/kek")
    assert relay_all(database) == people(7)
    finish(database)
    assert read(database, lambda tx: fanout.next_due(tx.connection, tx.keyring, tx.now)) == NOW + 4 * HOUR
    assert [alert.state for alert in finish(database, NOW + 4 * HOUR)] == [AlertState.EXPIRED]


def test_a_part_that_does_not_open_holds_up_no_other_alert_and_ends_with_its_own(database: Store) -> None:
    crowd(database, 2)
    post(database, an_alert(1))
    post(database, an_alert(2))
    damaged = claimed(database)
    record(database, damaged, damaged.cursor)
    give_back(database, damaged, NOW)
    spoil = update(chunk_table).where(chunk_table.c.id == damaged.id).values(handed=b"\x01" * 60)
    write(database, lambda tx: tx.connection.execute(spoil))
    assert claimed(database).alert_id > damaged.alert_id
    later = NOW + 5 * HOUR
    ending = read(database, lambda tx: deliveries.of_ending(tx.connection, tx.keyring, later), later)
    assert [found is None for found in ending.values()] == [True, False]


def test_an_alert_that_is_passed_over_leaves_the_way_to_the_others_until_its_leases_end(database: Store) -> None:
    crowd(database, 9)
    post(database, an_alert(1))
    post(database, an_alert(2))
    unreadable = claimed(database).alert_id
    write(database, lambda tx: fanout.pass_over(tx.connection, unreadable, NOW))
    assert claimed(database).alert_id > unreadable
    assert claimed(database, NOW + fanout.LEASE).alert_id == unreadable
