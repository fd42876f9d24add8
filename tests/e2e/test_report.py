"""`mimamori report` of a town with some life in it: every number agrees with the audit log (protocol 8.7)."""

import json
import sqlite3
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from gateway.cli import main
from tests.e2e.conftest import Start
from tests.e2e.town import SCHOOL, Gateway, alert, run, until

PEOPLE = [f"parent{number}@family.example" for number in range(9)]


def post(town: Gateway, text: str, author: str | None = None) -> tuple[int, str]:
    return town.post(alert(text, author), author) if author else town.post(alert(text))


@pytest.fixture
def lively(gateway: Start) -> Gateway:
    """Residents come, change and leave; staff post, rightly and wrongly; strangers try."""
    town = gateway()
    for number, person in enumerate(PEOPLE):
        town.subscribe(person, "浜手" if number < 6 else "山手、中島")
    town.subscribe(PEOPLE[0], "駅前")  # adds to what they have
    for person in PEOPLE[:2]:
        count = len(town.arrived(person))
        town.write(person, town.ours("unsubscribe"))
        town.reply(town.await_mail(person, count + 1)[count])
        town.await_mail(person, count + 2)
    town.command("subscribers", "forget", PEOPLE[8], "--yes")
    town.write("nobody@family.example", town.ours("subscribe"))  # asks for a form, and lets it be
    assert post(town, "地区：浜手\n区分：台風\n\n風が強まります。\n")[0] == 250
    assert post(town, "地区：全域\n区分：迷子\n\n迷子です。\n")[0] == 250
    assert post(town, "地区：浜手\n区分：声かけ\n\n声かけがありました。\n")[0] == 250  # without consent
    assert post(town, "地区：浜手\n区分：台風\n\n風です。\n", SCHOOL)[0] == 250  # outside its scope
    assert town.send(b"From: x@evil.example\r\nSubject: x\r\n\r\nx\r\n", town.ours("alert"), "x@evil.example")[0] == 550
    until(lambda: sum(one["event"] == "alert:relayed" for one in town.audit.entries) == 2, "two alerts relayed")
    return town


def test_8_7_every_number_agrees_with_the_audit_log(lively: Gateway) -> None:
    told: dict[str, Any] = lively.json("report")
    entries = lively.audit.entries
    events = Counter(entry["event"] for entry in entries)
    assert told["events"] == dict(events)
    assert told["audit"]["entries"] == len(entries)
    assert told["audit"]["whole"]

    joined = {entry["subject"] for entry in entries if entry["event"] == "subscribe:confirmed"}
    left = {entry["subject"] for entry in entries if entry["event"] == "unsubscribe:done"} & joined
    erased = {entry["subject"] for entry in entries if entry["event"] == "subscriber:forgotten"} & joined
    months = told["registrations"]["months"].values()
    assert [sum(month[move] for month in months) for move in ("joined", "added", "left", "forgotten")] == [
        len(joined),
        events["subscribe:confirmed"] - len(joined),
        len(left),
        len(erased),
    ]
    assert (len(joined), len(left), len(erased)) == (9, 2, 1)
    assert told["registrations"]["agrees_with_audit"]
    years = told["registrations"]["years"]
    assert years
    assert set(years.values()) == {len(joined - left - erased)}

    ended = [entry["detail"] for entry in entries if entry["event"] == "alert:relayed"]
    rows = told["alerts"]["categories"].values()
    for name in ("matched", "relayed", "failed", "waiting"):
        assert sum(row[name] for row in rows) == sum(detail[name] for detail in ended)
    assert sum(told["alerts"]["months"].values()) == events["alert:accepted"] == 2
    causes = Counter((entry["event"], entry["detail"]["cause"]) for entry in entries if "cause" in entry["detail"])
    assert {(row["event"], row["cause"]): row["count"] for row in told["refusals"]} == dict(causes)
    assert {"no-victim-consent", "district-scope"} <= {row["cause"] for row in told["refusals"]}


def test_8_7_districts_of_few_are_told_together(lively: Gateway) -> None:
    districts = lively.json("report")["districts"]
    years = len(lively.json("subscribers", "count")["years"])
    if years == 1:
        assert districts["counts"] == {}
        assert districts["together"] == {"codes": ["hama", "yama", "shima", "eki"], "count": 8, "under": 5}
    assert all(count == 0 or count >= 5 for count in districts["counts"].values())


def test_8_7_text_and_pdf_say_the_same_and_no_address(lively: Gateway, tmp_path: Path) -> None:
    text_file, pdf_file = tmp_path / "report.txt", tmp_path / "report.pdf"
    lively.command("report", "-o", str(text_file))
    lively.command("report", "-o", str(pdf_file))
    assert stat.S_IMODE(pdf_file.stat().st_mode) == 0o600
    text = text_file.read_text("utf-8")
    document = pypdfium2.PdfDocument(pdf_file.read_bytes())
    printed = "".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    told = lively.json("report")
    for event, count in told["events"].items():
        assert event in printed
        assert any(event in line and line.endswith(f" {count}") for line in text.splitlines()), event
    for key in told["keys"]:
        assert key["id"] in text
        assert key["id"] in printed
    pseudonyms = {entry["subject"] for entry in lively.audit.entries if str(entry["subject"]).startswith("r-")}
    assert pseudonyms
    for secret in (*PEOPLE, SCHOOL, *pseudonyms):
        assert secret not in text
        assert secret not in printed
    assert "一致 / yes" in text


def test_8_7_other_days_have_other_numbers_and_the_same_people(lively: Gateway) -> None:
    told = json.loads(lively.command("report", "--since", "2020-04-01", "--until", "2021-03-31", "--json"))
    assert told["events"] == {}
    assert told["alerts"]["categories"] == {}
    assert told["registrations"]["active"] == lively.json("subscribers", "count")["active"]
    year = json.loads(lively.command("report", "--year", "2019", "--json"))
    assert year["period"] == {"first": "2019-04-01", "last": "2020-03-31"}


def test_8_7_a_register_that_was_tampered_with_is_told(lively: Gateway) -> None:
    lively.stop()
    with sqlite3.connect(lively.config.parent / "var" / "mimamori.db") as register:
        register.execute("PRAGMA foreign_keys=ON")
        register.execute("DELETE FROM subscription WHERE id = (SELECT min(id) FROM subscription)")
    register.close()
    assert not lively.json("report")["registrations"]["agrees_with_audit"]
    assert "不一致 / no" in lively.command("report")


@pytest.mark.parametrize(
    "words",
    [
        ("-o", "x.doc"),
        ("-o", "/nonexistent/x.pdf"),
        ("--since", "yesterday"),
        ("--since", "2026-05-02", "--until", "2026-05-01"),
        ("--year", "2026", "--since", "2026-05-01"),
    ],
)
def test_8_7_misuse_is_told_with_the_remedy(gateway: Start, words: tuple[str, ...]) -> None:
    town = gateway()
    ended = run("report", *words, "--config", str(town.config))
    assert ended.returncode == 2
    assert ended.stderr.startswith("mimamori: ")


def test_8_7_before_the_first_start_there_is_nothing_to_report(tmp_path: Path) -> None:
    assert main(["init", str(tmp_path / "town")]) == 0
    ended = run("report", "--config", str(tmp_path / "town" / "config.toml"))
    assert ended.returncode == 1
    assert "run `mimamori serve` once" in ended.stderr
