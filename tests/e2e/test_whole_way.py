"""The main way from end to end: residents register, staff post, each gets one copy, and leaves when they like."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import starter
from tests.e2e.town import BOARD, DOMAIN, SCHOOL, Arrived, Gateway, alert, counted, this_year

HAMA, YAMA, BOTH, ELSEWHERE = (f"{name}@family.test" for name in ("hama", "yama", "both", "elsewhere"))
RESIDENTS = (HAMA, YAMA, BOTH, ELSEWHERE)
STORM = """\
地区：浜手、山手
区分：台風・警報

台風が近づいています。本日の授業は正午で終わります。
"""
APPROACH = """\
District: yama
Category: approach
Victim-Consent: yes
Expires: 120

本日15時ごろ、山手公園で声かけがありました。
--\x20
教育委員会 山田 内線 1234
"""
MOST_LINES = 25
TOKEN = r"[a-z0-9]{20,}"


@dataclass
class Story:
    """What happened in the town, kept for all tests of this file, none of which changes it."""

    gateway: Gateway
    first: dict[str, Arrived] = field(default_factory=dict)  # the copies of the storm
    receipts: list[Arrived] = field(default_factory=list)  # what the board got
    audit: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Four register; a storm; one leaves; then something in the hills."""
    with ExitStack() as stack:
        gateway = starter(stack, tmp_path_factory.mktemp("story"))()
        told = Story(gateway)
        for address, districts in ((HAMA, "浜手"), (YAMA, "山手"), (BOTH, "浜手、やまて"), (ELSEWHERE, "駅前")):
            gateway.subscribe(address, districts)

        assert gateway.post(alert(STORM, subject="Re: 正午で下校")) == (250, "2.0.0 accepted")
        first = gateway.audit.wait_for("alert:relayed")["seq"]
        told.first = {address: gateway.copies(address)[0] for address in (HAMA, YAMA, BOTH)}

        assert gateway.send(b"", told.first[BOTH].leave, BOTH)[0] == 250
        gateway.audit.wait_for("unsubscribe:done")

        assert gateway.post(alert(APPROACH, subject="声かけ"))[0] == 250
        gateway.audit.wait_for("alert:relayed", after=first)
        told.receipts = gateway.await_mail(BOARD, 4)
        gateway.await_mail(BOTH, 4)
        told.audit = list(gateway.audit.entries)
        yield told


def test_each_resident_of_the_districts_gets_exactly_one_copy(story: Story) -> None:
    counts = {address: len(story.gateway.copies(address)) for address in RESIDENTS}
    assert counts == {HAMA: 1, YAMA: 2, BOTH: 1, ELSEWHERE: 0}


def test_every_copy_has_a_return_path_a_leave_token_and_a_message_id_of_its_own(story: Story) -> None:
    copies = story.first.values()
    assert all(re.fullmatch(rf"bounce\+{TOKEN}@{DOMAIN}", copy.sender) for copy in copies)
    assert all(re.fullmatch(rf"leave\+{TOKEN}@{DOMAIN}", copy.leave) for copy in copies)
    assert all(re.fullmatch(rf"<[0-9a-f]+@{DOMAIN}>", copy.mail["Message-ID"]) for copy in copies)
    for names in zip(*((copy.sender, copy.leave, copy.mail["Message-ID"]) for copy in copies), strict=True):
        assert len(set(names)) == len(names)


def test_a_copy_has_the_headers_of_a_list_and_names_nobody_else(story: Story) -> None:
    copy = story.first[HAMA]
    mail = copy.mail
    assert str(mail["From"]) == f"みなと市教育委員会 <help@{DOMAIN}>"
    assert str(mail["To"]) == HAMA
    assert str(mail["Subject"]) == "[台風・警報][浜手・山手] 正午で下校"
    assert f"<alerts.{DOMAIN}>" in str(mail["List-Id"])
    expected = {
        "List-Post": "NO",
        "List-Help": f"<mailto:help@{DOMAIN}>",
        "Auto-Submitted": "auto-generated",
        "Precedence": "list",
        "X-Auto-Response-Suppress": "All",
    }
    assert {name: str(mail[name]) for name in expected} == expected
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"
    assert "Cc" not in mail
    assert all(other.encode() not in copy.raw for other in (BOARD, YAMA, BOTH))


def test_a_copy_holds_the_text_without_field_lines_and_a_footer_that_says_how_to_leave(story: Story) -> None:
    text, _, footer = story.first[BOTH].text.partition("\n-- \n")
    assert text.strip() == "台風が近づいています。本日の授業は正午で終わります。"
    assert f"unsubscribe@{DOMAIN}" in footer
    assert f"{this_year()}-0001" in footer
    assert "leave+" not in story.first[BOTH].text


def test_the_authors_signature_and_declaration_of_consent_are_not_relayed(story: Story) -> None:
    text = story.gateway.copies(YAMA)[1].text
    assert text.startswith("本日15時ごろ、山手公園で声かけがありました。\n")
    assert "内線" not in text
    assert "Consent" not in text
    accepted = [entry for entry in story.audit if entry["event"] == "alert:accepted"]
    assert [entry["detail"]["victim_consent"] for entry in accepted] == [False, True]
    assert [entry["detail"]["author"] for entry in accepted] == ["board", "board"]


def test_who_left_by_the_token_gets_a_goodbye_and_no_further_alert(story: Story) -> None:
    *_, copy, goodbye = story.gateway.arrived(BOTH)
    assert copy.is_copy
    assert "解除" in goodbye.subject
    assert f"subscribe@{DOMAIN}" in goodbye.text


