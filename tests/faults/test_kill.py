"""SIGKILL in the middle of a fan-out: nobody is left out, few get a copy twice, and no worker outlives its server.

Three kills at random moments; ten with MIMAMORI_THOROUGH=1. MIMAMORI_CHANCE=N repeats the moments of another run.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import pytest

from gateway.config import load
from gateway.relay import counterfoils
from gateway.relay.allowance import WINDOW
from storage.keyring import COPY_ID_OCTETS
from tests.e2e.town import ROOT, Gateway, alert, as_toml, merged, run, settings, until, write_settings
from tests.fakes.sink import Received, read_received

pytestmark = [pytest.mark.xdist_group("kill"), pytest.mark.timeout(300)]

SUBSCRIBERS = 5_000
KILLS = 10 if os.environ.get("MIMAMORI_THOROUGH") == "1" else 3
WORKERS = 2
CONNECTIONS = 4  # of a worker, each with one copy whose answer the worker may not have read
GONE_SECONDS = 2.0
DONE_SECONDS = 60.0
TEXT = "地区：全域\n区分：台風\n\n休校です。\n"
Sections = dict[str, dict[str, object]]
SECTIONS: Sections = {
    "alerts": {"release_above": 2 * SUBSCRIBERS, "haste_checks": []},
    "relay": {"workers": WORKERS, "connections": CONNECTIONS},
}


class SinkProcess:
    """The fake next hop as a process of its own: what it has answered 250 to stands in its file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = self._lines = 0
        self.violations: list[str] = []

    def __enter__(self) -> Self:
        words = [sys.executable, "-m", "tests.fakes.sink", "--file", str(self._file)]
        self._process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"smtp://127.0.0.1:{self._process.stdout.readline().split()[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)

    def lines(self) -> int:
        """How many messages it has taken so far."""
        with self._file.open("rb") as file:
            file.seek(self._seen)
            new = file.read()
        self._seen += len(new)
        self._lines += new.count(b"\n")
        return self._lines

    @property
    def received(self) -> list[Received]:
        return read_received(self._file)

    def copies(self) -> list[Received]:
        return [one for one in self.received if b"\r\nX-Mimamori-Alert: " in one.message]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped town with 5,000 residents, to be copied."""
    folder = tmp_path_factory.mktemp("seeded") / "town"
    config = write_settings(folder, merged(settings("smtp://127.0.0.1:9"), SECTIONS))
    words = [sys.executable, "bench/seed.py", "--config", str(config), "--number", str(SUBSCRIBERS), "--seed", "1"]
    subprocess.run(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    return folder


Start = Callable[[], tuple[Gateway, SinkProcess]]


@pytest.fixture
def crowded(seeded: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a copy of the seeded town with a next hop that records."""
    with ExitStack() as stack:

        def start() -> tuple[Gateway, SinkProcess]:
            sink = stack.enter_context(SinkProcess(tmp_path / "sink.jsonl"))
            config = shutil.copytree(seeded, tmp_path / "town") / "config.toml"
            config.write_text(as_toml(merged(settings(sink.url), SECTIONS)), "utf-8")
            running = Gateway(config, sink)  # type: ignore[arg-type]
            running.start()
            stack.callback(lambda: running.process.kill())
            stack.callback(lambda: running.stop())
            return running, sink

        yield start


def await_lines(sink: SinkProcess, count: int) -> None:
    deadline = time.monotonic() + DONE_SECONDS
    while sink.lines() < count:
        assert time.monotonic() < deadline, f"only {sink.lines()} of {count} mails after {DONE_SECONDS} s"
        time.sleep(0.002)


def is_gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_after_every_kill_the_rest_is_sent_nobody_is_left_out_and_few_twice(crowded: Start) -> None:
    chance = int(os.environ.get("MIMAMORI_CHANCE") or random.SystemRandom().randrange(10**6))
    moments = sorted(random.Random(chance).sample(range(SUBSCRIBERS - 200), KILLS))
    running, sink = crowded()
    assert running.post(alert(TEXT))[0] == 250
    ends = []
    for moment in moments:
        await_lines(sink, moment)
        workers = running.workers()
        running.kill()
        until(lambda pids=workers: all(map(is_gone, pids)), "the workers end with their server", GONE_SECONDS)  # type: ignore[misc]
        assert workers
        ends.append(len(sink.copies()))
        running.start()
    done = running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)

    copies = sink.copies()
    told = f"MIMAMORI_CHANCE={chance}: killed after {ends} of {len(copies)} copies"
    assert done["detail"] == {"matched": SUBSCRIBERS, "relayed": SUBSCRIBERS, "failed": 0, "waiting": 0}, told
    assert len({one.recipient for one in copies}) == SUBSCRIBERS, told
    assert repeated_after(copies, ends) == [], told
    assert running.stop() == 0


