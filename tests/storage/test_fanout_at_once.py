"""Several claimers of chunks at the same time, as several slots and nodes are: none gets what another has."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage import chunks
from storage.store import Store
from tests.storage.samples import (
    NOW,
    an_alert,
    claim,
    finish,
    join,
    join_all,
    leave,
    person,
    post,
    relay_chunk,
)

WORKERS = 6


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 2)


def test_two_claimers_never_have_the_same_chunk(database: Store) -> None:
    join_all(database, [(person(number), ["tomio"]) for number in range(48)])
    post(database, an_alert())
    together = threading.Barrier(WORKERS)

    def take_four(_: int) -> list[int]:
        together.wait(10)
        chunks = [claim(database) for _ in range(4)]
        return [chunk.id for chunk in chunks if chunk is not None]

    with ThreadPoolExecutor(WORKERS) as threads:
        taken = [number for each in threads.map(take_four, range(WORKERS)) for number in each]
    assert len(taken) == len(set(taken)) == 24


def test_workers_together_reach_each_once_while_people_come_go_and_move(database: Store) -> None:
    join_all(database, [(person(number), ["tomio"]) for number in range(60)])
    post(database, an_alert(1, "tomio", "asuka"))
    together = threading.Barrier(WORKERS + 1)

    def work(_: int) -> list[str]:
        together.wait(10)
        reached = []
        while (chunk := claim(database)) is not None:
            reached += relay_chunk(database, chunk)
        return reached

    def live(_: int) -> list[str]:
        together.wait(10)
        for number in range(0, 60, 3):
            join(database, person(number), "asuka")
            leave(database, person(number + 1))
            join(database, person(100 + number), "tomio")
        return []

    with ThreadPoolExecutor(WORKERS + 1) as threads:
        runs = [threads.submit(work, number) for number in range(WORKERS)]
        runs.append(threads.submit(live, 0))
        reached = [address for run in runs for address in run.result()]
    assert len(reached) == len(set(reached))
    stayed = {person(number).canonical for number in range(60) if number % 3 != 1}
    assert stayed <= set(reached) <= {person(number).canonical for number in range(60)}
    (over,) = finish(database)
    assert over.relayed == len(reached)


def test_an_alert_is_ended_by_one_of_several(database: Store) -> None:
    for number in range(1, 9):
        post(database, an_alert(number))
    together = threading.Barrier(WORKERS)

    def end(_: int) -> list[str]:
        together.wait(10)
        return [alert.name for alert in finish(database, NOW)]

    with ThreadPoolExecutor(WORKERS) as threads:
        ended = [name for each in threads.map(end, range(WORKERS)) for name in each]
    assert sorted(ended) == [f"2026-{number:04d}" for number in range(1, 9)]
