"""A next hop in every kind of trouble, and one that asks for patience (protocol 5.12): every copy is accounted for."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.e2e.town import ADMIN, BOARD, Gateway, alert, until
from tests.fakes.sink import DROP, STALL, Rule, Sink, Stage
from tests.faults.seeded import TEXT, copied, seed

pytestmark = [pytest.mark.xdist_group("next-hop"), pytest.mark.timeout(300)]

SUBSCRIBERS = 1_200
CONNECTIONS, WORKERS = 4, 2
STALLED = 2
FEW = 3  # connections, fewer than one worker wants
OUT_SECONDS = 2.0
DONE_SECONDS = 120.0
LONGEST_REST_SECONDS = 40.0
QUICK = {"retry_first_seconds": 1, "retry_most_seconds": 2, "timeout_seconds": 3}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seed(tmp_path_factory.mktemp("seeded") / "town", SUBSCRIBERS)


Start = Callable[..., Gateway]


@pytest.fixture
def start(seeded: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a copy of the seeded town with this sink."""
    with ExitStack() as stack:

        def begin(sink: Sink, **relay: Any) -> Gateway:
            sections = {"relay": {**QUICK, "workers": WORKERS, "connections": CONNECTIONS, **relay}}
            config = copied(seeded, tmp_path / "town", sink.url, sections, SUBSCRIBERS)
            running = Gateway(config, sink)
            running.start()
            stack.callback(running.stop)
            return running

        yield begin


class Troubled:
    """A rule for a sink: who is put off, refused, cut off and left waiting is told from the address alone."""

    def __init__(self) -> None:
        self.cut_off: list[str] = []
        self.left_waiting: list[str] = []
        self.spared: set[str] = set()  # whose first try has had its trouble: a second without an answer is the last

    def __call__(self, stage: Stage, about: str, n: int) -> str | None:
        share = crc32(about.encode()) % 1_000
        if stage == "dot" and about in self.spared:
            return None
        if stage == "rcpt" and share < 200 and n == 1:
            return "451 4.7.1 come back later"
        if stage == "rcpt" and 200 <= share < 210:
            return "550 5.1.1 no such mailbox"
        if stage == "dot" and 210 <= share < 215 and n == 1:
            self.cut_off.append(about)
            return DROP
        if stage == "dot" and share >= 990 and n == 1 and len(self.left_waiting) < STALLED:
            self.left_waiting.append(about)
            return STALL
        return None


def copies(sink: Sink) -> Counter[str]:
    """How many copies of alerts each address has taken."""
    return Counter(one.recipient for one in sink.received if b"\r\nX-Mimamori-Alert: " in one.message)


def test_every_copy_is_accounted_for_none_lost_and_few_twice(start: Start) -> None:
    rule = Troubled()
    with Sink(rule=rule) as sink:
        rule.spared = sink.interrupted
        running = start(sink)
        assert running.post(alert(TEXT))[0] == 250
        until(lambda: sum(copies(sink).values()) > SUBSCRIBERS // 3, "a third is handed over", DONE_SECONDS)
        sink.out_for(OUT_SECONDS)
        detail = running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)["detail"]
        took = copies(sink)

    refused = {about for stage, about in sink.seen if stage == "rcpt" and 200 <= crc32(about.encode()) % 1_000 < 210}
    assert rule.cut_off
    assert len(rule.left_waiting) == STALLED
    assert detail == {
        "matched": SUBSCRIBERS,
        "relayed": SUBSCRIBERS - len(refused),
        "failed": len(refused),
        "waiting": 0,
    }
    assert len(took) == SUBSCRIBERS - len(refused)
    assert not refused & set(took)
    tries = took + Counter(rule.cut_off) + Counter(rule.left_waiting)
    assert max(tries.values()) <= 2
    twice = {about for about, count in tries.items() if count > 1}
    # When the sink went away, an answer may have been lost on each connection.
    assert len(twice - {*rule.cut_off, *rule.left_waiting}) <= CONNECTIONS * WORKERS


def test_another_smarthost_takes_over_while_the_first_is_out_of_reach(start: Start) -> None:
    with socket.socket() as held, Sink() as sink:
        held.bind(("127.0.0.1", 0))  # ours, so that nobody else answers there; and nobody listens
        nowhere = f"smtp://127.0.0.1:{held.getsockname()[1]}"
        running = start(sink, smarthost=nowhere, further=[sink.url])
        assert running.post(alert(TEXT))[0] == 250
        running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)
        assert set(copies(sink).values()) == {1}
        assert len(copies(sink)) == SUBSCRIBERS


