"""Field lines: which line is one, where they end, and what is folded (protocol 2.1, 2.2)."""

from time import process_time

import pytest

from handlers.fields import NAMES, Line, read_head, read_line, repeated


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, words in NAMES.items() for word in (name, *words)])
def test_every_name_of_the_table_is_a_field_in_both_languages(name: str, word: str) -> None:
    assert read_line(f"{word}: x") == Line(name=name, word=word, value="x")


@pytest.mark.parametrize(
    "line",
    [
        "District: tomio",
        "DISTRICT:tomio",
        "district : tomio",
        "District： tomio",
        "Ｄｉｓｔｒｉｃｔ：tomio",
        "X-District: tomio",
        "x-district: tomio",
        "Ｘ－District：tomio",
        "Ｘ－地区：tomio",
        "・地区：tomio",
        "･地区：tomio",
        "> 地区：tomio",
        ">> ・ 地区 ： tomio",
        "＞地区：tomio",
        "　地区　：　tomio　",
        "地区﹕tomio",
    ],
)
def test_2_1_what_people_hold_to_be_equal_is_the_same_field(line: str) -> None:
    found = read_line(line)
    assert found is not None
    assert (found.name, found.value) == ("District", "tomio")


@pytest.mark.parametrize("line", ["Victim-Consent: yes", "victim - consent：yes", "Ｖｉｃｔｉｍ－Ｃｏｎｓｅｎｔ：yes"])
def test_2_1_a_hyphen_may_have_any_width_and_blanks_around_it(line: str) -> None:
    found = read_line(line)
    assert found is not None
    assert found.name == "Victim-Consent"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "こんにちは",
        "こんにちは、よろしくお願いします：",
        "8月3日 15:00 富雄駅",
        "15:00",
        "URL://example.jp",
        "https://example.jp/",
        "学年・性別：3年生",
        "発生場所（町名まで）：富雄",
        "two words: x",
        "あいうえおかきくけこさしすせそたちつてとな：x",
    ],
)
def test_2_2_a_digit_a_blank_a_sign_or_more_than_20_letters_make_no_field(line: str) -> None:
    assert read_line(line) is None


def test_2_2_another_leading_name_is_an_unknown_field() -> None:
    assert read_line("発生日時：8月3日") == Line(name=None, word="発生日時", value="8月3日")


def test_2_1_field_lines_end_at_the_first_blank_line_after_one() -> None:
    head = read_head("\n\n地区：富雄\n同意：はい\n\n発生日時：今日\n")
    assert [line.name for line in head.lines] == ["District", "Consent"]
    assert head.rest == "発生日時：今日"


def test_2_1_field_lines_end_at_the_first_line_that_is_none() -> None:
    head = read_head("地区：富雄\nよろしくお願いします。\n同意：はい")
    assert [line.name for line in head.lines] == ["District"]
    assert head.rest == "よろしくお願いします。\n同意：はい"


def test_2_1_a_quoted_blank_line_is_blank() -> None:
    head = read_head("> 地区：富雄\n>\n> 同意：はい")
    assert [line.name for line in head.lines] == ["District"]


def test_2_1_a_text_that_does_not_begin_with_a_field_has_none() -> None:
    head = read_head("\nこんにちは\n地区：富雄\n")
    assert head.lines == ()
    assert head.rest == "こんにちは\n地区：富雄"


def test_2_4_an_unknown_name_in_a_quotation_is_somebody_elses_text() -> None:
    assert read_head("> 発生日時：8月3日\n> 場所：富雄").lines == ()


def test_2_2_in_an_alert_an_unknown_name_counts_only_above_the_last_known_field() -> None:
    above = read_head("題名：x\n地区：富雄\n\n本文", unknown_below=False)
    assert [line.name for line in above.lines] == [None, "District"]
    below = read_head("地区：富雄\n発生日時：今日\n場所：駅前\n\n本文", unknown_below=False)
    assert [line.name for line in below.lines] == ["District"]
    assert below.rest == "発生日時：今日\n場所：駅前\n\n本文"


def test_2_2_in_an_alert_unknown_names_alone_are_text() -> None:
    head = read_head("発生日時：今日\n場所：駅前", unknown_below=False)
    assert (head.lines, head.rest) == ((), "発生日時：今日\n場所：駅前")


def test_2_3_the_same_field_is_repeated_whatever_word_names_it() -> None:
    lines = read_head("地区：富雄\nDistrict: obitoke").lines
    assert repeated(lines) == Line(name="District", word="District", value="obitoke")


def test_2_3_two_unknown_fields_are_no_repetition() -> None:
    assert repeated(read_head("年：1\n組：2\n地区：富雄").lines) is None


@pytest.mark.parametrize("line", [" " * 998, "> " * 499, "・" * 998, " " * 990 + "a" * 50 + ":", "a" * 998])
def test_a_long_line_is_cheap_to_read(line: str) -> None:
    before = process_time()
    for _ in range(900):  # lines of the largest mail
        read_line(line)
    assert process_time() - before < 0.3
