"""Whom a follow-up reaches while its first alert still runs, or ended in the middle of a step (protocol 5.7)."""

from collections.abc import Mapping
from datetime import datetime

import pytest

from gateway.relay.chunks import ChunkRun
from gateway.relay.pipe import Outcome
from storage import alerts, fanout
from storage.fanout import Claimed
from storage.parcels import Recipient
from storage.records import Address, Relation
from storage.store import Store
from tests.storage.samples import (
    HOME,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    an_alert,
    begin,
    claim,
    claimed,
    finish,
    following,
    join,
    join_all,
    leave,
    opened,
    person,
    post,
    write,
)

STEP = 10
GREYLISTED, ACCEPTED = 451, 250


def town_of(store: Store, count: int) -> list[str]:
    """People of one district; their addresses."""
    join_all(store, [(person(number), ["tomio"]) for number in range(count)])
    return [person(number).canonical for number in range(count)]


def answer(run: ChunkRun, row: Recipient, code: int, now: datetime) -> None:
    if code == ACCEPTED:
        run.accepted([(row.id, "town.example")])
    else:
        run.record(Outcome(run.number, row.id, code, "", False, "town.example"), now, lambda _: MINUTE)


def relay(store: Store, chunk: Claimed, fates: Mapping[str, list[int]], now: datetime) -> list[str]:
    """Works on a chunk as the relay does; returns who got a copy. `fates`: what becomes of a person's next copies."""
    run, reached = ChunkRun(1, chunk), []
    while rows := begin(store, run, STEP, now):
        for row in rows:
            person_of = opened(store, row)
            code = fates[person_of].pop(0) if fates.get(person_of) else ACCEPTED
            answer(run, row, code, now)
            reached += [person_of] if code == ACCEPTED else []
    assert write(store, lambda tx: run.save(tx, run.over(now)), now)
    return reached


def relay_all_due(store: Store, fates: Mapping[str, list[int]], now: datetime) -> list[tuple[bool, str]]:
    """Every chunk that is due; who got a copy, and whether of the follow-up."""
    reached = []
    while (chunk := claim(store, now)) is not None:
        follows = chunk.first_alert is not None
        reached += [(follows, each) for each in relay(store, chunk, {} if follows else fates, now)]
    return reached


def test_5_7_a_greylisted_copy_of_a_follow_up_is_tried_again_while_its_first_still_runs(database: Store) -> None:
    full, late, other = town_of(database, 3)
    post(database, an_alert())
    of_first = {full: [GREYLISTED] * 9}
    assert relay(database, claimed(database), of_first, NOW) == [late, other]
    post(database, following(Relation.UPDATE, expires_at=NOW + HOUR))
    assert relay(database, claimed(database), {late: [GREYLISTED]}, NOW) == [other]
    assert claim(database, NOW + MINUTE / 2) is None
    assert relay_all_due(database, of_first, NOW + MINUTE) == [(True, late)]


def test_5_7_who_gets_the_first_late_gets_the_update_then_and_waits_for_nobodys_next_try(database: Store) -> None:
    late, greylisted = town_of(database, 2)
    post(database, an_alert())
    assert relay(database, claimed(database), {late: [GREYLISTED]}, NOW) == [greylisted]
    post(database, following(Relation.UPDATE))
    assert relay(database, claimed(database), {greylisted: [GREYLISTED]}, NOW + MINUTE / 2) == []
    assert relay_all_due(database, {}, NOW + MINUTE) == [(False, late), (True, late)]
    assert relay_all_due(database, {}, NOW + 2 * MINUTE) == [(True, greylisted)]


def test_5_7_a_correction_reaches_those_whose_copies_were_under_way_when_the_process_ended(database: Store) -> None:
    families = town_of(database, 12)
    post(database, an_alert())
    run = ChunkRun(1, claimed(database))
    for row in begin(database, run, 3, NOW):
        answer(run, row, ACCEPTED, NOW)
    assert len(begin(database, run, 3, NOW)) == 3  # handed over; then the process is killed, and another one starts
    if database.database.exclusive:
        write(database, lambda tx: fanout.release_all(tx.connection))
    later = NOW + fanout.LEASE + SECOND
    write(database, lambda tx: alerts.stop(tx.connection, "2026-0001", later), later)
    post(database, following(Relation.CORRECTION), later)
    finish(database, later)
    assert [each for _, each in relay_all_due(database, {}, later)] == families[:6]


def test_5_7_a_correction_does_not_reach_those_whose_turn_had_not_come(database: Store) -> None:
    families = town_of(database, 12)
    post(database, an_alert())
    run = ChunkRun(1, claimed(database))
    for row in begin(database, run, 3, NOW):
        answer(run, row, ACCEPTED, NOW)
    write(database, lambda tx: alerts.stop(tx.connection, "2026-0001", NOW))
    assert write(database, lambda tx: run.save(tx, False)) is False
    run.leaving = True
    write(database, lambda tx: run.save(tx, True))
    post(database, following(Relation.CORRECTION))
    finish(database)
    assert [each for _, each in relay_all_due(database, {}, NOW)] == families[:3]


