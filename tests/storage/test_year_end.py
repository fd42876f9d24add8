"""The steps of a year's end on both engines (protocol 3.10): all of it and nothing else, once, whatever breaks."""

import itertools
import json
import os
import shutil
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.administration import years as administration
from gateway.administration.office import Office, Refused
from gateway.year_end import ending
from gateway.year_end.catching_up import at_start
from gateway.year_end.ending import end_year, nobody
from storage import audit, audit_walk, year_end
from storage.engine import StorageTrouble, open_database
from storage.keyring import Keyring, KeyTrouble, read_kek
from storage.records import Address
from storage.store import Store
from storage.tables import metadata
from storage.year_end import Step
from tests.conftest import CALENDAR
from tests.faults.test_writes import Hook, Trouble, trouble
from tests.storage.passing_years import APRIL, LEAVING, MARCH, STAYING, addressees, kept, live, office_of, steps
from tests.storage.samples import read

STRIDE = 1 if os.environ.get("MIMAMORI_THOROUGH") == "1" else 9
SOON = MARCH + timedelta(minutes=5)  # the last evening of the year


@pytest.fixture
def office(database: Store, database_url: str, tmp_path: Path) -> Office:
    live(database)
    return office_of(database, tmp_path, database_url)


def destroyed(store: Store) -> list[dict[str, object]]:
    found = read(store, lambda tx: audit.read(tx.connection, glob="year:destroyed"))
    return [json.loads(entry.text)["detail"] for entry in found]


def check_2026_is_gone_once(office: Office, before: object, folder: Path) -> None:
    """2027 as it was, 2026 gone, one certificate, letters to the author of nothing and to the administrator alone."""
    store = office.store
    assert kept(store, 2026).tables == set()
    after = kept(store, 2027)
    assert {**after.rows, "letter": []} == {**before.rows, "letter": []}  # type: ignore[attr-defined]
    assert steps(store) == [(2026, Step.DONE)]
    assert "it opens an old copy" not in next(folder.rglob("certificates/2026.txt")).read_text()
    assert len(destroyed(store)) == 1
    assert [file.name for file in folder.rglob("certificates/*")] == ["2026.txt"]
    assert not (folder / "keys" / "2026.key").exists()
    assert sorted(address.canonical for address in addressees(store)) == [
        "kanri@office.example.jp",
        "person40@town.example",
    ]
    assert read(store, lambda tx: audit_walk.verify(tx.connection)) == read(
        store, lambda tx: audit.last_number(tx.connection)
    )


def test_every_table_that_has_rows_of_a_year_is_swept() -> None:
    """Its own column says so, or that of the row it hangs on; a row that is let go by that row goes on without it."""
    of_a_year = {table for table in metadata.sorted_tables if "year" in table.c and table.name != "year_end"}
    hanging = {
        table
        for table in metadata.sorted_tables
        if any(key.column.table in of_a_year and key.ondelete != "SET NULL" for key in table.foreign_keys)
    }
    assert set(year_end.TABLES) == of_a_year | hanging


def test_3_10_all_of_the_year_goes_and_nothing_else(office: Office, tmp_path: Path) -> None:
    store, before = office.store, kept(office.store, 2027)
    assert {"subscription", "audience", "audience_district", "request", "letter", "alert", "chunk"} <= set(
        kept(store, 2026).tables
    )
    counted = store.read(APRIL, lambda tx: year_end.counts(tx.connection, 2026))
    at_start(office)
    check_2026_is_gone_once(office, before, tmp_path)
    (detail,) = destroyed(store)
    assert detail["rows"] == counted
    assert counted["subscription"] == len(LEAVING)
    events = [entry.event for entry in read(store, lambda tx: audit.read(tx.connection))]
    assert events.count("alert:expired") == 2  # the running one and the held one
    for number in STAYING:
        assert read(store, lambda tx, n=number: len(tx.subscriptions(Address(f"person{n}@town.example")))) == 1


