"""The two engines behind one face: `write` commits or raises, `read` sees what is committed.

SQLite has exactly one writer, a thread that commits several callers' work together. Its connection is the only one
that writes or checkpoints (before 3.44.6, 3.50.7 and 3.51.3 another checkpointing connection can lose a commit);
readers open the file read-only; a lock file keeps a second process out. PostgreSQL has a small pool of threads.
"""

import fcntl
import os
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

GROUP = 64  # pieces of work that one SQLite commit may hold
CHECKPOINT_TRIES = 20
CHECKPOINT_PAUSE_SECONDS = 0.1
PG_THREADS = 8
PG_TRIES = 5
RETRY_STATES = {"40001", "40P01", "23505"}  # serialization failure, deadlock, unique violation: another was first


class StorageTrouble(Exception):
    """The database cannot be used. The message names the remedy and holds no stored value."""


class Database(Protocol):
    def write(self, work: Work[Result]) -> "Future[Result]": ...

    def read(self, work: Work[Result]) -> Result: ...

    def reclaim(self, tables: Sequence[str]) -> None: ...

    def close(self) -> None: ...

    @property
    def exclusive(self) -> bool: ...


def open_database(url: str, read_only: bool = False) -> Database:
    """Opens the database of a SQLAlchemy URL; `read_only` never writes and never waits for a lock."""
    if make_url(url).get_backend_name() == "sqlite":
        return SqliteDatabase(Path(make_url(url).database or ""), read_only)
    return PostgresDatabase(url)


def quiet_engine(url: str, **options: Any) -> Engine:
    """An engine whose errors never print the values of a statement."""
    return create_engine(url, hide_parameters=True, echo=False, **options)