def test_a_slow_domain_keeps_its_pace_over_all_workers_and_holds_nobody_up(start: Start) -> None:
    slow = [f"family-{number}.example" for number in range(0, 1_000, 70)]  # some of the residents' domains
    with Sink() as sink:
        running = start(sink, pace=[f"{','.join(slow)} 5/s 1x10"])
        begun = time.time()
        assert running.post(alert(TEXT))[0] == 250
        running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)
        received = [one for one in sink.received if b"\r\nX-Mimamori-Alert: " in one.message]

    paced = [one for one in received if one.recipient.rpartition("@")[2] in slow]
    others = [one for one in received if one.recipient.rpartition("@")[2] not in slow]
    assert {len(received), len(copies(sink))} == {SUBSCRIBERS}
    assert len(paced) > 10
    took = max(one.at for one in paced) - min(one.at for one in paced)
    assert len(paced) - 1 <= 5 * took + 2
    assert max(one.at for one in others) - begun < took
    assert max(Counter(one.session for one in paced).values()) <= 10
    assert len({one.session for one in paced} & {one.session for one in others}) == 0


def test_a_rate_holds_for_all_workers_together(start: Start) -> None:
    with Sink() as sink:
        running = start(sink, rate=400)
        assert running.post(alert(TEXT))[0] == 250
        running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)
        times = [one.at for one in sink.received if b"\r\nX-Mimamori-Alert: " in one.message]
    assert len(times) == SUBSCRIBERS
    assert len(times) - 1 <= 400 * (max(times) - min(times)) + 80  # a tenth of a second may be caught up on


def test_a_smarthost_that_admits_few_connections_gets_every_copy_over_these(start: Start) -> None:
    """A worker that gets none holds the others up as little as they need it."""
    with Sink() as sink:

        def crowded(stage: Stage, _about: str, _n: int) -> str | None:
            return "421 4.7.0 too many connections" if stage == "connect" and len(sink.sessions) > FEW else None

        sink.rule = crowded
        running = start(sink)
        assert running.post(alert(TEXT))[0] == 250
        begun = time.time()
        running.audit.wait_for("alert:relayed", seconds=DONE_SECONDS)
        assert set(copies(sink).values()) == {1}
        assert len(copies(sink)) == SUBSCRIBERS
        assert time.time() - begun < 10


def test_an_outage_during_which_mail_comes_in_ends_with_the_outage(start: Start) -> None:
    """Whatever wakes the relay meanwhile does not make it forget to look again."""
    with Sink(rule=nothing_gets_in) as sink:
        running = start(sink)
        assert running.post(alert(TEXT))[0] == 250
        until(lambda: sink.seen["connect", ""] > CONNECTIONS * WORKERS, "both workers have tried", DONE_SECONDS)
        assert running.post(alert(TEXT + "\n体育館に集まってください。\n"))[0] == 250
        time.sleep(0.5)
        sink.rule = None
        first = running.audit.wait_for("alert:relayed", seconds=LONGEST_REST_SECONDS)
        running.audit.wait_for("alert:relayed", after=first["seq"], seconds=LONGEST_REST_SECONDS)
        assert set(copies(sink).values()) == {2}
        assert len(copies(sink)) == SUBSCRIBERS


def nothing_gets_in(stage: Stage, about: str, n: int) -> str | None:
    return "421 4.3.2 closed for today" if stage == "connect" else None


def test_a_standstill_is_told_over_the_second_path(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "impatient"))
    rule: Rule = nothing_gets_in
    with Sink(rule=rule) as blocked, Sink() as second:
        running = start(second, smarthost=blocked.url, fallback=second.url)
        assert running.post(alert(TEXT))[0] == 250
        detail = running.audit.wait_for("alert:stalled", seconds=DONE_SECONDS)["detail"]
        letters = running.await_mail(BOARD, 1) + running.await_mail(ADMIN, 1)
    assert (detail["matched"], detail["relayed"]) == (SUBSCRIBERS, 0)
    assert all("電話連絡網" in letter.text and f"{SUBSCRIBERS}" in letter.text.replace(",", "") for letter in letters)
    assert len(second.received) == 2