def test_3_10_another_kek_opens_what_lives_and_the_old_one_opens_nothing(office: Office, tmp_path: Path) -> None:
    old = read_kek(f"file:{tmp_path}/keys/kek")
    before = {name: (tmp_path / "keys" / name).read_bytes() for name in ("2026.key", "2027.key", "root.key")}
    at_start(office)
    new = read_kek(f"file:{tmp_path}/keys/kek")
    assert old.id != new.id
    assert sorted(file.name for file in (tmp_path / "keys").iterdir()) == ["2027.key", "kek", "root.key"]
    ring = Keyring(tmp_path / "keys", f"file:{tmp_path}/keys/kek")
    for name in ring.names():
        assert ring.secrets(name).masters
        with pytest.raises(KeyTrouble):
            ring.secrets(name, old)
    (tmp_path / "keys" / "2026.key").write_bytes(before["2026.key"])  # a copy made against the rules
    (tmp_path / "keys" / "2026.key").chmod(0o600)
    with pytest.raises(KeyTrouble, match="the KEK does not open this key"):
        ring.year(2026)


def test_3_10_trouble_at_any_statement_is_made_good_by_the_next_try(
    database_url: str, database: Store, tmp_path: Path
) -> None:
    """Every statement with MIMAMORI_THOROUGH=1, else every STRIDE-th; the keys and the files are part of it."""
    live(database)
    before = kept(database, 2027)
    rows = rows_of(database)
    keys = shutil.copytree(tmp_path / "keys", tmp_path / "kept-keys")
    for at in itertools.count(1, STRIDE):
        office, hook = office_of(database, tmp_path, database_url), Hook(at=at, lasts=False)
        with trouble(database, hook), suppress(Trouble):
            end_year(office, 2026)
        if not hook.raised:
            break
        at_start(office)
        check_2026_is_gone_once(office, before, tmp_path)
        shutil.rmtree(tmp_path / "keys")
        shutil.copytree(keys, tmp_path / "keys")
        shutil.rmtree(next(tmp_path.rglob("certificates")))
        put_back(database, rows)
    assert at > 20


def rows_of(store: Store) -> dict[str, list[dict[str, object]]]:
    def work(tx: object) -> dict[str, list[dict[str, object]]]:
        connection = tx.connection  # type: ignore[attr-defined]
        return {t.name: [dict(row._mapping) for row in connection.execute(t.select())] for t in metadata.sorted_tables}

    return read(store, work)


def put_back(store: Store, rows: dict[str, list[dict[str, object]]]) -> None:
    def work(tx: object) -> None:
        connection = tx.connection  # type: ignore[attr-defined]
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        for table in metadata.sorted_tables:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])

    store.write(APRIL, work).result()


def test_3_10_threads_or_nodes_end_it_once_between_them(
    office: Office, database_url: str, engine_name: str, tmp_path: Path
) -> None:
    """SQLite has one process, so they are its threads; on PostgreSQL each has a connection and a keyring of its own."""
    before = kept(office.store, 2027)
    kek = f"file:{tmp_path}/keys/kek"
    others = [office.store] * 3
    if engine_name == "postgresql":
        others = [Store(open_database(database_url), Keyring(tmp_path / "keys", kek), CALENDAR.year) for _ in range(3)]
    failed: list[BaseException] = []

    offices = [office_of(store, tmp_path, database_url) for store in others]

    def run(one: Office) -> None:
        try:
            at_start(one)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for store in {*others} - {office.store}:
        store.close()
    assert failed == []
    check_2026_is_gone_once(office, before, tmp_path)


def test_3_10_an_early_end_begins_the_year_anew(office: Office, tmp_path: Path) -> None:
    before = kept(office.store, 2026)
    early = office_of(office.store, tmp_path, office.settings.storage.url, SOON)
    end_year(early, 2026, early=True)
    assert kept(office.store, 2026).tables <= {"letter"}  # the certificate, under the new key
    assert before.rows["subscription"]
    assert destroyed(office.store)[0]["early"] is True
    assert (tmp_path / "keys" / "2026.key").exists()
    at_start(early)
    assert len(destroyed(office.store)) == 1


def test_3_10_a_year_whose_key_is_gone_already_ends_all_the_same(office: Office, tmp_path: Path) -> None:
    before = kept(office.store, 2027)
    (tmp_path / "keys" / "2026.key").unlink()
    at_start(office)
    check_2026_is_gone_once(office, before, tmp_path)
    assert destroyed(office.store)[0]["key"] == []
    assert "なし（始める前に失われていた）" in next(tmp_path.rglob("certificates/2026.txt")).read_text()


