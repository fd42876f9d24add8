"""`mimamori districts list|import` as a clerk uses it: beside a running server, and what residents may write then."""

import contextlib
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import main
from tests.e2e.conftest import Start
from tests.e2e.town import ROOT, mimamori, run, settings, write_settings

SHEET = """\
名称,よみがな,別名,学校,備考
浜手,はまて,浜辺,浜手小学校・汐見こども園,本庁
山手,やまて,山の手,,
中島,なかじま,,,
駅前,えきまえ,,,
東浜,ひがしはま,,,来年度から
"""


def sheet(town: Path, text: str = SHEET, encoding: str = "cp932") -> str:
    file = town.parent / "list.csv"
    file.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return str(file)


def imported(config: Path, *words: str, code: int = 0) -> tuple[str, str]:
    """What an import prints, and what it complains of; nobody sits at a terminal."""
    told, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(complained), Path(os.devnull).open() as nobody:
        before, sys.stdin = sys.stdin, nobody
        try:
            ended = main(["districts", "import", *words, "--config", str(config)])
        finally:
            sys.stdin = before
    assert ended == code, told.getvalue() + complained.getvalue()
    return told.getvalue(), complained.getvalue()


@pytest.fixture
def still(tmp_path: Path) -> Path:
    """The configuration of a town that was never started."""
    return write_settings(tmp_path / "town", settings("maildir:var/outbox", pinned=False))


def test_a_new_list_is_shown_written_and_taken_by_the_running_server(gateway: Start) -> None:
    town = gateway()
    town.subscribe("parent@family.example", "浜手")
    list_file = sheet(town.config)
    shown = imported(town.config, list_file, "--dry-run")[0]
    assert "Shift_JIS" in shown
    assert "備考" in shown
    assert "+ 追加 / added: 東浜 (higashihama)" in shown
    assert not (town.config.parent / "districts.toml").exists()

    assert "the running server has taken it" in imported(town.config, list_file, "--yes")[0]
    assert "nothing changes" in imported(town.config, list_file)[0]
    town.subscribe("second@family.example", "汐見こども園")
    town.subscribe("third@family.example", "東浜小学校区")
    rows = {row["code"]: row for row in town.json("districts", "list")}
    assert rows["hama"] == {
        "code": "hama",
        "name": "浜手",
        "kana": "はまて",
        "aliases": ["浜辺"],
        "schools": ["浜手小学校", "汐見こども園"],
        "registrations": {"from": 0, "to": 4},
    }
    table = town.command("districts", "list")
    assert "汐見こども園" in table
    assert table.count("5未満") == 5


def test_a_district_that_registrants_have_is_not_taken_away(gateway: Start) -> None:
    town = gateway()
    for number in range(6):
        town.subscribe(f"parent{number}@family.example", "浜手")  # a sixth makes no difference to what is told
    town.subscribe("other@family.example", "中島、駅前")
    list_file = sheet(town.config, "名称,よみがな\n山手,やまて\n駅前,えきまえ\n")
    before = town.config.read_text("utf-8")
    for _ in range(2):
        refused = imported(town.config, list_file, "--yes", code=1)[1]
        assert "浜手 (hama): 5 以上" in refused
        assert "中島 (shima): 5未満" in refused
        assert "駅前" not in refused
        assert "→" in refused
        assert imported(town.config, list_file, "--dry-run")[1] == refused
        town.stop()
    assert town.config.read_text("utf-8") == before
    assert not (town.config.parent / "districts.toml").exists()

    renamed = sheet(town.config, "コード,名称,よみがな\nhama,浜,はま\nshima,中島,\nyama,山手,\neki,駅前,\n")
    assert "renamed: 浜手 → 浜 (hama)" in imported(town.config, renamed, "--yes")[0]
    town.start()
    town.subscribe("late@family.example", "浜手小学校")


def test_without_a_terminal_nothing_is_written_unasked(still: Path) -> None:
    assert "--yes" in imported(still, sheet(still), code=2)[1]
    assert not (still.parent / "districts.toml").exists()


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_written(still: Path) -> None:
    list_file = sheet(still, "名称,よみがな,別名\n浜手,はまて,\n山手,浜手,浜手\n,えき,\n")
    for options in ((), ("--yes",), ("--dry-run",)):
        said = imported(still, list_file, *options, code=2)[1]
        assert [line.rpartition("list.csv:")[2].partition(":")[0] for line in said.splitlines()] == ["3", "3", "4"]
    assert not (still.parent / "districts.toml").exists()


def test_a_list_that_was_lost_is_written_anew(still: Path) -> None:
    text = "コード,名称\nhama,浜手\nyama,山手\nshima,中島\n"
    list_file = sheet(still, text, "utf-8-sig")
    imported(still, list_file, "--yes")
    (still.parent / "districts.toml").unlink()
    assert "no such file" in run("districts", "list", "--config", str(still)).stderr
    imported(still, list_file, "--yes")
    assert len(json.loads(run("districts", "list", "--json", "--config", str(still)).stdout)) == 3


@pytest.mark.parametrize(("typed", "code"), [(b"y\n", 0), (b"\n", 1), (b"n\n", 1), (b"\x04", 1)])
def test_on_a_terminal_it_asks(still: Path, typed: bytes, code: int) -> None:
    ours, theirs = pty.openpty()
    words = mimamori("districts", "import", sheet(still), "--config", str(still))
    with subprocess.Popen(words, cwd=ROOT, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        os.write(ours, typed)
        told = process.communicate(timeout=30)[0].decode()
    os.close(theirs)
    os.close(ours)
    assert process.returncode == code, told
    assert "[y/N]" in told
    assert (still.parent / "districts.toml").exists() == (code == 0)


def test_before_the_first_start_there_is_no_count(still: Path) -> None:
    rows = json.loads(run("districts", "list", "--json", "--config", str(still)).stdout)
    assert [row["registrations"] for row in rows] == [None] * 4
