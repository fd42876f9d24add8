"""help@, postmaster@, abuse@, bounce+TOKEN@ and the delivery report (protocol 1, 5.6, 6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers import bounce, letters, passing_on, report, staff_letters
from handlers import help as help_
from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.replies import TRY_LATER
from storage.records import Address, Alert, AlertState, AuditEvent, Delivered, LeaveClaim, Letter, Quota
from tests.fakes.reader import Facts
from tests.fakes.village import MOTHER, NOW, TEACHER, TOWN, mail, subscription

ADMIN = Address("admin@city.example")
CLAIM = LeaveClaim(year=2026, subscription_id=1)
COUNTED = (Quota("address", MOTHER.canonical), Quota("domain", "mail.example"), Quota("all"))
ALERT = Alert(
    id=1,
    year=2026,
    number=42,
    state=AlertState.RELAYED,
    author="taro",
    organisation="富雄小学校",
    category="suspicious",
    districts=("tomio",),
    accepted_at=NOW,
    expires_at=NOW + timedelta(hours=4),
    finished_at=NOW,
    matched=120,
    relayed=117,
    failed=3,
    waiting=0,
)


def ask(body: str = "", **other: Any) -> Outcome:
    return help_.handle(mail("help", body, **other), Verdict(), Facts(), TOWN)


def test_1_help_says_that_nobody_reads_this_whom_to_call_and_110() -> None:
    text = letters.help_letter("ja", TOWN)
    letter = Letter(to=MOTHER, subject=text.subject, text=text.body, in_reply_to="<1@mail.example>", counted=COUNTED)
    event = AuditEvent(event="help:sent", about=MOTHER)
    assert ask("不審者を見ました", subject="Re: [不審者情報][富雄]") == Outcome(audit=(event,), letters=(letter,))
    for words in ("誰も読んでいません", "110番", "0742-00-0000", "subscribe@example.jp", "unsubscribe@example.jp"):
        assert words in text.body


def test_4_2_a_word_of_leaving_in_answer_to_an_alert_means_leaving() -> None:
    assert ask("配信停止\n\n> 富雄で不審者").audit[0].event == "unsubscribe:pending"


@pytest.mark.parametrize(
    "other", [{"sender": None}, {"headers": {"Auto-Submitted": "auto-replied"}}, {"author": "nobody"}]
)
def test_6_an_out_of_office_that_answers_an_alert_is_not_answered(other: dict[str, Any]) -> None:
    event = AuditEvent(event="mail:ignored", detail={"cause": "automatic", "command": "help"})
    assert ask("不在です", **other) == Outcome(audit=(event,))


@pytest.mark.parametrize("command", ["postmaster", "abuse"])
@pytest.mark.parametrize("sender", ["x@other.example", None])
def test_1_postmaster_and_abuse_are_passed_on_whole_even_from_a_robot(command: str, sender: str | None) -> None:
    inbound = mail(command, "苦情", sender=sender)
    text = staff_letters.passed_on(TOWN, command)
    letter = Letter(
        to=ADMIN,
        subject=text.subject,
        text=text.body,
        attached=inbound.raw,
        counted=(Quota("address", ADMIN.canonical),),
    )
    event = AuditEvent(event="mail:passed-on", detail={"to": command})
    assert passing_on.handle(inbound, Verdict(), Facts(), TOWN) == Outcome(audit=(event,), letters=(letter,))


def test_1_not_more_than_fifty_mails_a_day_are_passed_on() -> None:
    inbound, quota = mail("abuse", "苦情"), Quota("address", ADMIN.canonical)
    assert passing_on.handle(inbound, Verdict(), Facts(used={quota: 49}), TOWN).letters
    event = AuditEvent(event="mail:refused", detail={"cause": "passed-on-a-day"})
    found = passing_on.handle(inbound, Verdict(), Facts(used={quota: 50}), TOWN)
    assert found == Outcome(reply=TRY_LATER, audit=(event,))


@pytest.mark.parametrize("sender", [None, "x@other.example"])
def test_1_a_bounce_is_never_answered(sender: str | None) -> None:
    inbound = mail("bounce", "地区：富雄\n同意：はい", tag="token", sender=sender)
    known = Facts(claimed={CLAIM: subscription(["tomio"])})
    for facts, about in ((known, MOTHER), (Facts(), None)):
        found = bounce.handle(inbound, Verdict(claim=CLAIM), facts, TOWN)
        assert found.letters == ()
        assert found.reply.code == 250
        assert [event.about for event in found.audit] == [about]


@pytest.mark.parametrize(
    ("state", "event", "words"),
    [
        (AlertState.RELAYED, "alert:relayed", "配信が終わりました"),
        (AlertState.EXPIRED, "alert:expired", "期限で打ち切られました"),
        (AlertState.STOPPED, "alert:stopped", "止められました"),
    ],
)
def test_5_6_the_author_gets_a_delivery_report(state: AlertState, event: str, words: str) -> None:
    found = report.ended(replace(ALERT, state=state), TOWN)
    counts = {"matched": 120, "relayed": 117, "failed": 3, "waiting": 0}
    assert found.audit == (AuditEvent(event=event, subject="2026-0042", detail=counts),)
    (letter,) = found.letters
    assert (letter.to, letter.local_part) == (TEACHER, "alert")
    for expected in (
        words,
        "2026-0042",
        "宛先：120件",
        "配信済み：117件",
        "届けられなかった数：5未満",
        "送らずに終わった数：0件",
    ):
        assert expected in letter.text


def test_5_6_the_report_tells_districts_in_fives_and_how_long_it_took() -> None:
    both = replace(ALERT, districts=("tomio", "obitoke"))
    delivered = Delivered(by_district={"tomio": 114, "obitoke": 3}, seconds_to={50: 1.6, 95: 59.4, 100: 61.0})
    (letter,) = report.ended(both, TOWN, delivered).letters
    assert "かかった時間：半数まで 2秒、95%まで 59秒、最後まで 1分1秒\n" in letter.text
    assert "富雄 110件" in letter.text
    assert "帯解 （それぞれ5未満）" in letter.text
    (letter,) = report.ended(replace(both, language="en"), TOWN, delivered).letters
    assert "half after 2 s, 95% after 59 s, the last after 1 min 1 s" in letter.text


def test_5_6_where_nothing_was_handed_over_the_report_tells_no_time() -> None:
    nothing = Delivered(by_district={"tomio": 0}, seconds_to={})
    assert report.ended(ALERT, TOWN, nothing) == report.ended(ALERT, TOWN)


def test_5_6_an_author_who_is_no_longer_enrolled_gets_no_report() -> None:
    found = report.ended(replace(ALERT, author="saburo"), TOWN)
    assert found.letters == ()
    assert found.audit


def test_6_the_report_is_in_the_language_of_the_posting() -> None:
    assert "is complete" in report.ended(replace(ALERT, language="en"), TOWN).letters[0].text
