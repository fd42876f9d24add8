"""Fixtures and rules for all tests: the collected mails, both databases, and that nothing is skipped in silence.

MIMAMORI_CORPORA names the folder of the collected mails; MIMAMORI_REQUIRE_ALL=1 makes a failure of every skip.
"""

import os
import sqlite3
from collections.abc import Generator, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from handlers.town import Calendar
from storage.engine import open_database
from storage.keyring import Keyring, create_keys
from storage.store import Store
from storage.tables import metadata
from tests.storage.postgres import Server, running_postgres

ENGINES = ("sqlite", "postgresql")
CALENDAR = Calendar(timezone=ZoneInfo("Asia/Tokyo"))


# --- nothing is skipped in silence --------------------------------------------------------------


def everything_is_required() -> bool:
    return os.environ.get("MIMAMORI_REQUIRE_ALL") == "1"


def fail_where_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and everything_is_required():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason} (MIMAMORI_REQUIRE_ALL=1 asks for it)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_where_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_where_skipped(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    silent = [report for report in skipped if "MIMAMORI_CORPORA" in str(report.longrepr)]
    if silent:
        files = ", ".join(sorted({report.nodeid.partition("::")[0] for report in silent}))
        terminalreporter.write_line(f"MIMAMORI_CORPORA is not set: not run ({len(silent)}): {files}")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of the collected mails."""
    folder = os.environ.get("MIMAMORI_CORPORA")
    if not folder:
        pytest.skip("MIMAMORI_CORPORA is not set: the collected mails were not tried")
    return Path(folder)


# --- a command that ran in this process leaves nothing behind -----------------------------------

UMASK = os.umask(0o022)
os.umask(UMASK)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    os.umask(UMASK)


# --- both databases -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for all tests of this process."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Server) -> str:
    """The name of a database of this version; each test finds it empty."""
    name = postgres.create()
    migrate(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to copy: of this version, and empty."""
    file = tmp_path_factory.mktemp("migrated") / "mimamori.db"
    migrate(f"sqlite:///{file}")
    return file


def migrate(url: str) -> None:
    database = open_database(url)
    Store(database, Keyring(Path(), ""), CALENDAR.year).prepare()
    database.close()


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def empty_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a database without any table is, or where one can be made."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path}/mimamori.db"
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def database_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where an empty database of this version is."""
    if engine_name == "sqlite":
        with sqlite3.connect(request.getfixturevalue("migrated_sqlite")) as source:
            copy = sqlite3.connect(tmp_path / "mimamori.db")
            source.backup(copy)
            copy.close()
        source.close()
        yield f"sqlite:///{tmp_path}/mimamori.db"
        return
    server: Server = request.getfixturevalue("postgres")
    name = request.getfixturevalue("migrated_postgres")
    yield server.url(name)
    with server.connect(name) as connection:
        empty(connection)


def empty(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Deletes every row; that is much faster than another database for each test."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
    connection.execute(
        "INSERT INTO audit_tree (id, size, frontier, link, checkpoints) VALUES (1, 0, '', %s, 0)", [bytes(32)]
    )


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    """Fresh keys of 2026 and 2027."""
    create_keys(tmp_path / "keys", tmp_path / "keys" / "kek", 2026)
    keyring = Keyring(tmp_path / "keys", f"file:{tmp_path}/keys/kek")
    keyring.mint(2027)
    return keyring


@pytest.fixture
def database(database_url: str, keyring: Keyring) -> Iterator[Store]:
    """An empty store with fresh keys, on each engine in turn."""
    store = Store(open_database(database_url), keyring, CALENDAR.year)
    yield store
    store.close()