class SqliteDatabase:
    """One file, one writing thread with group commit, read-only readers."""

    exclusive = True  # no other process writes

    def __init__(self, file: Path, read_only: bool = False) -> None:
        self._file = file
        self._lock = -1
        self._closing = threading.Lock()  # held to give work to the writer, and to tell it that none follows
        self._closed = False
        if read_only and not file.exists():
            raise StorageTrouble(f"{file}: no database yet; run `mimamori serve` once")
        self._readers = quiet_engine(
            "sqlite://", creator=self._connect_reader, poolclass=QueuePool, pool_size=8, max_overflow=24
        )
        event.listen(self._readers, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        if not read_only:
            self._open_writer()

    def _open_writer(self) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _lock(self._file)
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self.engine = quiet_engine(
            "sqlite://", creator=self._connect_writer, pool_size=1, max_overflow=0, poolclass=QueuePool
        )
        event.listen(self.engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        self._connection = self._first_connection()
        self._work: queue.SimpleQueue[tuple[Work[Any], Future[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="writer", daemon=True)
        self._thread.start()

    def _first_connection(self) -> Connection:
        """Opened here and not in the thread, so that a broken file is told to whoever opens it."""
        try:
            return self.engine.connect()
        except DBAPIError as error:
            os.close(self._lock)
            self._lock = -1
            raise StorageTrouble(f"{self._file}: {error.orig}; restore the database from a backup") from None

    def _connect_writer(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=10)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "secure_delete=ON",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._file.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
        )
        connection.execute("PRAGMA query_only=ON")
        connection.text_factory = _lenient  # a damaged text must reach `audit verify`, not stop it
        return connection

    def write(self, work: Work[Result]) -> "Future[Result]":
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()  # from here on nobody can call it off half-way
        self._give(work, future)
        return future

    def _give(self, work: Work[Any], future: "Future[Any]") -> None:
        """Work that comes too late fails at once: a thread that waited for it would keep the process from ending."""
        with self._closing:
            if not self._closed:
                self._work.put((work, future))
                return
        future.set_exception(StorageTrouble("the gateway stops; it goes on at the next start"))

    def read(self, work: Work[Result]) -> Result:
        with self._readers.connect() as connection, connection.begin():
            return work(connection)

    def reclaim(self, tables: Sequence[str]) -> None:
        """Writes the file anew without its free space, and empties its log; for a moment nobody else is served.

        The file is one for all tables. Raises DBAPIError where there is no room for it.
        """
        future: Future[None] = Future()
        self._give(_vacuum, future)
        future.result()

    def close(self) -> None:
        self._readers.dispose()  # first: the last connection to close folds the WAL in, which a reader cannot
        if self._lock >= 0:
            with self._closing:
                self._closed = True
                self._work.put(None)
            self._thread.join()
            self.engine.dispose()
            os.close(self._lock)
            self._lock = -1

    def _write_all(self) -> None:
        with self._connection as connection:
            while (first := self._work.get()) is not None:
                group: list[tuple[Work[Any], Future[Any]]] = []
                following: tuple[Work[Any], Future[Any]] | None = first
                while following is not None and following[0] is not _vacuum:
                    group.append(following)
                    if len(group) == GROUP or self._work.empty():
                        break
                    following = self._work.get()
                self._commit(connection, group)
                if following is None:
                    return
                if following[0] is _vacuum:
                    _outside(connection, *following)

    def _commit(self, connection: Connection, group: list[tuple[Work[Any], Future[Any]]]) -> None:
        """Commits the group; work that raises is undone alone and does not harm its neighbours."""
        if not group:
            return
        done: dict[Future[Any], Any] = {}
        failed: dict[Future[Any], Exception] = {}
        try:
            with connection.begin():
                if len(group) == 1:  # the transaction itself undoes what is alone in it
                    ((work, future),) = group
                    done[future] = work(connection)
                else:
                    _do_each(connection, group, done, failed)
        except Exception as error:  # the transaction itself: nobody's work is kept
            failed = {future: failed.get(future, error) for _, future in group}
            done = {}
            _leave_transaction(connection)
        for future, result in done.items():
            future.set_result(result)
        for future, reason in failed.items():
            future.set_exception(reason)


def _do_each(
    connection: Connection,
    group: Sequence[tuple[Work[Any], Future[Any]]],
    done: dict[Future[Any], Any],
    failed: dict[Future[Any], Exception],
) -> None:
    """Does each piece of work behind a savepoint of its own.

    The library's own savepoints are compiled anew each time, which costs more than most work.
    """
    for work, future in group:
        connection.exec_driver_sql("SAVEPOINT piece")
        try:
            done[future] = work(connection)
        except Exception as error:
            failed[future] = error
            # Raises where SQLite has undone the whole group, as on a full disk.
            connection.exec_driver_sql("ROLLBACK TO piece")
        connection.exec_driver_sql("RELEASE piece")


class PostgresDatabase:
    """A pool of connections, a thread each. Work that lost a race is done again from the start."""

    exclusive = False  # other nodes may share it

    def __init__(self, url: str) -> None:
        self.engine = quiet_engine(url, pool_size=PG_THREADS, max_overflow=PG_THREADS, pool_pre_ping=True)
        event.listen(self.engine, "handle_error", _first_line_only)
        self._threads = ThreadPoolExecutor(PG_THREADS, thread_name_prefix="writer")

    def write(self, work: Work[Result]) -> "Future[Result]":
        return self._threads.submit(self._write, work)

    def _write(self, work: Work[Result]) -> Result:
        for attempt in range(PG_TRIES):
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in RETRY_STATES or attempt + 1 == PG_TRIES:
                    raise
                time.sleep(random.uniform(0, 0.02) * (attempt + 1))
        raise AssertionError("unreachable")

    def read(self, work: Work[Result]) -> Result:
        with self.engine.connect() as connection, connection.begin():
            # One snapshot for the whole of it, as SQLite gives: counts and chains must not move in between.
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            return work(connection)

    def reclaim(self, tables: Sequence[str]) -> None:
        """Writes these tables anew without their dead rows; each is locked for that moment."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.execute(text(f"VACUUM (FULL) {table}"))  # names of ours

    def close(self) -> None:
        self._threads.shutdown()
        self.engine.dispose()


def _outside(connection: Connection, work: Work[Any], future: "Future[Any]") -> None:
    """Does on the writer's connection what no transaction can hold."""
    try:
        future.set_result(work(connection))
    except Exception as error:
        future.set_exception(error)


def _vacuum(connection: Connection) -> None:
    driver = connection.connection
    driver.execute("VACUUM")
    for _ in range(CHECKPOINT_TRIES):  # a reader that began before holds the log
        if not driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            return
        time.sleep(CHECKPOINT_PAUSE_SECONDS)
    raise StorageTrouble("the log of the database cannot be emptied while it is read; stop what reads it, then again")


def _leave_transaction(connection: Connection) -> None:
    """SQLAlchemy gives a transaction up when its commit fails; SQLite may still be in it."""
    try:
        connection.connection.rollback()
    except sqlite3.Error:
        connection.invalidate()  # the next transaction opens the file anew


def _lenient(octets: bytes) -> str:
    return octets.decode(errors="replace")


def _first_line_only(context: ExceptionContext) -> None:
    """Below its first line, a message of PostgreSQL shows the row or the key that was wrong."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None:
            error.args = tuple(str(argument).partition("\n")[0] for argument in error.args)


def _lock(database: Path) -> int:
    """Takes the lock that makes this process the database's only one. It falls with the process."""
    descriptor = os.open(database.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StorageTrouble(f"{database}: another mimamori uses it; stop that one first") from None
    return descriptor


@contextmanager
def reserved(database: Path) -> Iterator[None]:
    """Keeps every other process from an SQLite file that is not open here. Raises StorageTrouble where one has it."""
    descriptor = _lock(database)
    try:
        yield
    finally:
        os.close(descriptor)
