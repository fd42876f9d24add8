"""release+TOKEN@ (protocol 1.3, 1.4, 5.5, 5.7): who may release, refuse and stop, and by which words."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.release import handle
from handlers.replies import ACCEPTED, NOT_ACCEPTED
from handlers.town import Town
from handlers.wishes import Answer, answer
from storage.records import (
    Address,
    Alert,
    AlertContent,
    AlertState,
    AuditEvent,
    Quota,
    ReleaseAlert,
    RememberKey,
    RequestKind,
    StopAlert,
)
from tests.fakes.reader import Facts
from tests.fakes.village import NOW, TEACHER, TOWN, alert, mail, posted, request

HEAD = Address("head@school.example")
SECONDED = replace(
    TOWN,
    staff=(
        *TOWN.staff,
        replace(TOWN.staff[0], id="head", address=HEAD, may_second=True),
        replace(TOWN.staff[1], id="far", address=Address("far@school.example"), may_second=True),
    ),
)
HELD = alert(state=AlertState.HELD)
SECOND = replace(HELD, release="second")


def reply(
    text: str | None, held: Alert = HELD, author: Address = TEACHER, holder: Address = TEACHER, town: Town = SECONDED,
    content: AlertContent | None = None, **other: Any,
) -> Outcome:  # fmt: skip
    facts = Facts(posted=[held], total=120, by_district={"tomio": 120})
    if content is not None:
        facts = replace(facts, content=content)
    claim = request(RequestKind.RELEASE, alert="2026-0042", address=holder)
    verdict = replace(posted(text, "Re: 確認待ち", author=author), claim=claim)
    letter = {"author": author.canonical, "sender": author.canonical} | other
    return handle(mail("release", text or "", tag="token", **letter), verdict, facts, town)


RELEASED = (ReleaseAlert(name="2026-0042", by="taro", expires_at=NOW + timedelta(minutes=240)),)


@pytest.mark.parametrize(
    "text",
    [
        "配信",
        "はい",
        "release",
        "YES",
        "配信してください。",
        "はい、配信をお願いします",
        "Release, please!",
        "配信\n-- \n富雄小学校",
    ],
)
def test_5_5_the_author_releases_with_a_releasing_word(text: str) -> None:
    outcome = reply(text)
    assert outcome.changes == RELEASED
    assert outcome.audit[0].event == "alert:released"
    assert [letter.to for letter in outcome.letters] == [TEACHER]
    assert re.search("2026-0042 (?:を配信しています|is being sent)", outcome.letters[0].subject)


@pytest.mark.parametrize(
    "text",
    ["", "ありがとう", "配信しないで", "配信は待って", "はい、でも少し待ってください", "了解", "no", "配信 取消"],
)
def test_5_5_anything_else_gets_a_letter_and_changes_nothing(text: str) -> None:
    outcome = reply(text)
    assert outcome.changes == ()
    assert outcome.audit == (AuditEvent(event="release:unclear", subject="2026-0042", detail={"by": "taro"}),)
    assert re.search("まだ送られていません|has NOT been sent", outcome.letters[0].subject)


def test_5_5_cancel_refuses_and_all_who_were_asked_hear_of_it() -> None:
    outcome = reply("取消", SECOND, author=HEAD, holder=HEAD)
    assert outcome.changes == (StopAlert(name="2026-0042"),)
    assert outcome.audit[0].event == "alert:withdrawn"
    assert [letter.to for letter in outcome.letters] == [HEAD, TEACHER]


def test_5_5_where_a_second_is_needed_the_author_cannot_release() -> None:
    outcome = reply("配信", SECOND)
    assert outcome.changes == ()
    assert outcome.audit[0].event == "release:not-yours"
    assert "別の職員の承認が必要" in outcome.letters[0].text


def test_5_5_the_second_person_releases_and_both_get_a_receipt() -> None:
    outcome = reply("配信", SECOND, author=HEAD, holder=HEAD)
    assert outcome.changes == (replace(RELEASED[0], by="head"),)
    assert {letter.to for letter in outcome.letters} == {HEAD, TEACHER}


@pytest.mark.parametrize("member", ["far@school.example", "jiro@school.example"])
def test_5_5_who_may_not_second_this_alert_cannot_release_it(member: str) -> None:
    other = Address(member)
    outcome = reply("配信", SECOND, author=other, holder=other)
    assert outcome.changes == ()
    assert outcome.audit[0].event == "release:not-yours"


@pytest.mark.parametrize("lost", [{"districts": ("obitoke",)}, {"may_release": False}, {"id": "somebody-else"}])
@pytest.mark.parametrize("held", [HELD, SECOND])
def test_5_5_rights_count_as_they_are_at_the_release(held: Alert, lost: dict[str, Any]) -> None:
    town = replace(SECONDED, staff=(replace(SECONDED.staff[0], **lost), *SECONDED.staff[1:]))
    holder = HEAD if held is SECOND else TEACHER
    outcome = reply("配信", held, author=holder, holder=holder, town=town)
    if held is SECOND and "may_release" in lost:  # that is why it asks a second person
        assert outcome.changes
    else:
        assert (outcome.changes, outcome.audit[0].event) == ((), "release:not-yours")


def test_1_3_a_token_works_for_the_person_it_was_minted_for_and_nobody_else() -> None:
    event = AuditEvent(event="release:refused", subject="2026-0042", detail={"cause": "not-the-holder"})
    assert reply("配信", author=HEAD, holder=TEACHER) == Outcome(reply=NOT_ACCEPTED, audit=(event,))


@pytest.mark.parametrize(
    ("addressed", "released"),
    [("colleague@school.example", False), ("", False), ("x <release+token@example.jp>", True), (None, True)],
)
def test_1_3_a_yes_that_was_written_to_somebody_else_releases_nothing(addressed: str | None, released: bool) -> None:
    claim = request(RequestKind.RELEASE, alert="2026-0042", address=TEACHER)
    verdict = replace(posted("はい", "Re: 明日の会議", addressed=addressed), claim=claim)
    letter = mail("release", "はい", tag="token", author=TEACHER.canonical, sender=TEACHER.canonical)
    outcome = handle(letter, verdict, Facts(posted=[HELD]), TOWN)
    assert bool(outcome.changes) is released
    assert (outcome.reply, outcome.audit[0].detail.get("cause")) == (
        (ACCEPTED, None) if released else (NOT_ACCEPTED, "not-to-us")
    )


def test_5_5_a_reply_that_no_signature_proves_is_refused() -> None:
    claim = request(RequestKind.RELEASE, alert="2026-0042", address=TEACHER)
    outcome = handle(
        mail("release", "配信", author=TEACHER.canonical), Verdict(claim=claim), Facts(posted=[HELD]), TOWN
    )
    assert (outcome.reply, outcome.changes, outcome.letters) == (NOT_ACCEPTED, (), ())


@pytest.mark.parametrize("held", [HELD, alert()])
@pytest.mark.parametrize("automatic", [{"sender": None}, {"headers": {"Auto-Submitted": "auto-replied"}}])
def test_1_4_an_out_of_office_has_no_effect(held: Alert, automatic: dict[str, Any]) -> None:
    outcome = reply("配信", held, **automatic)
    assert (outcome.reply, outcome.changes, outcome.letters) == (ACCEPTED, (), ())
    assert outcome.audit[0].detail == {"cause": "automatic", "command": "release"}


def test_5_7_cancel_in_answer_to_a_receipt_stops_the_rest() -> None:
    outcome = reply("取り消してください", alert())
    assert outcome.changes == (StopAlert(name="2026-0042"),)
    assert "まだ届いていない数：40件" in outcome.letters[0].text


@pytest.mark.parametrize("text", ["取消でお願いします", "取消願います", "取消をお願いいたします。"])
def test_5_7_cancel_as_people_say_it(text: str) -> None:
    assert reply(text, alert()).changes == (StopAlert(name="2026-0042"),)


@pytest.mark.parametrize("text", ["中止してください", "取消\n富雄小学校 教頭", "間違えました！", "Please STOP it now"])
def test_5_7_who_may_have_meant_cancel_learns_that_the_alert_goes_on(text: str) -> None:
    outcome = reply(text, alert())
    assert (outcome.changes, outcome.audit[0].event) == ((), "release:unclear")
    assert re.search("すでに配信しています|is being sent already", outcome.letters[0].subject)
    assert reply(text, alert(state=AlertState.RELAYED)).letters == ()


def test_6_a_robot_that_answers_our_letters_gets_no_letter_without_end() -> None:
    claim = request(RequestKind.RELEASE, alert="2026-0042", address=TEACHER)
    letter = mail("release", "x", tag="token", author=TEACHER.canonical, sender=TEACHER.canonical)
    facts = Facts(posted=[HELD], used={Quota("staff", "taro"): TOWN.alerts_per_hour})
    assert handle(letter, replace(posted("受信しました"), claim=claim), facts, TOWN).letters == ()
    assert handle(letter, replace(posted("配信"), claim=claim), facts, TOWN).changes


def test_5_7_cancel_in_html_alone_stops_nothing_and_its_author_learns_so() -> None:
    claim = request(RequestKind.RELEASE, alert="2026-0042", address=TEACHER)
    letter = mail("release", "取消", tag="token", author=TEACHER.canonical, sender=TEACHER.canonical)
    outcome = handle(letter, replace(posted(None), claim=claim), Facts(posted=[alert()]), TOWN)
    assert (outcome.changes, outcome.audit[0].event) == ((), "release:unclear")


@pytest.mark.parametrize("text", ["ありがとうございます", "届きました", ""])
def test_5_7_nothing_else_in_answer_to_a_receipt_has_an_effect(text: str) -> None:
    outcome = reply(text, alert())
    assert (outcome.changes, outcome.letters) == ((), ())
    assert outcome.audit[0].detail["cause"] == "no-effect"


@pytest.mark.parametrize("said", ["配信", "取消"])
@pytest.mark.parametrize("state", [AlertState.REFUSED, AlertState.EXPIRED])
def test_5_7_of_what_reached_nobody_there_is_nothing_to_take_back(said: str, state: AlertState) -> None:
    outcome = reply(said, replace(HELD, state=state))
    assert outcome.changes == ()
    assert "取消：2026-0042" not in outcome.letters[0].text
    assert re.search("誰にも送られていません|送られませんでした", outcome.letters[0].text)


@pytest.mark.parametrize("state", [AlertState.RELAYED, AlertState.EXPIRED, AlertState.STOPPED])
def test_5_7_what_is_over_cannot_be_stopped_and_the_letter_says_how_to_take_it_back(state: AlertState) -> None:
    outcome = reply("取消", alert(state=state))
    assert outcome.changes == ()
    assert "取消：2026-0042" in outcome.letters[0].text


def test_5_5_a_held_alert_is_not_released_after_its_time() -> None:
    late = replace(HELD, held_until=NOW)
    assert reply("配信", late).changes == ()
    assert reply("配信", replace(HELD, minutes=None, expires_at=NOW)).changes == ()


def test_5_5_expires_counts_from_the_release_and_ends_with_the_year() -> None:
    assert reply("配信", replace(HELD, minutes=30)).changes == (
        replace(RELEASED[0], expires_at=NOW + timedelta(minutes=30)),
    )
    at = NOW + timedelta(minutes=99)
    assert reply("配信", replace(HELD, minutes=None, expires_at=at)).changes == (replace(RELEASED[0], expires_at=at),)


def test_5_1b_its_release_makes_a_new_key_known() -> None:
    content = AlertContent(subject="s", text="t", new_key=("school.example", "f" * 64))
    assert reply("配信", content=content).changes[1:] == (RememberKey(domain="school.example", fingerprint="f" * 64),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("配信します", Answer.YES),
        ("お疲れ様です。配信", Answer.YES),
        ("よろしくお願いします", None),
        ("取消、配信", None),
    ],
)
def test_5_5_a_word_counts_only_where_the_text_says_nothing_else(text: str, said: Answer | None) -> None:
    assert answer(text) is said
