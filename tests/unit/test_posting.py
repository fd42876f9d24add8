"""An alert's fields, from what its signature covers (protocol 2.2, 5.2–5.4, 5.9)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handlers import posting
from handlers.expiry import Expiry
from handlers.posting import Known, Posting, Refusal
from tests.fakes.reader import Facts
from tests.fakes.village import NOW, TOWN, alert, proof

TARO, JIRO = TOWN.staff
SUSPICIOUS, HARM = TOWN.categories
REGISTER = Facts(posted=[alert(42)])
FIELDS = "地区：富雄\n区分：不審者情報\n"


def read(text: str | None, subject: str = "不審者について", member: Any = TARO, **other: Any) -> Posting | Refusal:
    return posting.read(proof(text, subject, **other), member, TOWN, NOW, REGISTER)


def refusal(*arguments: Any, **other: Any) -> Refusal:
    found = read(*arguments, **other)
    assert isinstance(found, Refusal)
    return found


def test_5_3_a_posting_with_district_category_and_text_may_be_relayed() -> None:
    assert read(f"{FIELDS}\n午後3時ごろ、富雄駅前。\n-- \n富雄小学校") == Posting(
        codes=("tomio",),
        category=SUSPICIOUS,
        victim_consent=False,
        subject="不審者について",
        text="午後3時ごろ、富雄駅前。",
        expiry=Expiry(minutes=240),
    )


def test_2_2_unknown_names_below_the_last_known_field_are_text() -> None:
    found = read(f"{FIELDS}発生日時：8月3日\n発生場所：駅前\n\n本文")
    assert isinstance(found, Posting)
    assert found.text == "発生日時：8月3日\n発生場所：駅前\n\n本文"


def test_2_2_an_unknown_name_above_the_last_known_field_refuses() -> None:
    found = refusal(f"発信者：富雄小\n{FIELDS}\n本文")
    assert found == Refusal(
        cause="unknown-field", word="発信者", known=Known(codes=("tomio",), category=SUSPICIOUS, text="本文")
    )


@pytest.mark.parametrize("line", ["地区：帯解", "・区分：不審者情報", "X-Expires: 30", "訓練：はい"])
def test_2_2_a_name_of_the_table_elsewhere_in_the_text_refuses(line: str) -> None:
    assert refusal(f"{FIELDS}\n本文\n{line}").cause == "field-below"


def test_2_2_a_name_of_the_table_in_the_signature_or_a_quotation_does_not_count() -> None:
    assert isinstance(read(f"{FIELDS}\n本文\n-- \n地区：帯解"), Posting)
    assert isinstance(read(f"{FIELDS}\n本文\n> 地区：帯解"), Posting)


@pytest.mark.parametrize("subject", ["【訓練】不審者", "Drill", "避難訓練のお知らせ"])
def test_2_2_a_drill_in_the_subject_alone_refuses(subject: str) -> None:
    assert refusal(f"{FIELDS}\n本文", subject).cause == "drill-word"


def test_5_9_a_text_that_nobody_would_read_is_refused_without_a_draft_of_it() -> None:
    assert refusal(f"{FIELDS}\n{'あ' * 20_000}") == Refusal(cause="text-too-long")


def test_5_5b_a_drill_says_so_with_a_yes() -> None:
    found = read(f"{FIELDS}訓練：はい\n\n本文", "訓練")
    assert isinstance(found, Posting)
    assert found.drill
    assert (refusal(f"{FIELDS}Drill: no\n\n本文").cause, refusal(f"{FIELDS}Drill: no\n\n本文").word) == (
        "bad-value",
        "Drill",
    )


@pytest.mark.parametrize("name", ["続報", "訂正", "取消", "解決", "Update"])
def test_5_7_a_follow_up_is_of_the_first_ones_districts(name: str) -> None:
    found = read(f"{name}：2026-0042\n\n本文")
    assert isinstance(found, Posting)
    assert found.follow_up is not None
    assert (found.follow_up.first, found.codes) == (alert(42), ("tomio",))


def test_2_3_a_repeated_field_refuses_and_is_left_open_in_the_draft() -> None:
    found = refusal(f"地区：富雄\n{FIELDS}\n本文")
    assert found == Refusal(cause="field-repeated", word="地区", known=Known(category=SUSPICIOUS, text="本文"))


def test_5_2_a_signed_header_counts() -> None:
    found = read("区分：不審者情報\n\n本文", signed_fields={"district": "tomio", "mailer": "x"})
    assert isinstance(found, Posting)
    assert found.codes == ("tomio",)


def test_5_2_line_and_header_count_together_only_where_they_are_equal() -> None:
    equal = read(f"{FIELDS}\n本文", signed_fields={"district": "富雄"})
    assert isinstance(equal, Posting)
    differs = refusal(f"{FIELDS}\n本文", signed_fields={"district": "帯解"})
    assert differs == Refusal(cause="fields-differ", word="X-District", known=Known(category=SUSPICIOUS, text="本文"))


def test_5_2_an_uncovered_header_refuses_even_where_the_line_is_there() -> None:
    found = refusal(f"{FIELDS}\n本文", unsigned_fields=frozenset({"district", "mailer"}))
    assert (found.cause, found.word) == ("field-not-signed", "X-district")
    assert found.known.codes == ("tomio",)


def test_5_2_other_uncovered_headers_are_ignored() -> None:
    assert isinstance(read(f"{FIELDS}\n本文", unsigned_fields=frozenset({"mailer", "priority"})), Posting)


@pytest.mark.parametrize(
    ("text", "cause", "word"),
    [
        (None, "html-only", ""),
        (FIELDS, "no-text", ""),
        ("本文", "no-district", ""),
        ("地区：\n区分：不審者情報\n\n本文", "no-district", ""),
        ("地区：、\n区分：不審者情報\n\n本文", "no-district", ""),
        ("地区：富尾、富雄\n区分：不審者情報\n\n本文", "unknown-district", "富尾"),
        ("地区：富雄\n\n本文", "no-category", ""),
        ("地区：富雄\n区分：\n\n本文", "no-category", ""),
        ("地区：富雄\n区分：クマ\n\n本文", "unknown-category", "クマ"),
        (f"{FIELDS}被害者の同意：たぶん\n\n本文", "bad-value", "Victim-Consent"),
        (f"{FIELDS}有効期限：あした\n\n本文", "bad-value", "Expires"),
    ],
)
def test_5_3_a_field_that_is_missing_or_wrong_refuses(text: str | None, cause: str, word: str) -> None:
    found = refusal(text)
    assert (found.cause, found.word) == (cause, word)


def test_2_3_the_draft_knows_that_a_district_is_missing() -> None:
    assert refusal("地区：富尾、富雄\n区分：不審者\n\n本文").known == Known(
        codes=("tomio",), codes_missing=True, category=SUSPICIOUS, text="本文"
    )


def test_5_3_a_district_out_of_scope_refuses_and_the_draft_keeps_to_the_scope() -> None:
    assert refusal("地区：富雄、帯解\n区分：不審者\n\n本文", member=JIRO) == Refusal(
        cause="district-scope", word="富雄", known=Known(codes=("obitoke",), category=SUSPICIOUS, text="本文")
    )


def test_5_3_a_category_out_of_scope_refuses_and_the_draft_leaves_it_open() -> None:
    assert refusal("地区：帯解\n区分：被害情報\n被害者の同意：はい\n\n本文", member=JIRO) == Refusal(
        cause="category-scope", known=Known(codes=("obitoke",), text="本文")
    )


@pytest.mark.parametrize(
    "line", ["", "被害者の同意：\n", "被害者の同意：未取得\n", "保護者の同意：いいえ\n", "Victim-Consent: no\n"]
)
def test_5_4_without_the_victims_consent_nothing_is_relayed(line: str) -> None:
    found = refusal(f"地区：富雄\n区分：被害情報\n{line}\n本文")
    assert found == Refusal(cause="no-victim-consent", known=Known(codes=("tomio",), category=HARM, text="本文"))


@pytest.mark.parametrize("value", ["yes", "取得済", "あり", "はい", "ＹＥＳ"])
def test_5_4_with_the_declaration_it_may_be_relayed_and_the_line_is_gone(value: str) -> None:
    found = read(f"地区：富雄\n区分：被害情報\n被害者の同意：{value}\n\n本文")
    assert isinstance(found, Posting)
    assert (found.victim_consent, found.text) == (True, "本文")


@pytest.mark.parametrize(
    ("value", "expires_at"),
    [
        ("30", NOW + timedelta(minutes=30)),
        ("３０分", NOW + timedelta(minutes=30)),
        ("90 minutes", NOW + timedelta(minutes=90)),
        ("18:00", datetime(2026, 8, 3, 9, 0, tzinfo=UTC)),
        ("18時30分", datetime(2026, 8, 3, 9, 30, tzinfo=UTC)),
        ("9:00", datetime(2026, 8, 4, 0, 0, tzinfo=UTC)),
        ("2026-08-04 18:00", datetime(2026, 8, 4, 9, 0, tzinfo=UTC)),
    ],
)
def test_2_an_alert_expires_after_minutes_or_at_a_local_time(value: str, expires_at: datetime) -> None:
    found = read(f"{FIELDS}有効期限：{value}\n\n本文")
    assert isinstance(found, Posting)
    assert found.expiry.ends(NOW) == expires_at


@pytest.mark.parametrize(
    "value", ["0", "-5", "99999", "25:00", "2026-13-01 10:00", "2026-08-01 10:00", "2027-08-04 10:00", ""]
)
def test_2_3_a_time_that_is_none_past_or_too_far_does_not_parse(value: str) -> None:
    assert refusal(f"{FIELDS}有効期限：{value}\n\n本文").word == "Expires"


@pytest.mark.parametrize(
    ("subject", "shown"),
    [
        ("Re: 不審者", "不審者"),
        ("Fwd: RE： 不審者", "不審者"),
        ("幼稚園Store: 前で", "幼稚園Store: 前で"),
        ("転送：不審者", "不審者"),
    ],
)
def test_5_9_only_prefixes_are_taken_from_a_subject(subject: str, shown: str) -> None:
    found = read(f"{FIELDS}\n本文", subject)
    assert isinstance(found, Posting)
    assert found.subject == shown