def test_5_7_who_has_left_keeps_nobody_behind_them_from_the_correction(database: Store) -> None:
    """The first rows are read as many at a time as can go out at once."""
    families = town_of(database, 9)
    post(database, an_alert())
    relay_all_due(database, {}, NOW)
    for gone in (families.pop(2), families.pop(4)):
        leave(database, Address(gone))
    post(database, following(Relation.CORRECTION))
    run, room = ChunkRun(1, claimed(database)), 3
    rows, reached = write(database, lambda tx: run.begin(tx, HOME, room, idle=True)), list[str]()
    while rows:
        for row in rows:
            reached.append(opened(database, row))
            answer(run, row, ACCEPTED, NOW)
        rows = begin(database, run, room)
    assert reached == families


def test_5_7_a_correction_that_is_claimed_when_there_is_no_room_waits(database: Store) -> None:
    families = town_of(database, 3)
    post(database, an_alert())
    relay_all_due(database, {}, NOW)
    post(database, following(Relation.CORRECTION))
    run = ChunkRun(1, claimed(database))
    assert write(database, lambda tx: run.begin(tx, HOME, 0, idle=True)) == []
    assert [opened(database, row) for row in begin(database, run, 3)] == families


@pytest.mark.parametrize("second", [451, 550, "paced"])
def test_5_7_who_may_have_got_the_first_is_not_forgotten_after_a_later_try(database: Store, second: int | str) -> None:
    families, later = town_of(database, 3), NOW + 2 * MINUTE
    post(database, an_alert())
    run = ChunkRun(1, claimed(database))
    unheard, *others = begin(database, run, STEP)
    run.record(Outcome(run.number, unheard.id, 0, "", True, "town.example"), NOW, lambda _: MINUTE)
    for row in others:
        answer(run, row, ACCEPTED, NOW)
    write(database, lambda tx: run.save(tx, run.over(NOW)))
    run = ChunkRun(2, claimed(database, later))
    assert begin(database, run, STEP, later) == [unheard._replace(position=run.claimed.cursor)]
    if second == "paced":
        run.record(Outcome(2, unheard.id, 0, "", False, "town.example", later=30.0), later, lambda _: MINUTE)
    else:
        answer(run, unheard, int(second), later)
    write(database, lambda tx: run.save(tx, run.over(later)), later)
    write(database, lambda tx: alerts.stop(tx.connection, "2026-0001", later), later)
    post(database, following(Relation.CANCELLATION), later)
    finish(database, later)
    assert sorted(relay_all_due(database, {}, later)) == [(True, each) for each in sorted(families)]


@pytest.mark.parametrize("leaves", [True, False])
def test_5_7_a_correction_that_is_interrupted_misses_nobody_when_its_readers_become_fewer(
    database: Store, leaves: bool
) -> None:
    """Those under way when a process ended are known by their districts only."""
    families, ended = town_of(database, 12), NOW + 5 * HOUR
    post(database, an_alert())
    run = ChunkRun(1, claimed(database))
    for row in begin(database, run, 2):
        answer(run, row, ACCEPTED, NOW)
    assert len(begin(database, run, 8)) == 8  # and the process is killed
    finish(database, ended)
    post(database, following(Relation.CORRECTION, expires_at=ended + 4 * HOUR), ended)
    run, reached = ChunkRun(2, claimed(database, ended)), []
    for row in begin(database, run, 6, ended):
        reached.append(opened(database, row))
        answer(run, row, ACCEPTED, ended)
    run.leaving = True  # the next hop is out of reach
    write(database, lambda tx: run.save(tx, run.over(ended)), ended)
    if leaves:
        leave(database, Address(families[3]))
    else:
        join(database, Address(families[3]), "ayame")
    reached += [each for _, each in relay_all_due(database, {}, ended + SECOND)]
    assert reached == families[:10]


def test_5_7_a_correction_waits_for_copies_of_an_expired_first_that_are_under_way(database: Store) -> None:
    families, ended = town_of(database, 30), NOW + 10 * SECOND
    post(database, an_alert(expires_at=ended))
    run = ChunkRun(1, claimed(database))
    first = {opened(database, row) for row in begin(database, run, 4)}
    for row in list(run._first.values()):
        answer(run, row, ACCEPTED, NOW)
    under_way = begin(database, run, 20)
    finish(database, ended)
    post(database, following(Relation.CORRECTION, accepted_at=ended, expires_at=ended + HOUR), ended)
    told = [each for _, each in relay_all_due(database, {}, ended)]
    for row in reversed(under_way[::2]):  # the answers come in another order, and some go back untried
        first.add(opened(database, row))
        answer(run, row, ACCEPTED, ended)
    run.leaving = True
    run.untried(under_way[1::2])
    write(database, lambda tx: run.save(tx, run.over(ended)), ended)
    told += [each for _, each in relay_all_due(database, {}, ended + SECOND)]
    assert first <= set(told) <= set(families)
    assert len(told) == len(set(told))