def test_a_leave_token_stays_good_after_the_row_is_gone_and_changes_nothing(story: Story) -> None:
    before = len(story.gateway.arrived(BOTH))
    last = story.gateway.audit.last
    assert story.gateway.send(b"Subject: again\r\n\r\n", story.first[BOTH].leave, BOTH)[0] == 250
    assert story.gateway.audit.wait_for("mail:ignored", after=last)["detail"]["cause"] == "erased"
    assert len(story.gateway.arrived(BOTH)) == before


def test_the_author_gets_a_receipt_with_number_and_counts_and_a_report(story: Story) -> None:
    subjects = "\n".join(letter.subject for letter in story.receipts)
    assert subjects.count(f"{this_year()}-0001") == subjects.count(f"{this_year()}-0002") == 2
    assert subjects.count("配信結果") == 2
    text = next(letter.text for letter in story.receipts if "0001 を配信" in letter.subject)
    assert "宛先：5未満" in text  # 5.6
    assert "浜手、山手" in text


def test_letters_have_at_most_25_lines_a_return_path_of_their_own_and_say_what_they_answer(story: Story) -> None:
    letters = [one for address in (*RESIDENTS, BOARD) for one in story.gateway.arrived(address) if not one.is_copy]
    assert len(letters) >= 12
    assert max(letter.lines for letter in letters) <= MOST_LINES
    for letter in letters:
        assert re.fullmatch(rf"bounce\+{TOKEN}@{DOMAIN}", letter.sender)
        assert letter.mail["Auto-Submitted"] == "auto-replied"
        assert str(letter.mail["To"]) == letter.recipient
    confirm = story.gateway.arrived(HAMA)[0]
    assert re.search(rf"<confirm\+{TOKEN}@{DOMAIN}>", str(confirm.mail["From"]))
    assert re.search(rf"confirm\+{TOKEN}@{DOMAIN}", str(confirm.mail["Reply-To"]))
    assert confirm.mail["In-Reply-To"].endswith("@family.test>")
    assert "http" not in confirm.text


def test_the_audit_names_districts_of_alerts_and_never_those_of_residents(story: Story) -> None:
    for entry in story.audit:
        assert set(entry) == {"seq", "at", "event", "mail", "subject", "detail"}
        assert datetime.fromisoformat(entry["at"]).tzinfo is not None
        about_resident = str(entry["subject"]).startswith("r-")
        words = json.dumps(entry, ensure_ascii=False)
        assert not about_resident or not re.search("hama|yama|eki|浜手|山手|駅前", words)
    assert [entry["seq"] for entry in story.audit] == list(range(1, len(story.audit) + 1))
    accepted = next(entry for entry in story.audit if entry["event"] == "alert:accepted")
    assert accepted["detail"]["districts"] == ["hama", "yama"]
    pseudonyms = {entry["subject"] for entry in story.audit if entry["event"] == "subscribe:confirmed"}
    assert len(pseudonyms) == 4
    left = next(entry for entry in story.audit if entry["event"] == "unsubscribe:done")
    assert left["subject"] in pseudonyms


def test_the_commands_tell_the_same_in_json(story: Story) -> None:
    gateway, year = story.gateway, this_year()
    assert gateway.json("subscribers", "count") == counted(active=3)
    newest, oldest = gateway.json("alerts", "list")
    facts = {
        "number": f"{year}-0001", "state": "relayed", "author": "board", "organisation": "みなと市教育委員会",
        "category": "storm", "districts": ["hama", "yama"], "matched": 3, "relayed": 3, "failed": 0, "waiting": 0,
    }  # fmt: skip
    assert facts.items() <= oldest.items()
    assert (newest["number"], newest["category"], newest["matched"]) == (f"{year}-0002", "approach", 1)
    times = [datetime.fromisoformat(oldest[name]) for name in ("accepted_at", "finished_at", "expires_at")]
    assert times == sorted(times)
    assert oldest.items() <= gateway.json("alerts", "show", f"{year}-0001").items()
    queue = gateway.json("queue")
    assert (queue["letters"], queue["letters_waiting"], queue["alerts"]) == (0, [], [])
    gateway.command("alerts", "show", f"{year}-0099", code=1)


def test_explain_tells_what_would_happen_and_writes_nothing(story: Story, tmp_path: Path) -> None:
    gateway = story.gateway
    last, before = gateway.audit.last, len(gateway.sink.received)
    file = tmp_path / "mail.eml"
    file.write_bytes(alert("地区：山手\n区分：台風\n\n休校です。\n", SCHOOL))
    told = gateway.json("explain", str(file), "--to", f"alert@{DOMAIN}")
    assert set(told) == {"reply", "audit", "changes", "letters"}
    assert told["reply"] == "250 2.0.0 accepted"
    assert told["changes"] == ["SaveAlert"]
    assert [event["event"] for event in told["audit"]] == ["alert:accepted"]
    assert told["audit"][0]["detail"]["author"] == "yamate"

    file.write_bytes(alert("地区：浜手\n区分：台風\n\n休校です。\n", SCHOOL))
    told = gateway.json("explain", str(file), "--to", f"alert@{DOMAIN}")
    assert [event["detail"]["cause"] for event in told["audit"]] == ["district-scope"]
    assert told["changes"] == []
    assert (gateway.audit.last, len(gateway.sink.received)) == (last, before)
