"""The two engines: one writer, whole transactions, readers that cannot write, and errors that tell no values."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, insert, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from storage.engine import GROUP, Database, SqliteDatabase, StorageTrouble, open_database
from storage.store import Store
from storage.tables import counter, terms
from tests.storage.samples import NOW, read, write

SECRET = "hanako@town.example"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mimamori.db"


@pytest.fixture
def sqlite(file: Path, migrated_sqlite: Path) -> Iterator[SqliteDatabase]:
    file.write_bytes(migrated_sqlite.read_bytes())
    file.chmod(0o600)
    database = SqliteDatabase(file)
    yield database
    database.close()


def add(name: str, value: int = 0) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(insert(counter).values(name=name, value=value))


def names(database: Database) -> set[str]:
    return set(database.read(lambda connection: connection.scalars(select(counter.c.name)).all())) - {"audit"}


def grouped(database: Database, works: Sequence[Callable[[Connection], object]]) -> list["Future[object]"]:
    """Hands in all works while the writer is busy, so that one commit holds them."""
    busy, go = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        busy.set()
        go.wait(10)

    database.write(wait)
    busy.wait(10)
    futures = [database.write(work) for work in works]
    go.set()
    return futures


# --- both engines -------------------------------------------------------------------------------


def test_what_is_written_is_read_and_what_raises_is_not(database: Store) -> None:
    def broken(connection: Connection) -> None:
        connection.execute(insert(counter).values(name="half", value=1))
        raise RuntimeError("after all")

    database.database.write(add("whole")).result()
    with pytest.raises(RuntimeError, match="after all"):
        database.database.write(broken).result()
    assert names(database.database) == {"whole"}


def test_readers_cannot_write(database: Store) -> None:
    with pytest.raises(DBAPIError):
        read(database, lambda tx: tx.connection.execute(insert(counter).values(name="no", value=1)))
    with pytest.raises(DBAPIError):
        read(database, lambda tx: tx.connection.execute(text("DROP TABLE terms")))
    assert names(database.database) == set()


def test_a_reader_sees_one_moment(database: Store) -> None:
    def twice(connection: Connection) -> tuple[int, int]:
        count = select(func.count()).select_from(counter)
        before = connection.scalar(count) or 0
        database.database.write(add("meanwhile")).result()
        return before, connection.scalar(count) or 0

    assert database.database.read(twice) == (0, 0)
    assert names(database.database) == {"meanwhile"}


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO terms (digest, version, text, since) VALUES (:digest, :value, NULL, 1)",
        "INSERT INTO terms (digest, version, text, since) VALUES (:taken, :value, :value, 1)",
        "INSERT INTO nowhere (digest) VALUES (:value)",
        "SELECT digest FROM terms WHERE nothing = :value",
    ],
    ids=["a missing value", "a value that is there already", "a table that is not there", "a wrong column"],
)
def test_errors_of_the_database_hold_no_values(database: Store, statement: str) -> None:
    values = {"digest": SECRET, "taken": SECRET, "value": SECRET}
    row = {"digest": SECRET, "version": SECRET, "text": SECRET, "since": 1}
    write(database, lambda tx: tx.connection.execute(insert(terms).values(row)))
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    with pytest.raises(DBAPIError) as caught:
        write(database, lambda tx: tx.connection.execute(text(statement), used))
    error: BaseException | None = caught.value
    while error is not None:
        assert "hanako" not in f"{error}{error!r}{error.args}"
        error = error.__cause__ or error.__context__


def test_rows_that_are_taken_are_tried_again_and_then_said(database: Store) -> None:
    database.database.write(add("taken")).result()
    with pytest.raises(DBAPIError):
        database.database.write(add("taken")).result()
    assert names(database.database) == {"taken"}


# --- SQLite: one writer and its groups ----------------------------------------------------------


def test_one_failing_work_does_not_harm_its_neighbours(sqlite: SqliteDatabase) -> None:
    def broken(connection: Connection) -> None:
        connection.execute(insert(counter).values(name="broken", value=1))
        raise RuntimeError("after all")

    first, second, third = grouped(sqlite, [add("first"), broken, add("third")])
    assert (first.exception(10), third.exception(10)) == (None, None)
    assert isinstance(second.exception(10), RuntimeError)
    assert names(sqlite) == {"first", "third"}


def test_more_works_than_a_group_holds_are_all_done(sqlite: SqliteDatabase) -> None:
    for future in grouped(sqlite, [add(f"n{number}") for number in range(3 * GROUP + 1)]):
        future.result(10)
    assert len(names(sqlite)) == 3 * GROUP + 1


def test_nobody_is_told_of_success_when_the_engine_undid_the_whole_group(sqlite: SqliteDatabase) -> None:
    """As on a full disk: SQLite may roll back the transaction, not only the statement."""

    def undone(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")
        raise OSError("disk full")

    futures = grouped(sqlite, [add("first"), undone, add("third")])
    assert all(future.exception(10) is not None for future in futures)
    assert names(sqlite) == set()
    sqlite.write(add("after")).result(10)
    assert names(sqlite) == {"after"}


def test_a_disk_that_is_full_is_said_to_all_and_nothing_is_kept_of_them(sqlite: SqliteDatabase) -> None:
    pages = sqlite.read(lambda connection: connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    statement = f"PRAGMA max_page_count = {pages + 4}"
    sqlite.write(lambda connection: connection.exec_driver_sql(statement).all()).result(10)

    def large(connection: Connection) -> None:
        row = {"digest": "d", "version": "v", "text": "x" * 1_000_000, "since": 1}
        connection.execute(insert(terms).values(row))

    first, second, third = grouped(sqlite, [add("first"), large, add("third")])
    assert second.exception(10) is not None
    kept = {name for name, future in (("first", first), ("third", third)) if future.exception(10) is None}
    assert names(sqlite) == kept
    sqlite.write(add("after")).result(10)


def test_when_no_transaction_can_begin_everybody_hears_of_it(sqlite: SqliteDatabase, file: Path) -> None:
    sqlite.write(lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 50").all()).result(10)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    futures = [sqlite.write(add(f"n{number}")) for number in range(3)]
    assert all(isinstance(future.exception(10), SQLAlchemyError) for future in futures)
    other.execute("ROLLBACK")
    other.close()
    sqlite.write(add("after")).result(10)
    assert names(sqlite) == {"after"}


def test_the_writer_keeps_what_the_design_asks_for(sqlite: SqliteDatabase) -> None:
    def settings(connection: Connection) -> dict[str, object]:
        wanted = ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}

    found = sqlite.write(settings).result(10)
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}


# --- SQLite: whose file it is -------------------------------------------------------------------


def test_what_comes_after_the_end_fails_at_once_and_holds_up_nobody(sqlite: SqliteDatabase) -> None:
    """A year's end, or another long thread, is still at work when the gateway is stopped."""
    sqlite.close()
    with pytest.raises(StorageTrouble, match="goes on at the next start"):
        sqlite.write(add("late")).result(timeout=5)
    with pytest.raises(StorageTrouble, match="goes on at the next start"):
        sqlite.reclaim(["counter"])


