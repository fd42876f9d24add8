"""confirm+TOKEN@ (protocol 1.2–1.4, 3.2, 3.5, 3.9, 4.2)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers import letters
from handlers.confirm import handle
from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.wording import Text
from storage.records import (
    AuditEvent,
    CloseRequest,
    Consent,
    EraseSubscription,
    Letter,
    Request,
    RequestKind,
    RequestState,
    SaveSubscription,
)
from tests.fakes.reader import Facts
from tests.fakes.village import MARCH, MOTHER, NOW, PUBLIC, TOWN, mail, request, subscription

JOIN = request(RequestKind.CONFIRM_SUBSCRIBE, ["tomio"])
LEAVE = request(RequestKind.CONFIRM_LEAVE)
CONSENT = Consent(version="2026-1", digest="d" * 64, at=NOW, way="reply")
USED = CloseRequest(request_id=7, state=RequestState.USED)


def reply(claim: Request, body: str = "", facts: Facts | None = None, **other: Any) -> Outcome:
    return handle(mail("confirm", body, tag="token", **other), Verdict(claim=claim), facts or Facts(), TOWN)


def letter(text: Text) -> Letter:
    return Letter(to=MOTHER, subject=text.subject, text=text.body, in_reply_to="<1@mail.example>")


REGISTERED = Outcome(
    audit=(AuditEvent(event="subscribe:confirmed", about=MOTHER, detail={"years": [2026], "way": "reply"}),),
    changes=(
        SaveSubscription(year=2026, address=MOTHER, districts=frozenset({"tomio"}), consent=CONSENT),
        replace(USED, others=True),
    ),
    letters=(letter(letters.receipt("ja", TOWN, ["tomio"], 2026, CONSENT)),),
)


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("", ""),
        ("Re: 【見守りメール】登録の確認", "> 地区：富雄"),
        ("なんでも", "地区：帯解\nお名前：花子"),
        ("", "はい"),
    ],
)
def test_1_any_subject_and_body_complete_what_the_letter_says(subject: str, body: str) -> None:
    assert reply(JOIN, body, subject=subject) == REGISTERED


def test_3_2_the_receipt_says_what_was_agreed_and_how_to_leave() -> None:
    text = REGISTERED.letters[0].text
    for words in ("富雄", "2027年3月31日まで", "版 2026-1（2026年8月3日 15時00分）", "unsubscribe@example.jp"):
        assert words in text


def test_3_4_a_confirmation_adds_to_what_was_chosen_before() -> None:
    found = reply(JOIN, facts=Facts(held=[subscription(["obitoke"])]))
    codes = frozenset({"tomio", "obitoke"})
    assert found.changes[0] == SaveSubscription(year=2026, address=MOTHER, districts=codes, consent=CONSENT)


def test_3_9_in_march_a_confirmation_writes_two_records() -> None:
    claim = replace(JOIN, years=(2026, 2027), expires_at=MARCH + timedelta(hours=1))
    found = reply(claim, at=MARCH, facts=Facts(held=[subscription(["obitoke"])]))
    districts = {change.year: change.districts for change in found.changes if isinstance(change, SaveSubscription)}
    assert districts == {2026: {"tomio", "obitoke"}, 2027: {"tomio"}}


def test_3_9_a_confirmation_after_midnight_of_the_years_end_writes_what_is_then_open() -> None:
    april = MARCH + timedelta(days=27)
    found = reply(replace(JOIN, years=(2026, 2027), expires_at=april + timedelta(hours=1)), at=april)
    assert [change.year for change in found.changes if isinstance(change, SaveSubscription)] == [2027]


@pytest.mark.parametrize("kind", [kind for kind in PUBLIC if kind is not RequestKind.FORM])
def test_1_2_a_used_or_expired_token_gets_a_letter_with_the_next_step(kind: RequestKind) -> None:
    for claim in (request(kind, state=RequestState.USED), request(kind, expires_at=NOW)):
        text = letters.token_over("ja", TOWN, claim)
        event = AuditEvent(event="token:over", about=MOTHER)
        assert reply(claim) == Outcome(audit=(event,), letters=(letter(text),))


@pytest.mark.parametrize("kind", PUBLIC)
@pytest.mark.parametrize("other", [{"sender": None}, {"headers": {"Auto-Submitted": "auto-replied"}}])
def test_1_4_an_out_of_office_confirms_nothing(kind: RequestKind, other: dict[str, Any]) -> None:
    detail = {"cause": "automatic", "command": "confirm"}
    event = AuditEvent(event="mail:ignored", about=MOTHER, detail=detail)
    assert reply(request(kind), **other) == Outcome(audit=(event,))


def test_4_3_after_erasure_nobody_is_written_to() -> None:
    event = AuditEvent(event="mail:ignored", detail={"cause": "erased", "command": "confirm"})
    assert reply(replace(JOIN, address=None)) == Outcome(audit=(event,))


@pytest.mark.parametrize("kind", [kind for kind in PUBLIC if kind is not RequestKind.FORM])
def test_1_cancel_withdraws_whatever_was_asked(kind: RequestKind) -> None:
    close = CloseRequest(request_id=7, state=RequestState.WITHDRAWN)
    event = AuditEvent(event="request:withdrawn", about=MOTHER)
    text = letters.withdrawn("ja", TOWN)
    found = reply(request(kind), "取消\n\n> 登録の確認", subject="Re: 確認")
    assert found == Outcome(audit=(event,), changes=(close,), letters=(letter(text),))


def test_1_3_the_answer_goes_to_the_address_of_the_token_only() -> None:
    assert reply(JOIN, author="stranger@other.example").letters[0].to == MOTHER


@pytest.mark.parametrize("claim", [LEAVE, JOIN])
def test_4_2_a_word_of_leaving_or_the_letter_itself_leaves_at_once(claim: Request) -> None:
    found = reply(claim, "解除", Facts(held=[subscription(["tomio"])]))
    assert found == Outcome(
        audit=(AuditEvent(event="unsubscribe:done", about=MOTHER),),
        changes=(USED, EraseSubscription(address=MOTHER)),
        letters=(letter(letters.goodbye("ja", TOWN)),),
    )


def test_4_2_the_districts_that_the_letter_named_are_taken_away() -> None:
    claim = request(RequestKind.CONFIRM_LEAVE, ["tomio"])
    found = reply(claim, facts=Facts(held=[subscription(["tomio", "obitoke"])]))
    assert found == Outcome(
        audit=(AuditEvent(event="change:done", about=MOTHER),),
        changes=(USED, SaveSubscription(year=2026, address=MOTHER, districts=frozenset({"obitoke"}))),
        letters=(letter(letters.narrowed("ja", TOWN, ["obitoke"])),),
    )


def test_3_9_a_year_without_any_district_left_is_erased() -> None:
    held = [subscription(["tomio"]), subscription(["tomio", "obitoke"], 2027)]
    found = reply(request(RequestKind.CONFIRM_LEAVE, ["tomio"]), facts=Facts(held=held))
    assert found.changes == (
        USED,
        EraseSubscription(address=MOTHER, year=2026),
        SaveSubscription(year=2027, address=MOTHER, districts=frozenset({"obitoke"})),
    )
    assert found.letters == (letter(letters.narrowed("ja", TOWN, ["obitoke"])),)


def test_4_2_leaving_the_last_district_is_leaving() -> None:
    claim = request(RequestKind.CONFIRM_LEAVE, ["tomio", "obitoke"])
    assert reply(claim, facts=Facts(held=[subscription(["tomio"])])).changes[1] == EraseSubscription(address=MOTHER)


@pytest.mark.parametrize(
    ("wish", "districts"),
    [
        ({"districts": ["obitoke"], "replaces": True}, {"obitoke"}),
        ({"districts": ["obitoke"]}, {"obitoke", "tomio"}),
        ({"districts": ["obitoke"], "removed": frozenset({"tomio"})}, {"obitoke"}),
    ],
)
def test_4_4_a_change_is_confirmed_by_its_reply(wish: dict[str, Any], districts: set[str]) -> None:
    claim = request(RequestKind.CONFIRM_CHANGE, **wish)
    found = reply(claim, facts=Facts(held=[subscription(["tomio"])]))
    save = SaveSubscription(year=2026, address=MOTHER, districts=frozenset(districts))
    assert found.changes == (USED, save)
    assert found.audit == (AuditEvent(event="change:done", about=MOTHER),)
    assert found.letters == (letter(letters.changed("ja", TOWN, districts, 2026)),)


def test_4_4_a_change_that_leaves_nothing_changes_nothing() -> None:
    claim = request(RequestKind.CONFIRM_CHANGE, removed=frozenset({"tomio"}))
    found = reply(claim, facts=Facts(held=[subscription(["tomio"])]))
    assert (found.changes, found.letters) == ((USED,), (letter(letters.change_leaves_nothing("ja", TOWN)),))


@pytest.mark.parametrize("kind", [RequestKind.CONFIRM_CHANGE, RequestKind.CONFIRM_STATUS])
def test_4_4_who_is_not_registered_is_told_so(kind: RequestKind) -> None:
    found = reply(request(kind, ["tomio"]))
    assert found == Outcome(changes=(USED,), letters=(letter(letters.not_registered("ja", TOWN)),))


def test_4_4_what_is_held_is_told_with_the_wording_that_was_agreed_to() -> None:
    held = [subscription(["tomio"])]
    found = reply(request(RequestKind.CONFIRM_STATUS), facts=Facts(held=held, wordings={"d" * 64: "当時の規約"}))
    assert found.letters == (letter(letters.status("ja", TOWN, held, "当時の規約")),)
    assert found.audit == (AuditEvent(event="status:told", about=MOTHER),)
    for words in ("富雄（2027年3月31日まで）", "版 2026-1", "確認メールへの返信", "当時の規約"):
        assert words in found.letters[0].text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", ("配信：停止中", "お申し込み：変更、地区の選択", "監査記録での仮名：")),
        ("What do you hold about me?", ("Alerts: suspended", "answer: a change, choosing districts", "audit log: ")),
    ],
)
def test_4_4_suspension_pseudonym_and_open_requests_are_told_as_well(body: str, words: tuple[str, ...]) -> None:
    held = [replace(subscription(["tomio"]), suspended=True)]
    asked = [RequestKind.CONFIRM_CHANGE, RequestKind.CONFIRM_STATUS, RequestKind.FORM, RequestKind.FORM]
    found = reply(request(RequestKind.CONFIRM_STATUS), body, Facts(held=held, waiting=asked))
    for each in (*words, held[0].pseudonym):
        assert each in found.letters[0].text
    assert len(found.letters[0].text.splitlines()) <= 25


def test_3_9_the_renewal_letters_reply_registers_the_next_year() -> None:
    claim = request(RequestKind.RENEW, ["tomio"], expires_at=MARCH + timedelta(days=20))
    found = reply(claim, at=MARCH, facts=Facts(held=[subscription(["tomio"])]))
    assert [change.year for change in found.changes if isinstance(change, SaveSubscription)] == [2026, 2027]
