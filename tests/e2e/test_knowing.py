"""Knowing how an alert fares: `alerts show`, its pictures, `alerts who` and `queue`, beside a running gateway."""

import io
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.e2e.conftest import end
from tests.e2e.crowd import register
from tests.e2e.minato import BOARD, settings, write_settings
from tests.e2e.town import ROOT, Gateway, alert, mimamori, until
from tests.fakes.sink import Sink, Stage

HAMA = [(f"hama{number}@family.test", ["hama"]) for number in range(23)]
YAMA = [(f"yama{number}@family.test", ["yama", "hama"]) for number in range(3)]
EKI = [("eki@family.test", ["eki"]), *((f"shima{number}@family.test", ["shima"]) for number in range(12))]
REFUSED, DEFERRED = "hama7@family.test", "hama8@family.test"
STORM = "地区：浜手、山手\n区分：台風\n\n午後から雨と風が強くなります。\n"


def rule(stage: Stage, recipient: str, n: int) -> str | None:
    if stage != "rcpt":
        return None
    return {REFUSED: "550 5.1.1 nobody here", DEFERRED: "451 4.2.0 not now"}.get(recipient)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that has sent one alert; one copy was refused, and one is put off for an hour."""
    with ExitStack() as stack:
        sink = stack.enter_context(Sink(rule=rule))
        chosen = settings(sink.url)
        chosen["relay"] |= {"retry_first_seconds": 3_600, "retry_most_seconds": 3_600}
        config = write_settings(tmp_path_factory.mktemp("knowing") / "town", chosen)
        register(config, HAMA + YAMA + EKI)
        running = Gateway(config, sink)
        running.start()
        stack.callback(end, running)
        assert running.post(alert(STORM))[0] == 250
        until(lambda: shown(running)["waiting"] == 1 and shown(running)["relayed"] == 24, "24 copies")
        yield running


def shown(running: Gateway) -> dict[str, Any]:
    """The alert of the story."""
    *_, oldest = running.json("alerts", "list")
    found: dict[str, Any] = running.json("alerts", "show", oldest["number"])
    return found


def number(running: Gateway) -> str:
    return str(shown(running)["number"])


# --- alerts show --------------------------------------------------------------------------------


def test_11_1_show_tells_districts_in_fives_and_who_refused(story: Gateway) -> None:
    found = shown(story)
    assert (found["state"], found["matched"], found["failed"]) == ("relaying", 26, 1)
    assert found["by_district"] == [
        {
            "district": "hama",
            "matched": {"from": 25, "to": 29},
            "relayed": {"from": 20, "to": 24},
            "failed": {"from": 0, "to": 4},
        },
        {
            "district": "yama",
            "matched": {"from": 0, "to": 4},
            "relayed": {"from": 0, "to": 4},
            "failed": {"from": 0, "to": 0},
        },
    ]
    assert found["refusals"] == {"550": 1}
    assert (found["released_by"], found["follows"], found["follow_ups"]) == (None, None, [])


def test_11_1_show_tells_how_long_it_took_and_the_copies_over_time(story: Gateway) -> None:
    found = shown(story)
    assert found["curve"][-1][1] == 24
    assert found["seconds_to"]["50"] >= 0
    assert found["seconds_to"]["100"] is None  # of 26


def test_11_1_show_draws_bars_and_a_curve_for_people(story: Gateway) -> None:
    text = story.command("alerts", "show", number(story))
    assert re.search(r"浜手 +█+░* +20-24 +25-29", text)
    assert re.search(r"山手 +█+ +5未満 +5未満 +0\b", text)
    assert "配信数の推移 / copies over time" in text
    assert re.search(r"^26 ┤", text, re.MULTILINE)
    assert "@" not in text


def test_11_1_without_the_keys_the_totals_are_told_all_the_same(
    story: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    kek = story.config.parent / "keys" / "kek"
    kek.rename(kek.with_suffix(".away"))
    try:
        found = shown(story)
    finally:
        kek.with_suffix(".away").rename(kek)
    assert (found["relayed"], found["by_district"]) == (24, [])
    assert "totals only" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "begins"), [("c.svg", b"<?xml"), ("c.png", b"\x89PNG"), ("c.PDF", b"%PDF")])
def test_11_1_the_chart_is_a_sheet_to_file(story: Gateway, tmp_path: Path, name: str, begins: bytes) -> None:
    story.command("alerts", "show", number(story), "--chart", str(tmp_path / name))
    written = (tmp_path / name).read_bytes()
    assert written.startswith(begins)
    if name.endswith(".png"):
        with Image.open(io.BytesIO(written)) as picture:
            colours = {colour for _, colour in picture.getcolors(1 << 24) or ()}
        assert (0x1F, 0x6F, 0x8B) in colours


def test_11_1_a_chart_of_an_unknown_format_is_misuse(story: Gateway, tmp_path: Path) -> None:
    story.command("alerts", "show", number(story), "--chart", str(tmp_path / "c.gif"), code=2)
    story.command("alerts", "show", "2026-9999", code=1)


def test_5_6_the_author_is_told_districts_and_times_when_all_is_done(story: Gateway) -> None:
    seen = len(story.arrived(BOARD))
    assert story.post(alert("地区：中島、駅前\n区分：迷子\n\n赤い帽子の男の子です。\n"))[0] == 250
    until(lambda: any("配信結果" in letter.subject for letter in story.arrived(BOARD)[seen:]), "the report")
    (report,) = (letter for letter in story.arrived(BOARD)[seen:] if "配信結果" in letter.subject)
    assert re.search(r"^かかった時間：半数まで \d+秒、95%まで \d+秒、最後まで \d+秒$", report.text, re.MULTILINE)
    assert "中島 10件" in report.text
    assert "駅前 （それぞれ5未満）" in report.text


# --- alerts who ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "lot", "code"),
    [
        ("hama1@family.test", "relayed", None),
        ("HAMA1@Family.Test", "relayed", None),
        (REFUSED, "refused", 550),
        (DEFERRED, "waiting", 451),
        ("eki@family.test", "not-matched", None),
        ("nobody@family.test", "not-registered", None),
    ],
)
def test_11_2_who_tells_what_became_of_one_copy(story: Gateway, address: str, lot: str, code: int | None) -> None:
    found = story.json("alerts", "who", number(story), address)
    assert (found["lot"], found["code"]) == (lot, code)


def test_11_2_that_somebody_asked_is_audited_without_the_address_and_the_answer(story: Gateway) -> None:
    before, name = story.audit.last, number(story)
    story.command("alerts", "who", name, "hama2@family.test")
    story.command("alerts", "who", name, "stranger@family.test")
    known, unknown = (entry for entry in story.audit.entries[before:] if entry["event"] == "alert:asked")
    assert known["subject"].startswith("r-")
    assert unknown["subject"] is None
    assert known["detail"] == unknown["detail"] == {"alert": name}
    assert "family.test" not in json.dumps([known, unknown])


def test_11_2_who_reads_the_address_from_the_standard_input(story: Gateway) -> None:
    words = mimamori("alerts", "who", number(story), "-", "--json", "--config", str(story.config))
    ended = subprocess.run(
        words, cwd=ROOT, input="hama3@family.test\n", capture_output=True, text=True, timeout=60, check=False
    )
    assert json.loads(ended.stdout)["lot"] == "relayed"


def test_11_2_who_says_no_to_nonsense_and_to_an_unknown_alert(
    story: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    story.command("alerts", "who", number(story), "nonsense", code=1)
    story.command("alerts", "who", "2026-9999", "hama1@family.test", code=1)
    said = capsys.readouterr().err
    assert "not a mail address" in said
    assert "hama1" not in said


# --- queue --------------------------------------------------------------------------------------


def test_11_3_the_queue_tells_letters_chunks_and_the_next_try(story: Gateway) -> None:
    waiting = story.json("queue")
    (running,) = waiting["alerts"]
    assert (running["relayed"], running["to_send"], running["waiting"]) == (24, 1, 1)
    assert running["chunks"] == {"open": 1, "leased": 0, "deferred": 1}
    assert running["next_try"] > waiting["at"]
    text = story.command("queue")
    assert re.search(rf"{running['number']} +█+░+ +24 +1 +1 +1 / 0 / 1 +\d+ 分", text)


def test_11_3_the_queue_goes_on_until_it_is_interrupted_and_is_plain_without_a_terminal(story: Gateway) -> None:
    words = mimamori("queue", "-f", "--json", "--config", str(story.config))
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first, second = (json.loads(process.stdout.readline()) for _ in range(2))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    assert first["at"] < second["at"]
