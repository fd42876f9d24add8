"""subscribe@ (protocol 2, 3.1, 3.3–3.9, 4.2, 6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from handlers import letters
from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.public_fields import Mistake
from handlers.replies import ACCEPTED, NO_AUTHOR, TRY_LATER
from handlers.subscribe import handle
from handlers.town import Town
from handlers.wording import Text
from storage.records import (
    Address,
    AuditEvent,
    Consent,
    Letter,
    NewRequest,
    Quota,
    RequestKind,
    SaveSubscription,
)
from tests.fakes.reader import Facts
from tests.fakes.village import MARCH, MOTHER, NOW, TERMS, TOWN, mail, subscription

GOOD = "地区：富雄、帯解\n同意：はい\n"
COUNTED = (Quota("address", MOTHER.canonical), Quota("domain", "mail.example"), Quota("all"))
FIELDS = ("District", "Consent")


def ask(
    body: str = "", facts: Facts | None = None, verdict: Verdict | None = None, town: Town = TOWN, **other: Any
) -> Outcome:
    return handle(mail("subscribe", body, **other), verdict or Verdict(), facts or Facts(), town)


def request(
    kind: RequestKind, *codes: str, years: tuple[int, ...] = (2026,), hours: int = 48, **other: Any
) -> NewRequest:
    return NewRequest(
        kind=kind,
        address=MOTHER,
        years=years,
        districts=frozenset(codes),
        terms=(TERMS.version, TERMS.digest),
        expires_at=other.get("at", NOW) + timedelta(hours=hours),
    )


def letter(text: Text, new: NewRequest | None = None, counted: tuple[Quota, ...] = COUNTED) -> Letter:
    return Letter(
        to=MOTHER,
        subject=text.subject,
        text=text.body,
        request=new,
        in_reply_to="<1@mail.example>",
        counted=counted,
    )


def answer(event: str, text: Text, new: NewRequest | None = None) -> Outcome:
    found = letter(text, new)
    if event == "subscribe:mistaken":  # who answers it writes to subscribe@ again
        found = replace(found, local_part="subscribe")
    return Outcome(audit=(AuditEvent(event=event, about=MOTHER),), letters=(found,))


PENDING = answer(
    "subscribe:pending",
    letters.confirm("ja", TOWN, MOTHER, ("tomio", "obitoke"), 2026),
    request(RequestKind.CONFIRM_SUBSCRIBE, "tomio", "obitoke"),
)
FORM = answer("form:sent", letters.form("ja", TOWN, MOTHER, 2026), request(RequestKind.FORM))


@pytest.mark.parametrize(
    "body",
    [
        GOOD,
        "District: tomio, obitoke\nConsent: はい",
        "同意：同意します\n・校区 ： 帯解　富雄小学校区",
        "Ｘ－地区：トミオ・おびとけ\nＸ－同意：ＹＥＳ",
        "> 地区：富雄 帯解\n> 同意：はい。\n\nお願いします",
        "\n\n学区：富雄/帯解\n同意：承諾\n-- \n花子",
    ],
)
def test_3_1_districts_and_consent_get_a_confirm_letter(body: str) -> None:
    assert ask(body) == PENDING


def test_3_1_the_tag_of_the_address_and_the_field_are_united() -> None:
    assert ask("地区：帯解\n同意：はい", tag="tomio") == PENDING


def test_2_a_header_counts_as_a_line_does() -> None:
    assert ask("", headers={"X-District": "tomio,obitoke", "X-Consent": "yes"}, subject="登録") == PENDING


def test_2_a_header_beats_a_line_of_the_same_name() -> None:
    assert ask("地区：あやめ池\n同意：はい", headers={"X-District": "tomio obitoke"}) == PENDING


def test_2_other_headers_are_not_fields() -> None:
    assert ask(GOOD, headers={"X-Mailer": "x", "X-Category": "y", "X-Update": "z"}) == PENDING


def test_6_an_english_mail_is_answered_in_english() -> None:
    found = ask("District: tomio, obitoke\nConsent: yes", subject="Hello")
    expected = letters.confirm("en", TOWN, MOTHER, ("tomio", "obitoke"), 2026)
    assert (found.letters[0].subject, found.letters[0].text) == (expected.subject, expected.body)


def test_3_1_a_carriers_customer_is_told_how_to_let_us_through() -> None:
    found = ask(GOOD, author='"hana..ko"@docomo.ne.jp')
    assert found.letters[0].to == Address("hana..ko@docomo.ne.jp")
    assert "受信リスト" in found.letters[0].text


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\n\n",
        "登録をお願いします。",
        "iPhoneから送信",
        "こんにちは\n地区：富雄\n同意：はい",
        "同意：はい",
        "地区：富雄",
        "地区：富雄\n同意：",
        "地区：富雄\n同意：いいえ",
    ],
)
def test_3_3_an_empty_mail_or_one_without_district_or_consent_gets_the_form(body: str) -> None:
    assert ask(body) == FORM


def test_2_4_a_quoted_letter_is_not_taken_for_fields() -> None:
    assert ask("> 発生日時：8月3日\n> 発生場所：富雄") == FORM


@pytest.mark.parametrize(
    ("body", "position"),
    [("お名前：花子\n" + GOOD, 1), ("地区：富雄\n区分：不審者\n同意：はい", 2), ("\n\n地区：富雄\n題名：登録", 2)],
)
def test_2_3_an_unknown_field_stops_everything(body: str, position: int) -> None:
    text = letters.mistake("ja", TOWN, Mistake(kind="unknown", allowed=FIELDS, position=position))
    assert ask(body) == answer("subscribe:mistaken", text)
    assert f"{position}行目" in text.body


def test_2_3_a_repeated_field_stops_everything() -> None:
    text = letters.mistake("ja", TOWN, Mistake(kind="repeated", allowed=FIELDS, name="District"))
    assert ask("地区：富雄\n校区：帯解\n同意：はい") == answer("subscribe:mistaken", text)
    assert "「地区」が2回" in text.body


def test_2_3_a_repeated_header_stops_everything() -> None:
    text = letters.mistake("ja", TOWN, Mistake(kind="repeated", allowed=FIELDS, name="District"))
    found = ask("同意：はい", headers={"X-District": "tomio", "x-district": "obitoke"})
    assert found == answer("subscribe:mistaken", text)


def test_2_3_a_consent_that_cannot_be_read_stops_everything() -> None:
    text = letters.mistake("ja", TOWN, Mistake(kind="value", allowed=FIELDS, name="Consent"))
    assert ask("地区：富雄\n同意：たぶん") == answer("subscribe:mistaken", text)
    assert "「同意」の書き方" in text.body
    assert "同意：はい" in text.body


def test_2_3_an_unknown_district_gets_the_three_nearest_names() -> None:
    text = letters.unknown_district("ja", TOWN, ("富尾",))
    assert ask("地区：富尾、帯解\n同意：はい") == answer("subscribe:mistaken", text)
    assert "富雄\n" in text.body
    assert "富尾" not in text.body


def test_2_3_an_unknown_district_in_the_tag_gets_them_too() -> None:
    assert ask("", tag="tomioo") == answer("subscribe:mistaken", letters.unknown_district("ja", TOWN, ("tomioo",)))


def test_3_4_an_identical_request_is_told_so() -> None:
    facts = Facts(held=[subscription(["tomio", "obitoke"])])
    text = letters.already("ja", TOWN, ["tomio", "obitoke"], 2026)
    assert ask(GOOD, facts) == answer("subscribe:repeated", text)


def test_3_4_more_districts_need_the_same_confirmation() -> None:
    assert ask(GOOD, Facts(held=[subscription(["tomio"])])) == PENDING


def test_3_4_in_march_a_request_is_identical_only_where_both_years_have_it() -> None:
    one = Facts(held=[subscription(["tomio", "obitoke"])])
    new = request(RequestKind.CONFIRM_SUBSCRIBE, "tomio", "obitoke", years=(2026, 2027), at=MARCH)
    text = letters.confirm("ja", TOWN, MOTHER, ("tomio", "obitoke"), 2027)
    assert ask(GOOD, one, at=MARCH) == answer("subscribe:pending", text, new)
    both = replace(one, held=[*one.held, subscription(["tomio", "obitoke"], 2027)])
    assert ask(GOOD, both, at=MARCH).audit[0].event == "subscribe:repeated"


def test_3_9_in_march_the_letter_says_until_when_the_next_year_runs() -> None:
    assert "2028年3月31日まで" in ask(GOOD, at=MARCH).letters[0].text


def test_3_5_four_requests_may_be_open() -> None:
    assert ask(GOOD, Facts(open=3)) == PENDING
    detail = {"cause": "requests-open", "command": "subscribe"}
    assert ask(GOOD, Facts(open=4)) == Outcome(audit=(AuditEvent(event="mail:ignored", about=MOTHER, detail=detail),))


def test_3_6_the_fourth_letter_of_a_day_says_that_it_is_the_last() -> None:
    last = letters.last_today(letters.form("ja", TOWN, MOTHER, 2026), "ja")
    assert ask("", Facts(used={COUNTED[0]: 2})) == FORM
    assert ask("", Facts(used={COUNTED[0]: 3})) == answer("form:sent", last, request(RequestKind.FORM))
    assert last.body.startswith("※ 本日")


def test_3_6_after_four_letters_there_is_none_but_the_mail_is_accepted() -> None:
    event = AuditEvent(event="letter:withheld", about=MOTHER, detail={"cause": "letters-per-address"})
    assert ask("", Facts(used={COUNTED[0]: 4})) == Outcome(reply=ACCEPTED, audit=(event,))


@pytest.mark.parametrize(
    ("quota", "most"),
    [(Quota("domain", "mail.example"), 500), (Quota("all"), 5_000), (Quota("network", "192.0.2.0/24"), 20)],
)
def test_3_6_another_limit_that_is_reached_answers_try_later(quota: Quota, most: int) -> None:
    assert ask(GOOD, Facts(used={quota: most - 1}), network="192.0.2.0/24").letters
    event = AuditEvent(event="letter:withheld", about=MOTHER, detail={"cause": f"letters-per-{quota.scope}"})
    assert ask(GOOD, Facts(used={quota: most}), network="192.0.2.0/24") == Outcome(reply=TRY_LATER, audit=(event,))


def test_3_6_a_proven_author_is_never_counted() -> None:
    found = ask(GOOD, Facts(used=dict.fromkeys(COUNTED, 9_999)), Verdict(author=MOTHER))
    assert found.letters == (replace(PENDING.letters[0], counted=()),)


def test_3_6_an_author_proven_as_another_is_unproven() -> None:
    assert ask(GOOD, verdict=Verdict(author=Address("other@mail.example"))) == PENDING


def test_3_8_where_the_town_asks_for_no_more_a_proven_author_is_registered_at_once() -> None:
    town = replace(TOWN, confirm="unproven")
    consent = Consent(version="2026-1", digest="d" * 64, at=NOW, way="proven")
    codes = frozenset({"tomio", "obitoke"})
    found = ask(GOOD, verdict=Verdict(author=MOTHER), town=town)
    assert found.changes == (SaveSubscription(year=2026, address=MOTHER, districts=codes, consent=consent),)
    assert found.audit[0].event == "subscribe:confirmed"
    assert ask(GOOD, town=town) == PENDING


@pytest.mark.parametrize("body", [GOOD, "", "富雄", "お名前：花子", "地区：どこか\n同意：はい", "解除"])
@pytest.mark.parametrize(
    "automatic",
    [
        {"sender": None},
        {"headers": {"Auto-Submitted": "auto-replied"}},
        {"headers": {"List-Id": "<x>"}},
        {"author": "help@example.jp"},
        {"author": "MAILER-DAEMON@mail.example"},
    ],
)
def test_6_robots_lists_and_ourselves_are_never_answered(body: str, automatic: dict[str, Any]) -> None:
    detail = {"cause": "automatic", "command": "subscribe"}
    assert ask(body, **automatic) == Outcome(audit=(AuditEvent(event="mail:ignored", detail=detail),))


def test_a_mail_without_one_author_is_refused() -> None:
    event = AuditEvent(event="mail:refused", detail={"cause": "no-author"})
    assert ask(GOOD, author="a@b.example, c@d.example") == Outcome(reply=NO_AUTHOR, audit=(event,))


@pytest.mark.parametrize(
    "where", [{"subject": "解除"}, {"subject": "Re: 配信停止"}, {"body": "退会\n\n> 地区：富雄"}, {"body": "STOP"}]
)
def test_4_2_a_word_of_leaving_means_leaving_here_too(where: dict[str, str]) -> None:
    found = ask(**where)
    assert found.audit == (AuditEvent(event="unsubscribe:pending", about=MOTHER),)
    new = found.letters[0].request
    assert new is not None
    assert new.kind is RequestKind.CONFIRM_LEAVE


def test_4_2_a_word_of_leaving_among_others_does_not() -> None:
    assert ask("解除ではなく登録をお願いします") == FORM


def test_6_a_letter_goes_to_from_and_never_to_reply_to() -> None:
    assert ask("", headers={"Reply-To": "victim@other.example"}) == FORM
