"""SIGKILL at random moments of a year's end (protocol 3.10): what is left is ended by the next start, whole and once.

Eight kills; fifty with MIMAMORI_THOROUGH=1. MIMAMORI_CHANCE=N repeats the moments of another run.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gateway.config import load
from gateway.ground import open_store
from storage import audit, audit_walk, subscriptions
from storage.store import Store
from storage.year_end import Step
from tests.e2e.town import ADMIN, ROOT, as_toml, merged, settings, until, write_settings
from tests.fakes.sink import Sink
from tests.storage.passing_years import APRIL, MARCH, STAYING, kept, live, steps
from tests.storage.samples import join_all, person

pytestmark = [pytest.mark.xdist_group("kill"), pytest.mark.timeout(600)]

KILLS = 50 if os.environ.get("MIMAMORI_THOROUGH") == "1" else 8
MANY = 3_000  # residents of the ending year: their rows go in several commits
AREAS = ("tomio", "area-0", "area-1", "area-2")


class Process:
    """One start of the gateway in April."""

    def __init__(self, config: Path) -> None:
        command = [sys.executable, "-m", "tests.fakes.april", str(config)]
        with (config.parent / "serve.log").open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.await_line("begins")

    def await_line(self, wanted: str) -> None:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line == f"{wanted}\n", f"{line!r} instead of {wanted}"

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def end(self) -> None:
        self._process.communicate()  # closes its input
        assert self._process.returncode == 0


@pytest.fixture(scope="module")
def march(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped town on the last day of March, to be copied."""
    folder = tmp_path_factory.mktemp("march") / "town"
    config = write_settings(folder, with_areas("smtp://127.0.0.1:9"))
    store = open_store(load(config))
    try:
        store.prepare()
        for year in {2026, 2027} - {*store.keyring.years()}:
            store.keyring.mint(year)
        live(store)
        people = [(person(1_000 + number), ("tomio",)) for number in range(MANY)]
        join_all(store, people, year=2026, now=MARCH)
    finally:
        store.close()
    return folder


def with_areas(smarthost: str) -> dict[str, Any]:
    districts = [{"code": code, "name": f"地区{code}"} for code in AREAS]
    return merged(settings(smarthost), {"districts": districts, "staff": []})


@pytest.fixture
def town(march: Path, tmp_path: Path) -> Iterator[tuple[Path, Sink]]:
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        config = shutil.copytree(march, tmp_path / "town") / "config.toml"
        config.write_text(as_toml(with_areas(sink.url)), "utf-8")
        yield config, sink


def test_3_10_after_every_kill_the_year_is_ended_whole_and_once(town: tuple[Path, Sink], tmp_path: Path) -> None:
    chance = int(os.environ.get("MIMAMORI_CHANCE") or random.SystemRandom().randrange(10**6))
    config, sink = town
    before = look(config, lambda store: kept(store, 2027).rows["subscription"])
    pristine = shutil.copytree(config.parent, tmp_path / "pristine")
    seconds = duration(shutil.copytree(config.parent, tmp_path / "tried") / "config.toml")
    sink.received.clear()
    moments = random.Random(chance)
    told = f"MIMAMORI_CHANCE={chance}"
    for kill in range(KILLS):
        if kill % 2 == 0:  # else it goes on from where the last kill left it
            if kill:
                check(config, before, sink, told)
            shutil.rmtree(config.parent)
            shutil.copytree(pristine, config.parent)
            sink.received.clear()
        process = Process(config)
        time.sleep(moments.uniform(0, seconds))
        process.kill()
    check(config, before, sink, told)


def check(config: Path, before: Any, sink: Sink, told: str) -> None:
    """The next start ends what the kills have left: 2026 is gone, 2027 as it was, one certificate, no other mail."""
    process = Process(config)
    process.await_line("serves")
    until(lambda: any(one.recipient == ADMIN for one in list(sink.received)), f"the certificate; {told}")
    process.end()
    assert look(config, lambda store: kept(store, 2026).tables) == set(), told
    assert look(config, lambda store: kept(store, 2027).rows["subscription"]) == before, told
    assert look(config, steps) == [(2026, Step.DONE)], told
    assert look(config, lambda store: events(store).count("year:destroyed")) == 1, told
    assert look(config, lambda store: store.read(APRIL, lambda tx: audit_walk.verify(tx.connection))) > 0, told
    assert [file.name for file in (config.parent / "var" / "certificates").iterdir()] == ["2026.txt"], told
    keys = {file.name for file in (config.parent / "keys").iterdir()}
    assert keys == {"2027.key", "audit.key", "kek", "root.key"}, told
    assert {one.recipient for one in sink.received} <= {ADMIN, person(40).canonical}, told
    for number in STAYING:
        found = look(config, lambda store, n=number: districts(store, n))
        assert found == {"tomio", f"area-{number % 3}"}, told


def duration(config: Path) -> float:
    """How long the whole of it takes here, on a copy of its own."""
    process = Process(config)
    began = time.monotonic()
    process.await_line("serves")
    seconds = time.monotonic() - began
    process.end()
    return seconds


def look(config: Path, question: Any) -> Any:
    store = open_store(load(config), read_only=True)
    try:
        return question(store)
    finally:
        store.close()


def events(store: Store) -> list[str]:
    return [entry.event for entry in store.read(APRIL, lambda tx: audit.read(tx.connection))]


def districts(store: Store, number: int) -> frozenset[str]:
    (found,) = store.read(APRIL, lambda tx: subscriptions.find(tx.connection, tx.keyring, person(number)))
    return found.districts
