"""`mimamori check` on keys and database: private, whole, of this version, apart from each other (protocol 9)."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.checks import database, keys
from gateway.checks.finding import Finding, Status
from gateway.config import load
from gateway.ground import open_store, prepare
from gateway.settings import Settings
from storage import mending, moves
from storage.moves import Move
from storage.records import Address, AuditEvent, Consent, SaveSubscription
from storage.store import Transaction
from tests.e2e.town import merged, settings, write_settings

PARENT = Address("parent@family.example")


def configured(folder: Path, **sections: Any) -> Settings:
    return load(write_settings(folder / "town", merged(settings("maildir:var/outbox", pinned=False), sections)))


def ready(folder: Path, *events: AuditEvent, at: datetime | None = None, **sections: Any) -> Settings:
    """A configuration whose database has been served once, with one subscriber of 山手."""
    town = configured(folder, **sections)
    now = at or datetime.now(UTC)
    consent = Consent(version="v", digest="d", at=now, way="reply")
    year = town.town.calendar.year(datetime.now(UTC))
    change = SaveSubscription(year=year, address=PARENT, districts=frozenset({"yama"}), consent=consent)
    store = open_store(town)
    try:
        prepare(store, town)
        store.write(now, lambda transaction: transaction.apply([change], (), events, None)).result()
    finally:
        store.close()
    return town


def write(town: Settings, work: Callable[[Transaction], object]) -> None:
    store = open_store(town)
    try:
        store.write(datetime.now(UTC), work).result()
    finally:
        store.close()


def database_file(town: Settings) -> Path:
    return town.path.parent / "var" / "mimamori.db"


def altered(town: Settings, statement: str) -> None:
    with closing(sqlite3.connect(database_file(town))) as connection, connection:
        connection.execute(statement)


def look_at_keys(town: Settings) -> list[Finding]:
    return list(keys.look(town, datetime.now(UTC)))


def look_at_database(town: Settings) -> list[Finding]:
    return list(database.look(town, datetime.now(UTC)))


def bad(findings: list[Finding], status: Status = Status.FAILURE) -> list[Finding]:
    return [finding for finding in findings if finding.status is status]


@pytest.fixture
def away(tmp_path: Path) -> dict[str, Any]:
    """A KEK that lies apart from the rest."""
    (tmp_path / "safe").mkdir()
    return {"keys": {"kek": f"file:{tmp_path}/safe/kek"}}


def moved(town: Settings, folder: Path) -> Settings:
    (town.path.parent / "keys" / "kek").rename(folder / "safe" / "kek")
    return town


# --- keys ---------------------------------------------------------------------------------------


def test_fresh_keys_open_and_only_their_place_is_warned_about(tmp_path: Path) -> None:
    found = look_at_keys(configured(tmp_path))
    assert bad(found) == []
    assert len(bad(found, Status.WARNING)) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "mail.example.jp"])
def test_kek_keys_and_database_in_one_tree_fail_where_others_can_connect(tmp_path: Path, host: str) -> None:
    (found,) = bad(look_at_keys(configured(tmp_path, listener={"host": host})))
    assert "[keys] kek" in found.remedy


def test_a_kek_elsewhere_is_apart(tmp_path: Path, away: dict[str, Any]) -> None:
    found = look_at_keys(moved(configured(tmp_path, listener={"host": "0.0.0.0"}, **away), tmp_path))
    assert [finding.status for finding in found] == [Status.OK, Status.OK]


def test_a_kek_in_a_folder_of_its_own_within_our_home_is_not_apart(tmp_path: Path) -> None:
    town = configured(tmp_path, keys={"kek": "file:safe/kek"})
    assert keys.shared_tree(town) == town.path.parent


def test_a_database_server_is_apart_from_the_files(tmp_path: Path) -> None:
    town = configured(tmp_path, storage={"url": "postgresql+psycopg://127.0.0.1/town"})
    assert keys.shared_tree(town) is None


def test_a_link_to_our_home_does_not_put_a_kek_apart(tmp_path: Path) -> None:
    town = configured(tmp_path)
    (tmp_path / "elsewhere").symlink_to(town.path.parent / "keys")
    linked = replace(town, keys=replace(town.keys, kek=f"file:{tmp_path}/elsewhere/kek"))
    assert keys.shared_tree(linked) == town.path.parent


def test_a_folder_of_keys_that_others_may_enter_fails_with_the_command_that_closes_it(tmp_path: Path) -> None:
    town = configured(tmp_path)
    town.keys.directory.chmod(0o755)
    (found,) = bad(look_at_keys(town))
    assert found.remedy == f"chmod 700 {town.keys.directory}"


@pytest.mark.parametrize("name", ["kek", "root.key"])
def test_a_key_that_others_may_read_fails_with_the_command_that_closes_it(tmp_path: Path, name: str) -> None:
    town = configured(tmp_path)
    (town.keys.directory / name).chmod(0o640)
    (found,) = bad(look_at_keys(town))
    assert f"chmod 600 {town.keys.directory / name}" in found.remedy


def test_a_link_in_place_of_a_key_or_of_the_folder_fails(tmp_path: Path) -> None:
    town = configured(tmp_path)
    root = town.keys.directory / "root.key"
    root.rename(tmp_path / "root.key")
    root.symlink_to(tmp_path / "root.key")
    assert len(bad(look_at_keys(town))) == 1
    town.keys.directory.rename(tmp_path / "keys")
    town.keys.directory.symlink_to(tmp_path / "keys")
    assert len(bad(look_at_keys(town))) == 1


def test_a_kek_of_another_day_opens_nothing_and_each_key_is_named(tmp_path: Path) -> None:
    town = configured(tmp_path / "a")
    configured(tmp_path / "b").path.parent.joinpath("keys", "kek").replace(town.keys.directory / "kek")
    found = bad(look_at_keys(town))
    assert len(found) == 2  # the open year's and the gateway's own
    assert "put back the KEK" in found[0].remedy


def test_absent_keys_fail_with_a_remedy(tmp_path: Path) -> None:
    town = configured(tmp_path)
    (town.keys.directory / "kek").unlink()
    (found,) = bad(look_at_keys(town))
    assert "put it back from your safe" in found.remedy
    gone = replace(town, keys=replace(town.keys, directory=tmp_path / "nowhere"))
    (found,) = bad(look_at_keys(gone))
    assert "back, from your safe" in found.remedy


def test_a_kek_in_the_environment_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = configured(tmp_path, keys={"kek": "env:TOWN_KEK"})
    kek = (town.keys.directory / "kek").read_text()
    monkeypatch.setenv("TOWN_KEK", kek)
    found = look_at_keys(town)
    assert bad(found) == []
    assert len(bad(found, Status.WARNING)) == 1
    assert kek.strip() not in repr(found)


# --- database -----------------------------------------------------------------------------------


def test_a_database_that_was_served_is_in_order(tmp_path: Path) -> None:
    found = look_at_database(ready(tmp_path))
    assert {finding.status for finding in found} == {Status.OK}


def test_before_the_first_start_there_is_only_a_warning(tmp_path: Path) -> None:
    town = configured(tmp_path)
    (found,) = bad(look_at_database(town), Status.WARNING)
    assert "mimamori serve" in found.remedy
    database_file(town).parent.mkdir(mode=0o700)
    database_file(town).touch(mode=0o600)
    (found,) = bad(look_at_database(town), Status.WARNING)
    assert "mimamori serve" in found.remedy


def test_a_database_that_others_may_read_fails_with_the_command_that_closes_it(tmp_path: Path) -> None:
    town = ready(tmp_path)
    database_file(town).chmod(0o644)
    found = bad(look_at_database(town))
    assert f"chmod 600 {database_file(town)}" in [finding.remedy for finding in found]


def test_a_file_that_is_no_database_fails_without_its_content(tmp_path: Path) -> None:
    town = ready(tmp_path)
    for leftover in database_file(town).parent.glob("mimamori.db-*"):
        leftover.unlink()
    database_file(town).write_bytes(b"parent@family.example" * 500)
    (found,) = bad(look_at_database(town))
    assert "family" not in found.message


def test_a_database_server_out_of_reach_fails_without_its_user_and_password(tmp_path: Path) -> None:
    town = configured(tmp_path, storage={"url": "postgresql+psycopg://warden:hushhush@127.0.0.1:9/town"})
    (found,) = bad(look_at_database(town))
    assert "[storage] url" in found.remedy
    assert "warden" not in repr(found)
    assert "hushhush" not in repr(found)


def test_a_database_of_a_newer_version_fails(tmp_path: Path) -> None:
    town = ready(tmp_path)
    altered(town, "UPDATE alembic_version SET version_num = 'later'")
    (found,) = bad(look_at_database(town))
    assert "(later)" in found.message


def test_a_database_without_one_of_its_tables_fails(tmp_path: Path) -> None:
    town = ready(tmp_path)
    altered(town, "DROP TABLE chunk")
    (found,) = bad(look_at_database(town))
    assert "chunk" in found.message


def test_an_altered_audit_entry_fails_and_is_named(tmp_path: Path) -> None:
    town = ready(tmp_path, *(AuditEvent(event="subscribe:confirmed") for _ in range(5)))
    altered(town, "UPDATE audit SET entry = replace(entry, 'confirmed', 'forgotten') WHERE seq = 3")
    (found,) = bad(look_at_database(town))
    assert "entry 3" in found.message


def test_a_long_audit_log_is_left_to_the_command_that_verifies_it(tmp_path: Path) -> None:
    town = ready(tmp_path, *(AuditEvent(event="subscribe:confirmed") for _ in range(5)))
    store = open_store(town, read_only=True)
    try:
        found = store.read(datetime.now(UTC), lambda transaction: database.chain(transaction.connection, most=3))
    finally:
        store.close()
    assert (found.status, found.remedy) == (Status.OK, "mimamori audit verify")


def test_an_audit_entry_of_the_future_means_a_wrong_clock(tmp_path: Path) -> None:
    town = ready(tmp_path, AuditEvent(event="subscribe:confirmed"), at=datetime.now(UTC) + timedelta(hours=1))
    (found,) = bad(look_at_database(town))
    assert "chrony" in found.remedy


def test_a_district_that_registrants_have_and_the_configuration_lost_fails_with_the_count(tmp_path: Path) -> None:
    town = ready(tmp_path)
    left = tuple(district for district in town.town.districts if district.code != "yama")
    (found,) = bad(look_at_database(replace(town, town=replace(town.town, districts=left))))
    assert found.message.startswith("1 件")
    assert "put it back, or run mimamori districts merge" in found.remedy


def test_8_5_a_move_of_a_district_that_is_not_done_is_told_with_the_command(tmp_path: Path) -> None:
    town = ready(tmp_path)
    write(town, lambda tx: moves.begin(tx.connection, tx.keyring, Move(old="yama", new="hill", kind="rename"), tx.now))
    (found,) = bad(look_at_database(town), Status.WARNING)
    assert "mimamori districts rename yama hill" in found.remedy
    assert not bad(look_at_database(town))  # who has either code is found


def test_8_6_leavers_whom_a_restore_may_have_brought_back_are_told_until_they_are_known(tmp_path: Path) -> None:
    town = ready(tmp_path)
    write(town, lambda tx: mending.note_unknown(tx.connection, datetime(2026, 11, 26, 3, tzinfo=UTC)))
    (found,) = bad(look_at_database(town), Status.WARNING)
    assert "2026-11-26 03:00 UTC" in found.message
    write(town, lambda tx: mending.note_unknown(tx.connection, None))
    assert not bad(look_at_database(town), Status.WARNING)


def test_rows_of_an_open_year_without_its_key_fail(tmp_path: Path) -> None:
    town = ready(tmp_path)
    (year_key,) = town.keys.directory.glob("2*.key")
    year_key.unlink()
    (found,) = bad(look_at_database(town))
    assert year_key.name in found.remedy


def test_a_key_that_serve_has_yet_to_make_is_a_warning(tmp_path: Path) -> None:
    town = ready(tmp_path)
    calendar = town.town.calendar
    opens = calendar.last_day(calendar.year(datetime.now(UTC)))
    late = datetime(opens.year, opens.month, opens.day, tzinfo=UTC)
    found = bad(list(database.look(town, late)), Status.WARNING)
    assert "mimamori serve" in found[0].remedy


def test_little_disk_space_is_a_warning() -> None:
    assert database.room(Path("var"), 2**30).status is Status.OK
    found = database.room(Path("var"), 2**30 - 1)
    assert found.status is Status.WARNING
    assert "1023 MiB" in found.message