def test_3_10_another_certificate_of_a_year_does_not_overwrite_the_first(office: Office, tmp_path: Path) -> None:
    rows = rows_of(office.store)
    keys = shutil.copytree(tmp_path / "keys", tmp_path / "kept-keys")
    at_start(office)
    shutil.rmtree(tmp_path / "keys")
    shutil.copytree(keys, tmp_path / "keys")
    put_back(office.store, rows)  # a backup of before, restored against the rules with its keys
    at_start(office_of(office.store, tmp_path, office.settings.storage.url, APRIL.replace(day=3)))
    assert sorted(file.name for file in tmp_path.rglob("certificates/*")) == ["2026-2.txt", "2026.txt"]
    assert kept(office.store, 2026).tables == set()


def test_3_10_nothing_of_the_rows_is_left_in_the_files(office: Office, database_url: str, engine_name: str) -> None:
    """The digests of residents are searched: blind indexes, which deleted rows would leave behind."""
    wanted = [bytes(row[4]) for row in kept(office.store, 2026).rows["subscription"]]
    stays = [bytes(row[4]) for row in kept(office.store, 2027).rows["subscription"]]
    at_start(office)
    if engine_name == "sqlite":
        folder = Path(database_url.removeprefix("sqlite:///")).parent
        files = b"".join(file.read_bytes() for file in folder.glob("mimamori.*"))
        assert not any(index in files for index in wanted)
        assert all(index in files for index in stays)
        free = read(office.store, lambda tx: tx.connection.scalar(text("PRAGMA freelist_count")))
        assert (free, (folder / "mimamori.db-wal").stat().st_size) == (0, 0) or free == 0
    else:
        dead = text("SELECT pg_relation_size('subscription') / 8192")
        assert read(office.store, lambda tx: tx.connection.scalar(dead)) <= 2


def test_3_10_an_early_end_that_stopped_behind_its_key_goes_on(office: Office, tmp_path: Path) -> None:
    """The key is no file of the database's: a commit that fails, or a crash, brings rows back and never the key."""
    early = office_of(office.store, tmp_path, office.settings.storage.url, SOON)

    def destroyed_and_crashed(file: Path) -> bool:
        file.unlink(missing_ok=True)
        if file.suffix == ".key":
            raise Trouble
        return False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ending, "destroy_private", destroyed_and_crashed)
        patch.setattr(ending, "_empty", lambda *_: None)  # what comes in while the rows go is as these
        with pytest.raises(Trouble):
            end_year(early, 2026, early=True)
    assert kept(office.store, 2026).rows["subscription"]
    at_start(early)
    assert len(destroyed(office.store)) == 1
    assert kept(office.store, 2026).tables <= {"letter"}
    assert (tmp_path / "keys" / "2026.key").exists()


def test_3_10_a_setting_that_was_changed_does_not_end_a_year_before_the_day_that_was_told(
    office: Office, tmp_path: Path
) -> None:
    before = kept(office.store, 2026)
    at_start(office_of(office.store, tmp_path, office.settings.storage.url, SOON))
    settings = office.settings
    calendar = replace(CALENDAR, year_ends=(1, 31), next_year_opens=(1, 1))
    settings = replace(settings, town=replace(settings.town, calendar=calendar))
    store = Store(office.store.database, office.store.keyring, calendar.year)
    changed = Office(store, settings, lambda: SOON + timedelta(minutes=1))
    with pytest.raises(StorageTrouble, match=r"residents were told 2027-03-31; put year_ends back"):
        at_start(changed)
    with pytest.raises(Refused, match="--before-its-date"):
        administration.end(changed, {"year": 2026}, nobody)
    assert kept(office.store, 2026).rows == before.rows
    assert administration.end(changed, {"year": 2026, "early": True}, nobody)["early"] is True
    assert kept(office.store, 2026).tables == set()
    at_start(changed)


def test_3_10_a_kek_that_could_not_be_replaced_is_told_in_the_certificate(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEK", (tmp_path / "keys" / "kek").read_text())
    office.store.keyring.kek_source = "env:KEK"
    at_start(office)
    paper = next(tmp_path.rglob("certificates/2026.txt")).read_text()
    assert "(env, 替えていない)" in paper
    assert "the key-encryption key was not replaced: it opens an old copy" in paper
