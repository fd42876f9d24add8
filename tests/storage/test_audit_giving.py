"""Checkpoints by the clock and to whom they go (protocol 8.3)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.administration import audit as action
from gateway.administration.office import Office, Refused
from gateway.audit import giving, verifying
from gateway.audit.witnesses import notes
from gateway.rounds.checkpoints import Checkpoints
from gateway.rounds.mirrors import mirrors
from storage import checkpoints, outbox, parcels
from storage.engine import open_database
from storage.store import Store
from storage.tables import audit_mirror, letter
from tests.conftest import CALENDAR
from tests.fakes.audited import Clock, happen, key_in, office_of
from tests.storage.samples import HOUR, MINUTE, NOW, read

Given = tuple[Office, Clock]
OUTSIDER = "mail:auditor@outside.example"


@pytest.fixture
def given(database: Store, tmp_path: Path) -> Callable[..., Given]:
    return lambda *mirrors, more="": office_of(database, tmp_path / "town", mirrors, more)


def sizes(office: Office) -> list[int]:
    return [each.size for each in read(office.store, lambda tx: checkpoints.everything(tx.connection))]


def letters(office: Office) -> list[parcels.Opened]:
    """What waits to be sent, oldest first."""
    rows = read(office.store, lambda tx: tx.connection.execute(select(letter).order_by(letter.c.id)).all())
    waiting = [
        outbox.Waiting(id=row.id, uuid=row.uuid, year=row.year, body=row.body, attempts=0, fence=0) for row in rows
    ]
    return [parcels.opened(office.store.keyring, each) for each in waiting]


def turn(each: Checkpoints) -> None:
    asyncio.run(each.turn())


def test_a_checkpoint_is_made_at_the_start_each_hour_and_at_the_end_where_the_log_has_grown(
    given: Callable[..., Given], tmp_path: Path
) -> None:
    office, clock = given()
    rounds = Checkpoints(office, key_in(tmp_path / "town"))
    turn(rounds)
    assert sizes(office) == []
    happen(office.store, 2)
    turn(rounds)
    assert sizes(office) == [2]
    happen(office.store, 1)
    clock.now = NOW + 59 * MINUTE
    turn(rounds)
    assert sizes(office) == [2]
    clock.now = NOW + HOUR
    turn(rounds)
    clock.now = NOW + 9 * HOUR
    turn(rounds)
    assert sizes(office) == [2, 3]
    happen(office.store, 1)
    asyncio.run(rounds.last())
    assert sizes(office) == [2, 3, 4]
    happen(office.store, 1)
    turn(Checkpoints(office, key_in(tmp_path / "town")))
    assert sizes(office) == [2, 3, 4, 5]


def test_a_clock_that_was_ahead_holds_up_neither_checkpoints_nor_letters(
    given: Callable[..., Given], tmp_path: Path
) -> None:
    office, clock = given(OUTSIDER)
    rounds = Checkpoints(office, key_in(tmp_path / "town"))
    clock.now = NOW + timedelta(days=400)
    happen(office.store, 1)
    turn(rounds)
    clock.now = NOW
    happen(office.store, 1)
    turn(rounds)
    assert sizes(office) == [1, 2]
    assert len(letters(office)) == 2


def test_a_file_gets_every_checkpoint_once_also_those_of_the_time_when_it_was_away(
    given: Callable[..., Given], tmp_path: Path
) -> None:
    office, _ = given(f"file:{tmp_path}/worm/notes")
    for size in (1, 2):
        happen(office.store, 1)
        giving.make(office, key_in(tmp_path / "town"))
        with pytest.raises(FileNotFoundError):
            giving.give(office)
        assert sizes(office)[-1] == size
    (tmp_path / "worm").mkdir()
    giving.give(office)
    giving.give(office)
    kept = read(office.store, lambda tx: checkpoints.everything(tx.connection))
    assert [note for _, note in notes(tmp_path / "worm" / "notes")] == [each.note for each in kept]


def test_an_outsider_gets_a_letter_a_day_and_another_on_demand(given: Callable[..., Given], tmp_path: Path) -> None:
    office, clock = given(OUTSIDER)
    key = key_in(tmp_path / "town")
    for hour in range(30):
        clock.now = NOW + hour * HOUR
        happen(office.store, 1)
        giving.make(office, key)
        giving.give(office)
    sent = letters(office)
    newest = read(office.store, lambda tx: checkpoints.everything(tx.connection))
    assert len(sent) == 2
    assert [newest[0].note in sent[0].text, newest[24].note in sent[1].text] == [True, True]
    giving.give(office, mail_now=True)
    assert newest[-1].note in letters(office)[2].text
    clock.now += timedelta(days=3)
    giving.give(office)  # nothing new is no reason for a letter
    assert len(letters(office)) == 3


def test_one_destination_that_fails_keeps_nothing_from_the_others(given: Callable[..., Given], tmp_path: Path) -> None:
    office, _ = given(f"file:{tmp_path}/away/notes", OUTSIDER, f"file:{tmp_path}/notes")
    happen(office.store, 1)
    giving.make(office, key_in(tmp_path / "town"))
    with pytest.raises(FileNotFoundError):
        giving.give(office)
    assert len(letters(office)) == 1
    assert (tmp_path / "notes").exists()


def test_where_copies_went_is_stored_without_an_address(given: Callable[..., Given], tmp_path: Path) -> None:
    office, _ = given(OUTSIDER)
    happen(office.store, 1)
    giving.make(office, key_in(tmp_path / "town"))
    giving.give(office)
    rows = read(office.store, lambda tx: tx.connection.execute(select(audit_mirror)).all())
    assert [len(row.key) for row in rows] == [32]
    assert b"outside" not in rows[0].key


def test_the_command_makes_one_now_and_says_where_it_could_not_go(given: Callable[..., Given], tmp_path: Path) -> None:
    office, _ = given(f"file:{tmp_path}/away/notes", OUTSIDER)
    happen(office.store, 1)
    made = action.checkpoint(office, {"mail": False}, lambda *_: None)
    assert (made["number"], made["size"], made["at"]) == (1, 1, NOW.isoformat())
    assert made["trouble"] == f"{tmp_path}/away/notes: No such file or directory"
    action.checkpoint(office, {"mail": True}, lambda *_: None)
    assert len(letters(office)) == 2


def test_the_command_refuses_with_the_remedy(given: Callable[..., Given], tmp_path: Path) -> None:
    office, _ = given()
    with pytest.raises(Refused, match="mail:ADDRESS"):
        action.checkpoint(office, {"mail": True}, lambda *_: None)
    (tmp_path / "town" / "audit.key").chmod(0o644)
    with pytest.raises(Refused, match="chmod 600"):
        action.checkpoint(office, {"mail": False}, lambda *_: None)


def test_each_copy_of_entries_has_a_round_of_its_own(given: Callable[..., Given], tmp_path: Path) -> None:
    office, _ = given(f"jsonl:{tmp_path}/log.jsonl", "syslog:", f"file:{tmp_path}/notes", "journald:", OUTSIDER)
    rounds = mirrors(office)
    assert [each.name for each in rounds] == ["mirror jsonl", "mirror syslog", "mirror journald"]
    happen(office.store, 2)
    assert asyncio.run(rounds[0].turn()) == 1.0
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 2


def test_nodes_that_share_a_register_sign_one_log(
    given: Callable[..., Given], database_url: str, tmp_path: Path
) -> None:
    office, clock = given()
    key, first = key_in(tmp_path / "town"), office.store
    one_process = first.database.exclusive
    second = first if one_process else Store(open_database(database_url), first.keyring, CALENDAR.year)

    def work(store: Store) -> None:
        for _ in range(8):
            happen(store, 3)
            giving.make(Office(store, office.settings, clock), key)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(work, (first, second)))
    found = read(first, lambda tx: verifying.register(tx, [key.verifier], ()))
    assert (found.entries, found.fault) == (48, None)
    assert 8 <= found.checkpoints <= 16
    if not one_process:
        second.close()
