"""`mimamori demo`: it holds, it is quick, it tells its story, and it leaves nothing behind."""

import asyncio
import os
import pty
import re
import resource
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.demo import tour
from gateway.demo.stage import Stage
from gateway.demo.telling import Teller
from tests.e2e.town import ROOT, mimamori

MOST_SECONDS = 15
WAITING_SECONDS = 2  # refusals have a floor of one second each
ESCAPE = "\x1b["


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A read-only folder to stand in, and beside it one for temporary files."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "stands").mkdir(mode=0o555)
    yield tmp_path / "stands"
    assert list((tmp_path / "temporary").iterdir()) == []
    assert list((tmp_path / "stands").iterdir()) == []
    until_gone(str(tmp_path))


def environment(place: Path) -> dict[str, str]:
    chosen = {"TMPDIR": str(place.parent / "temporary"), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **chosen, "TERM": "xterm", "HOME": str(place)}


def until_gone(word: str) -> None:
    """No process whose command line has this word is left, at once or very soon."""
    until = time.monotonic() + 2
    while (left := [path for path in Path("/proc").glob("[0-9]*/cmdline") if word in _read(path)]) != []:
        assert time.monotonic() < until, left
        time.sleep(0.05)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_every_step_holds_within_15_seconds_and_nothing_is_left_behind(place: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(
        mimamori("demo"), cwd=place, env=environment(place), capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stderr == ""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Not the time on the clock: the machine may be busy with other tests.
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert worked + WAITING_SECONDS < MOST_SECONDS
    steps = [int(number) for number in re.findall(r"^【(\d+)】", ran.stdout, re.MULTILINE)]
    assert steps == list(range(1, 9))
    assert "✗" not in ran.stdout
    assert ran.stdout.count("✓") >= len(steps)
    assert ESCAPE not in ran.stdout
    for shown in ("550 5.7.1", "地区：富雄", "cause=no-signature", "[不審者情報][富雄] 下校時の声かけ"):
        assert shown in ran.stdout


def test_a_terminal_gets_colours_and_an_interrupted_tour_cleans_up(place: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(mimamori("demo"), cwd=place, env=environment(place), stdout=theirs, stderr=theirs)
    os.close(theirs)
    told = b""
    try:
        while "【2】".encode() not in told:
            assert select.select([ours], [], [], 20)[0], "the terminal stays silent"
            told += os.read(ours, 65_536)
        process.send_signal(signal.SIGTERM)
        while select.select([ours], [], [], 20)[0]:
            try:
                told += os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
        assert process.wait(10) == 1
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    assert ESCAPE in told.decode(errors="replace")
    assert "中断されました / interrupted" in told.decode(errors="replace")
    assert "Traceback" not in told.decode(errors="replace")


def test_a_step_that_does_not_hold_is_named_and_the_exit_code_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    async def story(stage: Stage, teller: Teller) -> None:
        teller.begin("空を飛ぶ", "To fly")
        teller.held(False, "飛べた", "we fly")

    assert asyncio.run(tour(Teller(), story)) == 1
    told = capsys.readouterr().out
    assert "✗ 飛べた / we fly" in told
    assert "stopped at step 1 空を飛ぶ / To fly" in told
    assert "Every step held" not in told
