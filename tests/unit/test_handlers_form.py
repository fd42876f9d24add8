"""form+TOKEN@ (protocol 1.2–1.4, 3.2, 3.3, 3.5, 3.9, 4.2)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers import letters
from handlers.form import handle
from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.wording import Text
from storage.records import (
    Address,
    AuditEvent,
    Change,
    CloseRequest,
    Consent,
    EraseSubscription,
    Letter,
    NewRequest,
    Request,
    RequestKind,
    RequestState,
    SaveSubscription,
)
from tests.fakes.reader import Facts
from tests.fakes.village import MARCH, MOTHER, NOW, TOWN, mail, request, subscription

FORM = request(RequestKind.FORM)
CONSENT = Consent(version="2026-1", digest="d" * 64, at=NOW, way="form")
CLOSE = CloseRequest(request_id=7, state=RequestState.USED, others=True)


def reply(body: str, facts: Facts | None = None, form: Request = FORM, **other: Any) -> Outcome:
    return handle(mail("form", body, tag="token", **other), Verdict(claim=form), facts or Facts(), TOWN)


def letter(text: Text, new: NewRequest | None = None) -> Letter:
    return Letter(to=MOTHER, subject=text.subject, text=text.body, request=new, in_reply_to="<1@mail.example>")


def ignored(cause: str, about: Address | None = MOTHER) -> Outcome:
    return Outcome(audit=(AuditEvent(event="mail:ignored", about=about, detail={"cause": cause, "command": "form"}),))


def confirmed(*changes: Change, years: tuple[int, ...] = (2026,), text: Text) -> Outcome:
    event = AuditEvent(event="subscribe:confirmed", about=MOTHER, detail={"years": list(years), "way": "form"})
    return Outcome(audit=(event,), changes=(*changes, CLOSE), letters=(letter(text),))


@pytest.mark.parametrize(
    "body",
    [
        "3",
        "３",
        "帯解",
        "おびとけ",
        "帯解小学校でお願いします。\n\n> 1. 富雄\n> 2. 富雄南\n",
        "2026年8月3日(月) 15:00 見守りメール\n<form+abcdefghijklmnopqrstuvwxyz@example.jp>:\n> 1. 富雄\n\n3",
        "帯解\n-- \n富雄商店",
        "地区：帯解",
    ],
)
def test_3_3_an_answer_that_names_districts_is_choice_and_consent_and_registers_at_once(body: str) -> None:
    save = SaveSubscription(year=2026, address=MOTHER, districts=frozenset({"obitoke"}), consent=CONSENT)
    assert reply(body) == confirmed(save, text=letters.receipt("ja", TOWN, ["obitoke"], 2026, CONSENT))


def test_3_4_what_was_chosen_before_stays() -> None:
    codes = frozenset({"tomio", "obitoke"})
    save = SaveSubscription(year=2026, address=MOTHER, districts=codes, consent=CONSENT)
    expected = confirmed(save, text=letters.receipt("ja", TOWN, codes, 2026, CONSENT))
    assert reply("3", Facts(held=[subscription(["tomio"])])) == expected


def test_3_9_in_march_an_answer_writes_both_years() -> None:
    consent = replace(CONSENT, at=MARCH)
    saves = [
        SaveSubscription(year=year, address=MOTHER, districts=frozenset({"obitoke"}), consent=consent)
        for year in (2026, 2027)
    ]
    text = letters.receipt("ja", TOWN, ["obitoke"], 2027, consent)
    form = replace(FORM, expires_at=MARCH + timedelta(hours=1))
    assert reply("3", form=form, at=MARCH) == confirmed(*saves, years=(2026, 2027), text=text)


def test_3_9_an_answer_after_the_years_end_writes_what_is_then_open() -> None:
    april = MARCH + timedelta(days=27)
    form = replace(FORM, years=(2026, 2027), expires_at=april + timedelta(hours=1))
    found = reply("3", form=form, at=april)
    assert [change.year for change in found.changes if isinstance(change, SaveSubscription)] == [2027]


@pytest.mark.parametrize("body", ["", "よろしくお願いします", "1、9", "99999999999999999999", "富雄第三"])
def test_3_3_an_answer_that_is_not_understood_gets_the_form_again(body: str) -> None:
    again = NewRequest(
        kind=RequestKind.FORM, address=MOTHER, years=(2026,), terms=FORM.terms, expires_at=FORM.expires_at
    )
    event = AuditEvent(event="form:sent", about=MOTHER)
    expected = Outcome(audit=(event,), letters=(letter(letters.form_again("ja", TOWN), again),))
    assert reply(body) == expected


def test_6_a_program_that_answers_every_form_gets_four_and_no_more() -> None:
    assert reply("", Facts(open=3)).letters
    assert reply("", Facts(open=4)) == ignored("requests-open")
    assert reply("3", Facts(open=4)).changes


@pytest.mark.parametrize("state", [RequestState.USED, RequestState.WITHDRAWN, RequestState.CLOSED])
def test_1_2_a_used_token_gets_the_next_step(state: RequestState) -> None:
    form = replace(FORM, state=state)
    expected = letter(letters.token_over("ja", TOWN, form))
    assert reply("3", form=form) == Outcome(audit=(AuditEvent(event="token:over", about=MOTHER),), letters=(expected,))


def test_1_2_an_expired_token_gets_the_next_step() -> None:
    assert reply("3", form=replace(FORM, expires_at=NOW)).audit[0].event == "token:over"
    assert reply("3", form=replace(FORM, expires_at=NOW + timedelta(seconds=1))).changes


def test_4_3_where_the_address_was_erased_nobody_is_written_to() -> None:
    assert reply("3", form=replace(FORM, address=None)) == ignored("erased", None)


@pytest.mark.parametrize("other", [{"sender": None}, {"headers": {"Auto-Submitted": "auto-replied"}}])
def test_1_4_an_automatic_answer_has_no_effect(other: dict[str, Any]) -> None:
    assert reply("3", **other) == ignored("automatic")


def test_1_3_the_token_acts_for_its_address_whatever_from_says() -> None:
    found = reply("3", author="stranger@other.example")
    assert found.letters[0].to == MOTHER
    assert {change.address for change in found.changes if isinstance(change, SaveSubscription)} == {MOTHER}


@pytest.mark.parametrize("body", ["取消", "取り消します", "キャンセル", "Cancel"])
def test_1_cancel_withdraws_the_request(body: str) -> None:
    close = CloseRequest(request_id=7, state=RequestState.WITHDRAWN)
    event = AuditEvent(event="request:withdrawn", about=MOTHER)
    text = letters.withdrawn("en" if body == "Cancel" else "ja", TOWN)
    assert reply(body) == Outcome(audit=(event,), changes=(close,), letters=(letter(text),))


def test_4_2_a_word_of_leaving_leaves() -> None:
    event = AuditEvent(event="unsubscribe:done", about=MOTHER)
    erase = EraseSubscription(address=MOTHER)
    expected = Outcome(audit=(event,), changes=(erase,), letters=(letter(letters.goodbye("ja", TOWN)),))
    assert reply("退会") == expected
