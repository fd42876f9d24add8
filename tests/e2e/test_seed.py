"""`make seed`: made-up subscribers are found, counted and opened like any other."""

import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import seed as seeding
from gateway.config import load
from gateway.ground import open_store
from gateway.settings import Settings
from storage import audit, audit_walk, subscriptions
from storage.records import Subscription
from storage.store import Transaction
from tests.e2e.conftest import Start
from tests.e2e.town import ROOT, settings, write_settings

NUMBER = seeding.BATCH + 300  # more than one transaction holds


def seed(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "bench/seed.py", "--config", str(config), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def written(folder: Path) -> Path:
    return write_settings(folder / "town", settings("maildir:var/outbox", pinned=False))


def read(town: Settings, work):  # type: ignore[no-untyped-def]
    store = open_store(town, read_only=True)
    try:
        return store.read(datetime.now(UTC), work)
    finally:
        store.close()


def everybody(transaction: Transaction) -> list[Subscription]:
    found = (
        subscriptions.find(transaction.connection, transaction.keyring, seeding.address(number))
        for number in range(1, NUMBER + 1)
    )
    return [subscription for rows in found for subscription in rows]


def test_seeded_residents_are_found_open_and_agree_with_the_counts(tmp_path: Path) -> None:
    config = written(tmp_path)
    ran = seed(config, "--number", str(NUMBER), "--seed", "7")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(f"{NUMBER} subscribers in ")
    town = load(config)
    codes = [district.code for district in town.town.districts]
    year = town.town.calendar.year(datetime.now(UTC))

    people = read(town, everybody)
    assert len(people) == NUMBER
    assert [person.address for person in people] == [seeding.address(number) for number in range(1, NUMBER + 1)]
    assert {person.year for person in people} == {year}
    assert {person.consent.digest for person in people} == {town.town.terms.digest}
    assert len({person.pseudonym for person in people}) == NUMBER
    assert {len(person.districts) for person in people} == {1, 2, 3}

    matched = read(town, lambda transaction: transaction.matched(year, codes))
    assert matched.total == NUMBER
    assert matched.by_district == {code: sum(code in person.districts for person in people) for code in codes}
    entries = read(town, lambda transaction: audit.read(transaction.connection, glob="subscribe:seeded"))
    assert [entry.value()["detail"] for entry in entries] == [{"count": NUMBER}]
    assert isinstance(read(town, lambda transaction: audit_walk.verify(transaction.connection)), int)


def test_seeding_again_adds_others_in_the_districts_asked_for(tmp_path: Path) -> None:
    config = written(tmp_path)
    assert seed(config, "--number", "20").returncode == 0
    assert seed(config, "--number", "30", "--districts", "eki").returncode == 0
    town = load(config)
    year = town.town.calendar.year(datetime.now(UTC))
    assert read(town, lambda transaction: transaction.matched(year, ["hama", "yama", "shima", "eki"])).total == 50
    assert read(town, lambda transaction: transaction.matched(year, ["eki"])).by_district["eki"] >= 30


def test_the_same_seed_gives_the_same_districts() -> None:
    first, again = (list(seeding.residents(1, 50, ["a", "b", "c"], random.Random(5))) for _ in range(2))
    assert first == again
    assert {len(districts) for _, districts in seeding.residents(1, 50, ["a"], random.Random(5))} == {1}


def test_a_running_server_keeps_its_database_to_itself(gateway: Start) -> None:
    town = gateway()
    ran = seed(town.config, "--number", "10")
    assert ran.returncode == 1
    assert "stop that one first" in ran.stderr
    assert town.json("subscribers", "count")["active"] == 0


def test_an_unknown_district_is_named_with_the_known_ones(tmp_path: Path) -> None:
    ran = seed(written(tmp_path), "--number", "10", "--districts", "hama,nowhere")
    assert ran.returncode == 2
    assert "nowhere" in ran.stderr
    assert "hama, yama, shima, eki" in ran.stderr
