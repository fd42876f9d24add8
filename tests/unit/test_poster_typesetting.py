"""Where lines end, and that no text leaves its area."""

import pytest

from gateway.typography.typeface import UnprintableError, typeface
from gateway.typography.typesetting import NEVER_FIRST, NEVER_LAST, POINT, Setting, Style, fit

STYLE = Style(largest=40, comfortable=20)
TEXTS = (
    "富雄",
    "見守り市立伏見南第三小学校および伏見南中学校・伏見南こども園の校園区（西部を含む）",
    "長" * 500,
    "subscribe+tomio@" + ".".join(["long-label-of-sixty-letters"] * 8) + ".example.jp",
    "x" * 253,
    "Reply to our answer, and you are registered",
    "電話 00-0000-0000（平日 午前8時30分から午後5時15分まで、祝日と年末年始を除く）",
    "、。）「（ー",
)


def within(setting: Setting, width: float, height: float, style: Style) -> bool:
    size = setting.size * POINT
    wide = max(typeface(style.weight).width(line, size) for line in setting.lines)
    return wide <= width + 1e-6 and len(setting.lines) * size * style.leading <= height + 1e-6


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("width", "height"), [(180.0, 30.0), (60.0, 12.0), (170.0, 8.0)])
def test_no_text_leaves_its_area(text: str, width: float, height: float) -> None:
    assert within(fit(text, width, height, STYLE), width, height, STYLE)


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_of_a_text_is_lost_but_the_blanks_where_a_line_ends(text: str) -> None:
    assert "".join(fit(text, 60.0, 20.0, STYLE).lines).replace(" ", "") == text.replace(" ", "")


def test_a_short_text_stands_on_one_line_at_its_largest() -> None:
    assert fit("富雄", 180, 30, STYLE) == Setting(lines=("富雄",), size=40)


def test_a_text_takes_a_second_line_rather_than_letters_that_are_hard_to_read() -> None:
    setting = fit("見守り市立富雄第三小学校の校園区と見守り市立伏見南小学校", 180, 30, STYLE)
    assert len(setting.lines) == 2
    assert setting.size >= STYLE.comfortable


def test_lines_end_between_phrases() -> None:
    text = "見守り市立伏見南第三小学校および伏見南中学校・伏見南こども園"
    assert fit(text, 180, 30, STYLE).lines == ("見守り市立伏見南第三小学校および", "伏見南中学校・伏見南こども園")


def test_the_lines_are_about_equally_long() -> None:
    first, second = fit("長" * 28, 180, 30, STYLE).lines
    assert len(first) == len(second) == 14


@pytest.mark.parametrize("width", range(20, 60, 3))
def test_no_line_begins_or_ends_with_a_sign_that_may_not_stand_there(width: int) -> None:
    text = "メールを「見守り」と、（西部）ショートステイ。きょうしつっぽい場所へ。" * 2
    for line in fit(text, width, 60, Style(largest=14, comfortable=14)).lines:
        assert line[0] not in NEVER_FIRST
        assert line[-1] not in NEVER_LAST


def test_an_address_is_parted_before_a_dot_or_after_the_at_sign_and_not_within_a_word() -> None:
    lines = fit("subscribe+tomio@mimamori.safety.city.example.jp", 70, 16, Style(largest=18, comfortable=18)).lines
    assert len(lines) == 2
    assert lines[0].endswith("@") or lines[1].startswith(".")


def test_a_sign_without_a_letter_in_the_font_is_named() -> None:
    with pytest.raises(UnprintableError, match=r"U\+1F600 in .* another way"):
        fit("富雄\U0001f600", 100, 20, STYLE)


def test_a_selector_of_shapes_is_not_drawn_and_a_detached_voicing_mark_is_attached() -> None:
    assert fit("葛\U000e0100城", 100, 20, STYLE).lines == ("葛城",)
    assert fit("か\u3099", 100, 20, STYLE).lines == ("が",)
