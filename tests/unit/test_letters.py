"""Every letter in both languages (protocol 6): short, filled in, without links, and with one next step."""

import re
from collections.abc import Iterator
from dataclasses import replace
from string import Formatter
from typing import get_args
from unicodedata import east_asian_width

import pytest

from handlers import letters, staff_letters, stalled
from handlers.expiry import Expiry
from handlers.haste import Finding
from handlers.posting import Cause, Known, Posting, Refusal
from handlers.public_fields import Mistake
from handlers.staff_letters import Preview, Receipt
from handlers.texts import staff_en, staff_ja
from handlers.town import Language
from handlers.wording import LETTERS, Text
from storage.records import Address, AlertState, Delivered, Matched, RequestKind
from tests.fakes.village import CONSENT, MOTHER, NOW, PUBLIC, TOWN, alert, request, subscription

MOST_LINES = 25
WIDEST = 90  # columns; the reasons of staff letters quote the names of all categories
LANGUAGES: tuple[Language, ...] = ("ja", "en")
CODES = ("tomio", "obitoke")
KNOWN = Known(codes=CODES, category=TOWN.categories[1], text="本文")
ALERT = alert(
    state=AlertState.STOPPED, districts=CODES, finished_at=NOW, matched=120, relayed=100, failed=3, waiting=17
)
HELD = alert(state=AlertState.HELD, districts=CODES)
COUNTS = Matched(total=22, by_district={"tomio": 14, "obitoke": 3})
RECEIPT = Receipt(
    name="2026-0043",
    category=TOWN.categories[0].name,
    codes=CODES,
    matched=COUNTS,
    expires_at=NOW,
    attachments=2,
    resembles="2026-0041",
    stopped=(alert(), HELD),
)
PREVIEW = Preview(
    language="ja",
    name="2026-0043",
    kind="author",
    reasons=("category-second", "recipients", "haste-time"),
    noticed=(Finding(kind="time"), Finding(kind="telephone", word="0742-00-0001")),
    codes=CODES,
    category=TOWN.categories[0],
    matched=COUNTS,
    subject="[不審者情報][富雄・帯解] 件名",
    text="本文\n\n-- \n富雄小学校からのお知らせです。\n",
    held_until=NOW,
)
DRILL = Posting(
    codes=CODES, category=TOWN.categories[0], victim_consent=False, subject="", text="", expiry=Expiry(minutes=1)
)


def all_letters(language: Language) -> Iterator[tuple[str, Text]]:
    fields = ("District", "Consent")
    yield "confirm", letters.confirm(language, TOWN, MOTHER, CODES, 2026)
    yield "form", letters.form(language, TOWN, MOTHER, 2026)
    yield "form_again", letters.form_again(language, TOWN)
    yield "receipt", letters.receipt(language, TOWN, CODES, 2026, CONSENT)
    yield "already", letters.already(language, TOWN, CODES, 2026)
    for kind in ("unknown", "repeated", "value"):
        found = Mistake(kind=kind, allowed=fields, position=2, name="District")  # type: ignore[arg-type]
        yield f"mistake_{kind}", letters.mistake(language, TOWN, found)
    yield "unknown_district", letters.unknown_district(language, TOWN, ["a", "b", "c", "d", "e"])
    yield "unreadable", letters.unreadable(language, TOWN)
    for kind in PUBLIC:
        yield f"token_over {kind}", letters.token_over(language, TOWN, request(kind))
    yield "withdrawn", letters.withdrawn(language, TOWN)
    yield "confirm_leaving", letters.confirm_leaving(language, TOWN, ())
    wish = request(RequestKind.CONFIRM_CHANGE, CODES, removed=frozenset({"ayameike"}))
    yield "confirm_change", letters.confirm_change(language, TOWN, wish)
    yield "confirm_status", letters.confirm_status(language, TOWN)
    yield "change_how", letters.change_how(language, TOWN)
    yield "change_leaves_nothing", letters.change_leaves_nothing(language, TOWN)
    yield "changed", letters.changed(language, TOWN, CODES, 2026)
    yield "not_registered", letters.not_registered(language, TOWN)
    held = [subscription(CODES), subscription(CODES, 2027)]
    yield "status", letters.status(language, TOWN, held, "当時の規約")
    yield "renewal", letters.renewal(language, TOWN, CODES, 2027)
    yield "probe", letters.probe(language, TOWN, MOTHER)
    yield "goodbye", letters.goodbye(language, TOWN)
    yield "narrowed", letters.narrowed(language, TOWN, CODES)
    yield "help", letters.help_letter(language, TOWN)
    yield "last", letters.last_today(letters.help_letter(language, TOWN), language)
    told = stalled.stalled(replace(ALERT, language=language), replace(TOWN, language=language), 5).letters[0]
    yield "stalled", Text(subject=told.subject, body=told.text)
    yield "outage", staff_letters.outage(replace(TOWN, language=language), 240, 1_000)
    yield "passed_on", staff_letters.passed_on(TOWN, "abuse")
    yield "year_destroyed", staff_letters.year_destroyed(TOWN, 2026, "CERTIFICATE\n")
    yield "checkpoint", staff_letters.checkpoint(TOWN, 17, 4321, CHECKPOINT)
    yield from letters_to_staff(language)
    for cause in get_args(Cause):
        refusal = Refusal(cause=cause, word="富尾", known=KNOWN)
        yield f"alert_refused {cause}", staff_letters.alert_refused(language, TOWN, refusal)


