"""Held alerts and follow-ups in storage (protocol 5.5, 5.7): exactly those who have the first, and nobody too early."""

from datetime import timedelta

import pytest

from storage import alerts
from storage.clock import micros
from storage.records import Alert, AlertState, Relation, ReleaseAlert
from storage.store import Store
from tests.storage.samples import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    an_alert,
    claim,
    claimed,
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
    write,
)


@pytest.fixture
def town(database: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Ten residents, three to a chunk."""
    monkeypatch.setattr("storage.chunks.CHUNK_ROWS", 3)
    join_all(database, [(person(number), ("tomio",)) for number in range(10)])
    return database


def people(*numbers: int) -> list[str]:
    return [person(number).canonical for number in numbers]


def follow(store: Store, relation: Relation, number: int = 2) -> None:
    post(store, an_alert(number, "tomio", relation=relation, follows="2026-0001"))


def standing(store: Store, name: str) -> Alert:
    found = read(store, lambda tx: alerts.named(tx.connection, name))
    assert found is not None
    return found


def stop(store: Store, name: str) -> None:
    write(store, lambda tx: alerts.stop(tx.connection, name, NOW))


# --- follow-ups ---------------------------------------------------------------------------------


def test_5_7_a_follow_up_reaches_those_who_have_the_first_and_are_still_registered(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    assert sorted(relay_all(town)) == people(*range(10))
    finish(town)
    leave(town, person(3))
    join(town, person(3), "tomio")  # another registration: this one never got the first
    join(town, person(4), "asuka")  # other districts, the same row
    join(town, person(11), "tomio")
    follow(town, Relation.UPDATE)
    assert sorted(relay_all(town)) == people(0, 1, 2, 4, 5, 6, 7, 8, 9)


def test_5_7_what_stops_the_first_goes_to_those_who_have_it_by_then(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    chunk = claimed(town)
    for row in next_rows(town, chunk)[:2]:
        chunk.tally.hand(row.id)
    stop(town, "2026-0001")
    follow(town, Relation.CORRECTION)
    assert claim(town) is None  # copies may still be under way
    assert finish(town) == []
    assert not record(town, chunk, next_rows(town, chunk)[1].id)
    give_back(town, chunk, NOW)
    assert [alert.state for alert in finish(town)] == [AlertState.STOPPED]
    assert sorted(relay_all(town)) == people(0, 1)


def test_5_7_whose_copy_was_under_way_when_a_process_died_may_have_it(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    chunk = claimed(town)
    last = next_rows(town, chunk)[1].id
    write(town, lambda tx: tx.connection.exec_driver_sql(f"UPDATE chunk SET ahead = {last} WHERE id = {chunk.id}"))
    stop(town, "2026-0001")
    follow(town, Relation.CANCELLATION)
    later = NOW + MINUTE  # its lease is over
    assert [alert.state for alert in finish(town, later)] == [AlertState.STOPPED]
    assert sorted(relay_all(town, later)) == people(0, 1)


def test_5_7_an_update_comes_after_the_first_and_one_that_waits_holds_up_nobody_else(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    follow(town, Relation.UPDATE)
    chunk = claimed(town)
    assert claimed(town).alert_id == chunk.alert_id  # nobody has the first yet: only its own chunks are there
    rows = next_rows(town, chunk)
    chunk.tally.hand(rows[0].id)
    chunk.tally.defer(rows[1].id, micros(NOW + HOUR), 451)
    chunk.tally.hand(rows[2].id)
    assert record(town, chunk)
    give_back(town, chunk, NOW + HOUR)
    update = standing(town, "2026-0002").id
    following = next(found for found in iter(lambda: claim(town), None) if found.alert_id == update)
    assert [opened(town, row) for row in next_rows(town, following)] == people(0, 2)
    assert not following.complete


def test_5_7_a_copy_without_an_answer_may_have_arrived(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    chunk = claimed(town)
    rows = next_rows(town, chunk)
    chunk.tally.doubt(rows[0].id, micros(NOW + HOUR))
    chunk.tally.fail(rows[1].id, 550)
    record(town, chunk)
    give_back(town, chunk, NOW + HOUR)
    stop(town, "2026-0001")
    finish(town)
    follow(town, Relation.CANCELLATION)
    assert relay_all(town) == people(0)


def test_5_7_a_correction_is_claimed_before_everything_else(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    relay_all(town)
    finish(town)
    post(town, an_alert(2, "tomio"))
    follow(town, Relation.CORRECTION, 3)
    assert claimed(town).alert_id == standing(town, "2026-0003").id


def test_5_7_the_follow_ups_of_an_alert_are_known(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    follow(town, Relation.UPDATE)
    first = standing(town, "2026-0001")
    (found,) = read(town, lambda tx: tx.follow_ups(first))
    assert (found.name, found.follows, found.relation) == ("2026-0002", "2026-0001", Relation.UPDATE)


@pytest.mark.parametrize("name", ["", "2026", "2026-", "-1", "x-1", "2026-0009", "2026-1" + "0" * 30])
def test_5_7_a_name_that_is_none_finds_nothing(town: Store, name: str) -> None:
    assert read(town, lambda tx: alerts.named(tx.connection, name)) is None


# --- held alerts --------------------------------------------------------------------------------


def hold(store: Store) -> None:
    post(store, an_alert(1, "tomio", release="author", held_until=NOW + HOUR, reasons=("recipients",)))


def test_5_5_a_held_alert_reaches_nobody_until_it_is_released_to_those_who_match_then(town: Store) -> None:
    hold(town)
    assert relay_all(town) == []
    assert finish(town) == []
    leave(town, person(0))
    join(town, person(10), "tomio")
    change = ReleaseAlert(name="2026-0001", by="teacher", expires_at=NOW + 3 * HOUR)
    write(town, lambda tx: tx.apply([change], (), (), None))
    released = standing(town, "2026-0001")
    assert (released.state, released.matched, released.released_by) == (AlertState.RELAYING, 10, "teacher")
    assert (released.released_at, released.expires_at) == (NOW, NOW + 3 * HOUR)
    assert sorted(relay_all(town)) == sorted(people(*range(1, 11)))


def test_5_5_a_release_that_comes_twice_sends_once(town: Store) -> None:
    hold(town)
    change = ReleaseAlert(name="2026-0001", by="teacher", expires_at=NOW + HOUR)
    for _ in range(2):
        write(town, lambda tx: tx.apply([change], (), (), None))
    assert sorted(relay_all(town)) == people(*range(10))


def test_5_5_what_nobody_releases_is_reminded_of_once_and_given_up(town: Store) -> None:
    hold(town)
    after = timedelta(minutes=15)

    def decision(now: object) -> object:
        return read(town, lambda tx: alerts.next_decision(tx.connection, after))

    assert decision(NOW) == NOW + after
    assert write(town, lambda tx: alerts.to_remind(tx.connection, NOW + after - SECOND, after)) == []
    reminded = [write(town, lambda tx: alerts.to_remind(tx.connection, NOW + after, after)) for _ in range(2)]
    assert [len(found) for found in reminded] == [1, 0]
    assert decision(NOW) == NOW + HOUR
    assert write(town, lambda tx: alerts.give_up(tx.connection, NOW + HOUR - SECOND)) == []
    (ended,) = write(town, lambda tx: alerts.give_up(tx.connection, NOW + HOUR))
    assert (ended.state, ended.finished_at) == (AlertState.EXPIRED, NOW + HOUR)
    assert decision(NOW) is None


def test_5_5_a_held_alert_that_is_refused_cannot_be_released(town: Store) -> None:
    hold(town)
    stop(town, "2026-0001")
    change = ReleaseAlert(name="2026-0001", by="teacher", expires_at=NOW + HOUR)
    write(town, lambda tx: tx.apply([change], (), (), None))
    assert standing(town, "2026-0001").state is AlertState.REFUSED
    assert relay_all(town) == []
