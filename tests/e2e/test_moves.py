"""`mimamori districts rename|merge` beside a running server: everybody is reached before, meanwhile and after (8.5)."""

import json
from pathlib import Path

import pytest

from gateway.administration.client import administer
from gateway.cli import main
from gateway.config import load
from tests.e2e.conftest import Start
from tests.e2e.town import Gateway, alert, run, until

PEOPLE = [f"parent{number}@family.example" for number in range(4)]
STORM = "地区：{}\n区分：台風\n\n風が強まります。\n"


def codes(town: Gateway) -> list[str]:
    return [row["code"] for row in town.json("districts", "list")]


def post(town: Gateway, district: str) -> None:
    assert town.post(alert(STORM.format(district)))[0] == 250


def test_8_5_a_renamed_district_takes_its_people_requests_and_posters_along(gateway: Start) -> None:
    town = gateway()
    for person in PEOPLE[:2]:
        town.subscribe(person, "浜手")
    assert town.write(PEOPLE[2], town.ours("subscribe"), "地区：浜手、山手\n同意：はい\n")[0] == 250
    (asked,) = town.await_mail(PEOPLE[2], 1)

    town.command("districts", "rename", "hama", "kita", "--name", "浜手北", "--yes")
    assert codes(town) == ["kita", "yama", "shima", "eki"]
    assert town.reply(asked, "はい")[0] == 250
    assert "浜手北" in town.await_mail(PEOPLE[2], 2)[1].text
    poster = town.ours("subscribe+hama")  # it hangs on the wall
    assert town.write(PEOPLE[3], poster, "同意：はい\n")[0] == 250
    assert town.reply(town.await_mail(PEOPLE[3], 1)[0], "はい")[0] == 250
    town.await_mail(PEOPLE[3], 2)
    post(town, "浜手")
    for person in PEOPLE:
        town.await_copies(person, 1)
    renamed = town.audit.wait_for("district:renamed")
    assert (renamed["subject"], renamed["detail"]) == (None, {"new": "kita", "old": "hama"})

    assert town.stop() == 0
    town.start()
    assert "done" in town.command("districts", "rename", "hama", "kita", "--yes")  # again does no harm
    count = len(town.arrived(PEOPLE[0]))
    assert town.write(PEOPLE[0], town.ours("status"))[0] == 250
    town.reply(town.await_mail(PEOPLE[0], count + 1)[count])
    assert "浜手北" in town.await_mail(PEOPLE[0], count + 2)[count + 1].text


def test_8_5_a_merger_waits_for_an_alert_that_is_its_peoples_alone(gateway: Start) -> None:
    held = {"now": True}
    town = gateway(
        rule=lambda stage, recipient, _n: (
            "451 4.2.1 later" if stage == "rcpt" and recipient == PEOPLE[1] and held["now"] else None
        )
    )
    for person, district in zip(PEOPLE, ("浜手", "浜手", "山手", "浜手、山手"), strict=True):
        held["now"] = False
        town.subscribe(person, district)
    held["now"] = True
    post(town, "浜手")
    town.await_copies(PEOPLE[3], 1)

    told = town.command("districts", "merge", "浜手", "山手", "--yes")
    assert "2026-0001" in told or "-0001" in told
    assert codes(town) == ["yama", "shima", "eki"]
    post(town, "山手")  # everybody's from now on
    town.await_copies(PEOPLE[2], 1)
    town.await_copies(PEOPLE[0], 2)
    held["now"] = False
    town.await_copies(PEOPLE[1], 2)
    town.audit.wait_for("district:merged")
    assert [len(town.copies(person)) for person in PEOPLE] == [2, 2, 1, 2]
    assert town.stop() == 0
    town.start()
    assert {row["code"]: row["registrations"] for row in town.json("districts", "list")}["yama"] == {"from": 0, "to": 4}
    post(town, "浜手")  # as people go on to say
    until(lambda: [len(town.copies(person)) for person in PEOPLE] == [3, 3, 2, 3], "a third alert to all")


def test_8_5_begun_and_not_written_the_server_starts_and_reaches_everybody(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PEOPLE[0], "浜手")
    settings = load(town.config)
    administer(settings, "districts begin", {"old": "hama", "new": "kita", "kind": "rename"})
    town.stop()
    town.start()
    post(town, "浜手")
    town.await_copies(PEOPLE[0], 1)
    assert "not finished" in refused(town.config, "districts", "merge", "yama", "eki", "--yes")
    town.command("districts", "rename", "hama", "kita", "--yes")
    town.audit.wait_for("district:renamed")
    assert codes(town)[0] == "kita"


def test_8_5_written_and_not_carried_the_server_goes_on_by_itself(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PEOPLE[0], "浜手")
    administer(load(town.config), "districts begin", {"old": "hama", "new": "kita", "kind": "rename"})
    town.stop()
    town.config.write_text(town.config.read_text("utf-8").replace('"hama"', '"kita"'), "utf-8")
    town.start()
    town.audit.wait_for("district:renamed")
    post(town, "浜手")
    town.await_copies(PEOPLE[0], 1)


def test_8_5_a_district_that_is_gone_from_the_list_can_still_be_merged(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PEOPLE[0], "浜手")
    town.stop()
    text = town.config.read_text("utf-8")
    start = text.index('[[districts]]\ncode = "hama"')
    town.config.write_text(text[:start] + text[text.index("[[districts]]", start + 5) :], "utf-8")
    stopped = run("serve", "--config", str(town.config))
    assert stopped.returncode == 1
    assert "districts merge" in stopped.stderr
    town.command("districts", "merge", "hama", "yama", "--yes")
    town.start()
    post(town, "山手")
    town.await_copies(PEOPLE[0], 1)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("rename", "hama", "yama"), 2),  # another one has it
        (("rename", "hama", "UPPER CASE"), 2),
        (("rename", "nowhere", "kita"), 1),
        (("merge", "hama", "nowhere"), 1),
        (("merge", "hama", "浜手"), 0),  # the same one by two words: nothing to do
        (("merge", "hama", "hama"), 2),
    ],
)
def test_8_5_what_cannot_be_is_refused_and_nothing_is_written(
    gateway: Start, words: tuple[str, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    town = gateway()
    before = town.config.read_text("utf-8")
    assert main(["districts", *words, "--yes", "--config", str(town.config)]) == code
    assert town.config.read_text("utf-8") == before
    assert [entry["event"] for entry in town.audit.entries if entry["event"].startswith("district")] == []
    capsys.readouterr()


def refused(config: Path, *words: str) -> str:
    ended = run(*words, "--config", str(config))
    assert ended.returncode == 1, ended.stdout
    return ended.stderr


def test_8_5_without_a_terminal_it_wants_yes(gateway: Start) -> None:
    town = gateway()
    ended = run("districts", "rename", "hama", "kita", "--config", str(town.config))
    assert ended.returncode == 2
    assert "--yes" in ended.stderr
    assert json.loads(town.command("districts", "list", "--json"))[0]["code"] == "hama"