def repeated_after(copies: list[Received], ends: list[int]) -> list[tuple[int, int]]:
    """The kills after which more was sent again than was without an answer; no copy differs from its first."""
    first: dict[str, bytes] = {}
    again: Counter[int] = Counter()
    for place, one in enumerate(copies):
        if first.setdefault(one.recipient, one.message) != one.message:
            raise AssertionError("a copy that was sent again differs from the first")
        if first[one.recipient] is not one.message:
            again[sum(end <= place for end in ends)] += 1
    return [(kill, count) for kill, count in again.items() if count > CONNECTIONS * WORKERS or kill == 0]


def test_after_a_power_cut_at_most_fifty_copies_of_a_worker_are_sent_twice(crowded: Start) -> None:
    """What the disk may not have yet is taken away by hand: of each worker all that may wait for it, the newest."""
    running, sink = crowded()
    assert running.post(alert(TEXT))[0] == 250
    await_lines(sink, SUBSCRIBERS // 2)
    running.kill()
    file = load(running.config).state_folder / counterfoils.NAME
    kept = bytearray(file.read_bytes())
    for page in range(0, len(kept), counterfoils.PAGE_OCTETS):
        octets = len(bytes(kept[page : page + counterfoils.PAGE_OCTETS]).rstrip(b"\0"))
        written = -(-octets // COPY_ID_OCTETS) * COPY_ID_OCTETS  # the newest may itself end with zeros
        start = max(0, written - COPY_ID_OCTETS * (WINDOW - CONNECTIONS))
        kept[page + start : page + written] = bytes(written - start)
    file.write_bytes(kept)
    running.start()
    running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)
    recipients = Counter(one.recipient for one in sink.copies())
    assert len(recipients) == SUBSCRIBERS
    assert 0 < recipients.total() - SUBSCRIBERS <= WINDOW * WORKERS
    assert max(recipients.values()) == 2


def test_5_6_the_report_of_an_alert_stopped_after_a_kill_counts_what_went_out(crowded: Start) -> None:
    running, sink = crowded()
    assert running.post(alert(TEXT))[0] == 250
    await_lines(sink, SUBSCRIBERS // 2)
    running.kill()
    stopped = run("alerts", "stop", "2026-0001", "--config", str(running.config))
    assert stopped.returncode == 0, stopped.stderr
    running.start()
    told = running.audit.wait_for("alert:stopped", seconds=DONE_SECONDS)
    copies = sink.copies()
    assert SUBSCRIBERS // 2 <= len(copies) < SUBSCRIBERS
    assert 0 <= len(copies) - told["detail"]["relayed"] <= CONNECTIONS * WORKERS


def test_a_sigterm_in_the_middle_lets_the_next_start_go_on_where_it_was(crowded: Start) -> None:
    running, sink = crowded()
    assert running.post(alert(TEXT))[0] == 250
    await_lines(sink, SUBSCRIBERS // 4)
    workers = running.workers()
    running.process.send_signal(signal.SIGTERM)
    assert running.stop() == 0
    assert all(map(is_gone, workers))
    assert len(sink.copies()) < SUBSCRIBERS
    running.start()
    running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)
    recipients = [one.recipient for one in sink.copies()]
    assert len(recipients) == len(set(recipients)) == SUBSCRIBERS


def test_a_worker_that_is_killed_is_replaced_and_the_alert_goes_on(crowded: Start) -> None:
    running, sink = crowded()
    assert running.post(alert(TEXT))[0] == 250
    await_lines(sink, SUBSCRIBERS // 3)
    until(lambda: len(running.workers()) == WORKERS, "both workers are at work")
    worker, other = running.workers()
    before = len(sink.copies())
    os.kill(worker, signal.SIGKILL)
    running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)
    copies = sink.copies()
    assert len({one.recipient for one in copies}) == SUBSCRIBERS
    assert before < len(copies) <= SUBSCRIBERS + CONNECTIONS
    assert worker not in running.workers()
    assert other in running.workers()