def test_a_second_opener_is_refused_with_the_remedy(sqlite: SqliteDatabase, file: Path) -> None:
    with pytest.raises(StorageTrouble, match="another mimamori uses it; stop that one first"):
        SqliteDatabase(file)


def test_a_second_process_is_refused_with_the_remedy(sqlite: SqliteDatabase, file: Path) -> None:
    script = "import sys; from storage.engine import open_database; open_database(sys.argv[1])"
    ended = subprocess.run(
        [sys.executable, "-c", script, f"sqlite:///{file}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode != 0
    assert "another mimamori uses it; stop that one first" in ended.stderr


def test_the_lock_falls_with_whoever_held_it(file: Path) -> None:
    first = SqliteDatabase(file)
    first.close()
    second = SqliteDatabase(file)
    second.close()
    script = "import os, sys; from storage.engine import open_database; open_database(sys.argv[1]); os._exit(0)"
    subprocess.run([sys.executable, "-c", script, f"sqlite:///{file}"], timeout=60, check=True)
    SqliteDatabase(file).close()


def test_a_reader_needs_no_lock_and_makes_no_file(sqlite: SqliteDatabase, file: Path, tmp_path: Path) -> None:
    sqlite.write(add("one")).result(10)
    reader = open_database(f"sqlite:///{file}", read_only=True)
    assert names(reader) == {"one"}
    reader.close()
    with pytest.raises(StorageTrouble, match="run `mimamori serve` once"):
        open_database(f"sqlite:///{tmp_path}/none.db", read_only=True)
    assert not (tmp_path / "none.db").exists()


def test_the_files_are_for_their_owner_only(sqlite: SqliteDatabase, tmp_path: Path) -> None:
    sqlite.write(add("one")).result(10)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.glob("mimamori*")}
    assert set(modes.values()) == {0o600}
    assert {"mimamori.db", "mimamori.db-wal", "mimamori.lock"} <= set(modes)


def test_the_folder_that_is_made_is_for_its_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SqliteDatabase(tmp_path / "var" / "mimamori.db").close()
    finally:
        os.umask(before)
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700


def test_a_file_that_is_no_database_is_refused_at_once(file: Path) -> None:
    file.write_bytes(b"this is no database, and it is long enough to be looked at" * 100)
    with pytest.raises(StorageTrouble, match="restore the database from a backup"):
        SqliteDatabase(file)
    file.unlink()
    SqliteDatabase(file).close()  # the lock was given back


def test_the_moment_of_a_transaction_decides_its_year(database: Store) -> None:
    assert write(database, lambda tx: (tx.now, tx.year)) == (NOW, 2026)
