"""A copy of the database as it is at one moment, beside a running server (protocol 8.6)."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, func, inspect, make_url, select, text

from gateway.administration.office import Refused, Tell
from gateway.backup.manifest import Facts
from gateway.settings import Settings
from storage import audit, checkpoints
from storage.engine import open_database
from storage.tables import metadata

PAGES = 2_000  # of SQLite, between two reports of progress
COPYING = "データベースを写しています / copying the database"
SEALED = ("subscription", "request", "letter", "alert")
ENVIRONMENT = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY"}


def copy(settings: Settings, goal: Path, tell: Tell) -> Facts:
    """Writes the copy, and says what is in it."""
    os.close(os.open(goal, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    url = make_url(settings.storage.url)
    if url.get_backend_name() == "sqlite":
        copy_sqlite(Path(url.database or ""), goal, tell)
        database = open_database(f"sqlite:///{goal}", read_only=True)
        try:
            return database.read(facts)
        finally:
            database.close()
    database = open_database(settings.storage.url, read_only=True)
    try:
        return database.read(lambda connection: _dumped(connection, url, goal))
    finally:
        database.close()


def copy_sqlite(file: Path, goal: Path, tell: Tell) -> None:
    """One snapshot of the file, by a connection that can neither write nor checkpoint."""
    if not file.exists():
        raise Refused(f"{file}: no database yet; run `mimamori serve` once")
    source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10)
    written = sqlite3.connect(goal)
    try:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on nothing moves
        source.backup(written, pages=PAGES, progress=lambda _, left, total: tell(total - left, total, COPYING))
        written.execute("PRAGMA journal_mode=DELETE")  # one file, that is the whole of it
        found = written.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        raise Refused(f"{file}: cannot be copied ({error}); look at it with `mimamori check`") from None
    finally:
        written.close()
        source.close()
    if found != "ok":
        raise Refused(f"{file}: damaged ({found}); no backup was made of it: restore it from an older one")


def _dumped(connection: Connection, url: URL, goal: Path) -> Facts:
    """pg_dump sees the very snapshot that is counted."""
    snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
    run_postgres("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={goal}")
    return facts(connection)


def run_postgres(program: str, url: URL, *words: str) -> None:
    """One of PostgreSQL's own programs; the password goes by the environment, which others cannot read."""
    if shutil.which(program) is None:
        raise Refused(f"{program} is not here; install PostgreSQL's client programs of the server's version")
    ended = subprocess.run(
        [program, "--no-password", *words], env=environment(url), capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        said = (ended.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Refused(f"{program} ended with {ended.returncode}: {said}; it has to be of the server's version or newer")


def environment(url: URL) -> Mapping[str, str]:
    """How PostgreSQL's programs find the database."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    wanted = {
        "PGHOST": query.get("host") or url.host,
        "PGPORT": query.get("port") or (str(url.port) if url.port else None),
        "PGUSER": query.get("user") or url.username,
        "PGPASSWORD": query.get("password") or (str(url.password) if url.password else None),
        "PGDATABASE": query.get("dbname") or url.database,
        **{variable: query.get(name) for name, variable in ENVIRONMENT.items()},
    }
    return {**os.environ, **{name: value for name, value in wanted.items() if value}}


def facts(connection: Connection) -> Facts:
    """Counts of the tables that are there; a database may be of an older version."""
    there = set(inspect(connection).get_table_names())
    tables = {table.name: table for table in metadata.sorted_tables if table.name in there}
    rows = {name: connection.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.items()}
    years: dict[str, int] = {}
    for table in (tables[name] for name in SEALED if name in tables):
        counted = connection.execute(select(table.c.year, func.count()).group_by(table.c.year))
        for year, count in counted:
            years[str(year)] = years.get(str(year), 0) + count
    log = metadata.tables["audit"]
    query = select(log.c.seq, log.c.chain).order_by(log.c.seq.desc()).limit(1)
    last = connection.execute(query).first() if log.name in there else None
    return Facts(
        schema=MigrationContext.configure(connection).get_current_revision(),
        rows=rows,
        years=dict(sorted(years.items())),
        entries=last.seq if last else 0,
        last_link=(last.chain if last else audit.START).hex(),
        checkpoint=newest.note if "audit_checkpoint" in there and (newest := checkpoints.newest(connection)) else None,
    )
