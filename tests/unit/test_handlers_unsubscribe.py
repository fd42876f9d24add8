"""unsubscribe@ and leave+TOKEN@ (protocol 1.2, 1.4, 4.1–4.3, 6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers import leave, letters, unsubscribe
from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.public_fields import Mistake
from handlers.replies import NO_AUTHOR
from handlers.wording import Text
from storage.records import (
    AuditEvent,
    EraseSubscription,
    LeaveClaim,
    Letter,
    NewRequest,
    Quota,
    RequestKind,
    SaveSubscription,
)
from tests.fakes.reader import Facts
from tests.fakes.village import MOTHER, NOW, TERMS, TOWN, mail, subscription

COUNTED = (Quota("address", MOTHER.canonical), Quota("domain", "mail.example"), Quota("all"))
HELD = Facts(held=[subscription(["tomio", "obitoke"])])
PROVEN = Verdict(author=MOTHER)
CLAIM = LeaveClaim(year=2026, subscription_id=1)
ERASED = AuditEvent(event="unsubscribe:done", about=MOTHER)


def ask(body: str = "", facts: Facts = HELD, verdict: Verdict | None = None, **other: Any) -> Outcome:
    return unsubscribe.handle(mail("unsubscribe", body, **other), verdict or Verdict(), facts, TOWN)


def token(facts: Facts, **other: Any) -> Outcome:
    return leave.handle(mail("leave", tag="token", **other), Verdict(claim=CLAIM), facts, TOWN)


def pending(*codes: str) -> Outcome:
    text = letters.confirm_leaving("ja", TOWN, codes)
    request = NewRequest(
        kind=RequestKind.CONFIRM_LEAVE,
        address=MOTHER,
        years=(2026,),
        districts=frozenset(codes),
        terms=(TERMS.version, TERMS.digest),
        expires_at=NOW + timedelta(hours=48),
    )
    return Outcome(
        audit=(AuditEvent(event="unsubscribe:pending", about=MOTHER),), letters=(letter(text, request, COUNTED),)
    )


def letter(text: Text, request: NewRequest | None = None, counted: tuple[Quota, ...] = ()) -> Letter:
    return Letter(
        to=MOTHER,
        subject=text.subject,
        text=text.body,
        request=request,
        in_reply_to="<1@mail.example>",
        counted=counted,
    )


GOODBYE = Outcome(
    audit=(ERASED,), changes=(EraseSubscription(address=MOTHER),), letters=(letter(letters.goodbye("ja", TOWN)),)
)


@pytest.mark.parametrize("body", ["", "解除", "もう子どもが卒業しました。ありがとうございました。", "地区：全域で"])
@pytest.mark.parametrize("facts", [HELD, Facts()])
def test_4_2_the_mailbox_of_an_unproven_author_is_asked_first_known_or_not(body: str, facts: Facts) -> None:
    if body.startswith("地区"):
        assert ask(body, facts).audit[0].event == "unsubscribe:mistaken"
    else:
        assert ask(body, facts) == pending()


def test_4_2_the_districts_named_are_asked_about() -> None:
    assert ask("地区：富雄") == pending("tomio")
    assert "解除する地区：富雄\n" in ask("地区：富雄").letters[0].text
    assert "解除する地区：すべて\n" in ask("").letters[0].text


@pytest.mark.parametrize("facts", [HELD, Facts()])
def test_4_2_4_3_a_proven_author_leaves_at_once_known_or_not(facts: Facts) -> None:
    assert ask("", facts, PROVEN) == GOODBYE


def test_4_2_a_proven_author_leaves_the_districts_named() -> None:
    assert ask("地区：富雄", HELD, PROVEN) == Outcome(
        audit=(AuditEvent(event="change:done", about=MOTHER),),
        changes=(SaveSubscription(year=2026, address=MOTHER, districts=frozenset({"obitoke"})),),
        letters=(letter(letters.narrowed("ja", TOWN, ["obitoke"])),),
    )


def test_2_3_an_unknown_field_stops_everything_and_the_example_would_be_understood() -> None:
    text = letters.mistake("ja", TOWN, Mistake(kind="unknown", allowed=("District",), position=1))
    found = ask("同意：はい")
    assert found.audit == (AuditEvent(event="unsubscribe:mistaken", about=MOTHER),)
    assert found.letters == (replace(letter(text, None, COUNTED), local_part="unsubscribe"),)
    assert "地区：富雄、富雄南" in text.body
    assert "同意" not in text.body


def test_2_3_an_unknown_district_gets_the_nearest_names() -> None:
    text = letters.unknown_district("ja", TOWN, ("富尾",))
    assert ask("地区：富尾").letters == (replace(letter(text, None, COUNTED), local_part="unsubscribe"),)


@pytest.mark.parametrize("other", [{"sender": None}, {"headers": {"Precedence": "bulk"}}])
def test_6_robots_are_not_answered(other: dict[str, Any]) -> None:
    detail = {"cause": "automatic", "command": "unsubscribe"}
    assert ask("", **other) == Outcome(audit=(AuditEvent(event="mail:ignored", detail=detail),))


def test_a_mail_without_an_author_is_refused() -> None:
    assert ask(author="nobody").reply == NO_AUTHOR


def test_4_1_a_token_leaves_at_once_and_the_goodbye_goes_to_the_registered_mailbox() -> None:
    facts = replace(HELD, claimed={CLAIM: HELD.held[0]})
    assert token(facts, author="robot@other.example", subject="Unsubscribe") == GOODBYE
    assert "subscribe@example.jp に空メール" in GOODBYE.letters[0].text


@pytest.mark.parametrize("other", [{"sender": None}, {"headers": {"Auto-Submitted": "auto-generated"}}])
def test_1_4_6_a_robots_leave_counts_and_is_not_answered(other: dict[str, Any]) -> None:
    facts = replace(HELD, claimed={CLAIM: HELD.held[0]})
    assert token(facts, **other) == replace(GOODBYE, letters=())


def test_1_2_a_token_stays_good_after_erasure() -> None:
    detail = {"cause": "erased", "command": "leave"}
    event = AuditEvent(event="mail:ignored", about=MOTHER, detail=detail)
    assert token(Facts()) == Outcome(audit=(event,))


def test_3_9_a_token_leaves_both_years() -> None:
    facts = Facts(held=[subscription(["tomio"]), subscription(["tomio"], 2027)], claimed={CLAIM: HELD.held[0]})
    assert token(facts).changes == (EraseSubscription(address=MOTHER),)
