"""What is kept of a person: told to them in full (4.4), and erased on the administrator's word (4.6)."""

import json

import pytest

from tests.e2e.conftest import Start
from tests.e2e.town import SCHOOL, Gateway, run

PARENT, OTHER = "parent@family.example", "other@family.example"


def told(town: Gateway, address: str) -> str:
    """The answer to status@, asked and confirmed."""
    count = len(town.arrived(address))
    assert town.write(address, town.ours("status"))[0] == 250
    assert town.reply(town.await_mail(address, count + 1)[count])[0] == 250
    return town.await_mail(address, count + 2)[count + 1].text


def test_4_4_everything_that_is_held_is_told(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PARENT, "浜手")
    assert town.write(PARENT, town.ours("change"), "地区：＋山手\n")[0] == 250
    town.await_mail(PARENT, 3)
    text = told(town, PARENT)
    (confirmed,) = [entry for entry in town.audit.entries if entry["event"] == "subscribe:confirmed"]
    assert "浜手" in text
    assert confirmed["subject"] in text
    assert "返信を待っているお申し込み：変更" in text
    assert "停止中" not in text


def test_4_4_who_has_only_asked_is_told_that(gateway: Start) -> None:
    town = gateway()
    assert town.write(OTHER, town.ours("subscribe"), "地区：浜手\n同意：はい\n")[0] == 250
    town.await_mail(OTHER, 1)
    text = told(town, OTHER)
    assert "登録はありません" in text
    assert "返信を待っているお申し込み：登録" in text


def test_4_6_forgetting_erases_rows_requests_and_letters_and_nobody_elses(gateway: Start) -> None:
    def full(stage: str, recipient: str, _n: int) -> str | None:
        return "451 4.2.2 later" if stage == "rcpt" and town.audit.last > 4 and recipient == PARENT else None

    town = gateway(rule=lambda stage, recipient, n: full(stage, recipient, n))
    town.subscribe(PARENT, "浜手")
    town.subscribe(OTHER, "浜手")
    assert town.write(PARENT, town.ours("change"), "地区：＋山手\n")[0] == 250
    town.audit.wait_for("change:pending")
    (mine,) = {e["subject"] for e in town.audit.entries if e["event"] == "change:pending"}

    gone = json.loads(town.command("subscribers", "forget", PARENT, "--yes", "--json"))
    assert gone["years"]
    assert gone["requests"] == 2
    assert gone["letters"] == 1
    assert not gone["staff"]
    forgotten = town.audit.wait_for("subscriber:forgotten")
    assert forgotten["subject"] == mine
    assert town.json("queue")["letters"] == 0
    assert town.json("subscribers", "count")["active"] == len(gone["years"])
    again = town.command("subscribers", "forget", PARENT.upper(), "--yes")
    assert "nothing was kept" in again
    assert town.audit.wait_for("subscriber:forgotten", after=forgotten["seq"])["subject"] is None


def test_4_6_staff_are_told_apart_from_residents(gateway: Start) -> None:
    town = gateway()
    town.subscribe(SCHOOL, "山手")
    assert "still enrolled as staff" in town.command("subscribers", "forget", SCHOOL, "--yes")
    assert town.json("subscribers", "count")["active"] == 0


@pytest.mark.parametrize(("words", "code"), [(("--yes", "not an address"), 1), ((PARENT,), 2)])
def test_4_6_what_is_no_address_or_not_confirmed_is_refused(gateway: Start, words: tuple[str, ...], code: int) -> None:
    town = gateway()
    ended = run("subscribers", "forget", *words, "--config", str(town.config))
    assert ended.returncode == code, ended.stdout
    assert PARENT not in ended.stdout + ended.stderr
    assert [entry for entry in town.audit.entries if entry["event"] == "subscriber:forgotten"] == []