CHECKPOINT = f"mimamori.example.jp/audit\n4321\n{'A' * 43}=\nnumber 17\n\n\u2014 mimamori.example.jp/audit {'A' * 92}\n"


def letters_to_staff(language: Language) -> Iterator[tuple[str, Text]]:
    yield "alert_receipt", staff_letters.alert_receipt(language, TOWN, RECEIPT)
    yield "alert_report", staff_letters.alert_report(language, TOWN, ALERT)
    delivered = Delivered(by_district=dict.fromkeys(ALERT.districts, 60), seconds_to={50: 1, 95: 2, 100: 300})
    yield "alert_report with times", staff_letters.alert_report(language, TOWN, ALERT, delivered)
    yield "held_over", staff_letters.alert_report(language, TOWN, replace(HELD, state=AlertState.EXPIRED))
    for kind, own, again in (("author", True, False), ("second", True, False), ("second", False, True)):
        found = replace(PREVIEW, language=language, kind=kind)  # type: ignore[arg-type]
        yield f"preview {kind}", staff_letters.preview(language, TOWN, found, own=own, again=again)
    for answer in ("unclear", "second_needed", "not_yours", "too_late", "refused", "stopping", "decided"):
        yield answer, getattr(staff_letters, answer)(language, TOWN, HELD)
    yield "running", staff_letters.decided(language, TOWN, alert())
    yield "withdrawn", staff_letters.withdrawn(language, TOWN, "2026-0042", KNOWN)
    yield "drill_receipt", staff_letters.drill_receipt(language, TOWN, 12, NOW, DRILL)


EVERY = [(language, name, text) for language in LANGUAGES for name, text in all_letters(language)]


@pytest.mark.parametrize(("language", "name", "text"), EVERY, ids=[f"{language} {name}" for language, name, _ in EVERY])
def test_6_every_letter_is_short_filled_in_and_without_a_link(language: Language, name: str, text: Text) -> None:
    whole = f"{text.subject}\n{text.body}"
    assert not re.search(r"[{}]|https?:|www\.", whole)
    assert "\n" not in text.subject
    assert text.body.endswith("\n")
    assert TOWN.organisation in whole or name == "passed_on"
    quoted = re.sub(r"(?ms)^(?:―― 届く文面|---- What they).*?(?:ここまで ――|End of what[^\n]*)$", "", text.body)
    terms = re.split(r"(?m)^(?:――|----) (?:.*規約|.*[Tt]erms)", quoted)[0]
    assert len(terms.strip().split("\n")) <= MOST_LINES
    assert "\n\n\n" not in text.body


@pytest.mark.parametrize(("language", "name", "text"), EVERY, ids=[f"{language} {name}" for language, name, _ in EVERY])
def test_no_line_of_ours_is_wider_than_a_line_of_mail(language: Language, name: str, text: Text) -> None:
    lines = [line for line in text.body.split("\n") if not line.startswith("\u2014 ")]  # a signature is one line
    widest = max(lines, key=columns)
    assert columns(widest) <= (WIDEST + 40 if name.startswith("alert_refused") else WIDEST), widest


