"""The sheet before it is drawn: everything is on the page, nothing on anything else (protocol 8)."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

import pytest

from gateway.poster.invitation import invite
from gateway.poster.layout import INNER, MARGIN, lay_out
from gateway.poster.sheet import Code, Sheet
from gateway.typography.marks import HEIGHT, WIDTH, Text
from handlers.town import Calendar, District, Language, Terms, Town
from tests.fakes import school

NOW = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)  # the 23rd in Japan
NAMES = (
    "富雄",
    "あやめ台",
    "見守り市立伏見南第三小学校および伏見南中学校・伏見南こども園の西部校園区",
    "長" * 40,
    "長" * 500,
)
LONG_DOMAIN = ".".join(["mimamori-mail-of-the-board-of-education"] * 6) + ".example.jp"


def town(name: str = "富雄", **changed: object) -> Town:
    code = "tomio" if len(name) < 40 else "c" * 40
    ours = replace(
        school.town(), organisation="見守り市教育委員会", terms=Terms(text="", version="2026-04-01", digest="")
    )
    return replace(ours, districts=(District(code=code, name=name),), **changed)  # type: ignore[arg-type]


def sheet(of: Town, language: Language = "ja", *, tagged: bool = True) -> Sheet:
    return lay_out(of, invite(of, of.districts[0] if tagged else None, language), language, NOW)


def texts(of: Sheet) -> list[Text]:
    return [mark for mark in of.marks if isinstance(mark, Text)]


def said(of: Sheet) -> str:
    return "\n".join(text.text for text in texts(of))


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("domain", ["example.jp", LONG_DOMAIN])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_leaves_the_page_or_covers_anything_else(name: str, domain: str, language: Language) -> None:
    long = {
        "organisation": "見守り市教育委員会 学校教育部 子ども安全対策推進係" * 6,
        "contact": "電話 00-0000-0000 " * 20,
    }
    of = sheet(town(name, domain=domain, **(long if domain == LONG_DOMAIN else {})), language)
    boxes = [text.box for text in texts(of)]
    boxes += [(mark.x, mark.y, mark.x + mark.size, mark.y + mark.size) for mark in of.marks if isinstance(mark, Code)]
    for left, top, right, bottom in boxes:
        assert left >= MARGIN - 1e-6
        assert right <= WIDTH - MARGIN + 1e-6
        assert top >= MARGIN - 1e-6
        assert bottom <= HEIGHT - MARGIN + 1e-6
    for one, other in combinations(boxes, 2):
        assert min(one[2], other[2]) <= max(one[0], other[0]) or min(one[3], other[3]) <= max(one[1], other[1]) + 1e-6


def test_the_name_and_the_address_are_large() -> None:
    size = {text.text: text.size for text in texts(sheet(town()))}
    assert size["富雄"] > 25
    assert size["subscribe+tomio@example.jp"] > 8


def test_the_sheet_says_all_that_somebody_has_to_know() -> None:
    text = said(sheet(town()))
    for words in (
        "子どもの安全 見守りメール", "見守り市教育委員会", "富雄", "subscribe+tomio@example.jp",
        "QRコードを読む", "メールを送る", "届いたメールに返信する", "48時間以内",
        "メールアドレスと配信地区だけです", "3月31日まで", "登録した情報をすべて消去", "unsubscribe@example.jp",
        "ドメイン指定受信」に example.jp", "0742-00-0000", "利用規約の版 2026-04-01", "2026年11月23日",
    ):  # fmt: skip
        assert words in text


def test_the_sheet_says_it_in_english_too() -> None:
    text = said(sheet(town(), "en"))
    for words in ("Child Safety Alerts", "District: tomio", "富雄", "March 31", "unsubscribe@example.jp", "2026-11-23"):
        assert words in text


def test_the_end_of_the_year_and_the_hours_are_those_of_the_town() -> None:
    calendar = Calendar(timezone=school.town().calendar.timezone, year_ends=(12, 31))
    text = said(sheet(town(calendar=calendar, pending_hours=24)))
    assert "12月31日まで" in text
    assert "24時間以内" in text


def test_without_a_district_the_reader_is_told_to_choose_in_the_answer() -> None:
    text = said(sheet(town(), tagged=False))
    assert "全地区共通" in text
    assert "地区の番号か名前を書いて" in text
    assert "subscribe@example.jp" in text.split("\n")


def test_without_a_contact_the_organisation_stands_there() -> None:
    assert "お問い合わせ　見守り市教育委員会" in said(sheet(town(contact="")))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("domain", ["example.jp", LONG_DOMAIN])
def test_the_code_is_at_least_five_centimetres_wide_within_four_modules_of_quiet(name: str, domain: str) -> None:
    (code,) = (mark for mark in sheet(town(name, domain=domain)).marks if isinstance(mark, Code))
    modules = code.modules
    edge = [*modules[:4], *modules[-4:], *(row[:4] + row[-4:] for row in modules)]
    assert not any(any(row) for row in edge)
    assert modules[4][4]
    assert code.size * (len(modules) - 8) / len(modules) >= 50
    assert code.size / len(modules) >= 0.5  # a module that a telephone can read
    assert code.size < INNER