def columns(line: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in line)


def placeholders(texts: object) -> set[str]:
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}  # type: ignore[attr-defined]


def test_both_languages_have_the_same_letters_with_the_same_placeholders() -> None:
    japanese, english = LETTERS["ja"], LETTERS["en"]
    assert japanese.keys() - english.keys() == {"passed_on", "checkpoint", "year_destroyed"}
    for name, texts in english.items():
        assert placeholders(texts) == placeholders(japanese[name]), name


def test_5_3_every_cause_has_its_reason_in_both_languages() -> None:
    assert set(get_args(Cause)) == staff_ja.REASONS.keys() == staff_en.REASONS.keys()


def test_3_1_the_confirm_letter_says_what_was_understood_and_asks_for_a_reply() -> None:
    text = letters.confirm("ja", TOWN, MOTHER, CODES, 2026)
    for words in ("富雄、帯解", "2027年3月31日まで", "そのまま返信", "版：2026-1", TOWN.terms.text, "48時間以内"):
        assert words in text.body


def test_the_hours_of_the_letters_are_those_of_the_configuration() -> None:
    town = replace(TOWN, pending_hours=24)
    for text in (letters.confirm("ja", town, MOTHER, CODES, 2026), letters.confirm_leaving("ja", town, ())):
        assert "24時間以内" in text.body
        assert "48" not in text.body


def test_3_3_the_form_has_the_terms_and_the_numbered_list() -> None:
    text = letters.form("ja", TOWN, MOTHER, 2026)
    assert "1. 富雄\n2. 富雄南\n3. 帯解\n4. あやめ池\n" in text.body
    assert TOWN.terms.text in text.body
    assert "規約に同意して登録したことになります" in text.body


@pytest.mark.parametrize("domain", ["docomo.ne.jp", "ezweb.ne.jp", "t.vodafone.ne.jp", "i.softbank.jp"])
def test_the_first_letter_to_a_carriers_customer_has_the_steps_of_its_filter(domain: str) -> None:
    to = Address(f"a@{domain}")
    for text in (letters.confirm("ja", TOWN, to, CODES, 2026), letters.form("ja", TOWN, to, 2026)):
        assert f"{TOWN.domain} を" in text.body


def test_2_3_the_letter_about_unknown_districts_repeats_no_word_of_the_sender() -> None:
    text = letters.unknown_district("ja", TOWN, ["http://evil.example/富雄"])
    assert "evil" not in text.body


def test_where_no_contact_is_set_the_organisation_stands_for_it() -> None:
    text = letters.help_letter("ja", replace(TOWN, contact=""))
    assert "お問い合わせ：見守りメール" in text.body
    assert text.body.rstrip().endswith("--\n見守りメール")


def test_an_authors_braces_are_only_text() -> None:
    known = Known(codes=CODES, category=TOWN.categories[0], text="{contact} {0} {")
    refusal = Refusal(cause="unknown-district", word="{domain}", known=known)
    text = staff_letters.alert_refused("ja", TOWN, refusal)
    assert "「{domain}」という地区" in text.body
    assert "{contact} {0} {" in text.body


@pytest.mark.parametrize(("count", "shown"), [(0, "0件"), (1, "5未満"), (4, "5未満"), (5, "5件"), (1234, "1234件")])
def test_5_6_a_count_under_five_is_not_told(count: int, shown: str) -> None:
    assert staff_letters.counted("ja", count) == shown


def test_5_5_a_preview_gives_only_the_reasons_that_there_are() -> None:
    only_haste = staff_letters.preview("ja", TOWN, replace(PREVIEW, reasons=("haste-time",)), own=True, again=False)
    assert "確認をお願いする理由" not in only_haste.body
    assert "気づいた点" in only_haste.body
    only_size = replace(PREVIEW, reasons=("recipients",), noticed=())
    assert "気づいた点" not in staff_letters.preview("ja", TOWN, only_size, own=True, again=False).body


def test_nothing_sealed_is_printed() -> None:
    assert repr(letters.help_letter("ja", TOWN)) == "Text()"
