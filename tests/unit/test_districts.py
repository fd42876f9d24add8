"""Which districts a value or an answer names (protocol 2.3, 3.3, the table of 2)."""

import pytest

from handlers import districts
from handlers.districts import Choice
from handlers.town import District
from tests.fakes.village import TOWN

ALL = tuple(district.code for district in TOWN.districts)


@pytest.mark.parametrize(
    "value",
    [
        "tomio",
        "TOMIO",
        "ｔｏｍｉｏ",
        "富雄",
        "とみお",
        "トミオ",
        "ﾄﾐｵ",
        "富雄北",
        "富雄小学校",
        "富雄小学校区",
        "富雄小",
        "富雄地区",
        "富雄。",
    ],
)
def test_2_a_code_a_name_its_kana_or_an_alias_names_a_district(value: str) -> None:
    assert districts.choose(value, TOWN.districts) == Choice(codes=("tomio",))


@pytest.mark.parametrize("separator", [",", "、", "，", "､", "・", "･", "/", "／", " ", "　", ", ", "、\t"])
def test_2_each_separator_separates(separator: str) -> None:
    chosen = districts.choose(f"帯解{separator}富雄", TOWN.districts)
    assert chosen == Choice(codes=("tomio", "obitoke"))


@pytest.mark.parametrize("value", ["all", "ALL", "全域", "全地区", "富雄、全域"])
def test_2_all_means_every_district(value: str) -> None:
    assert districts.choose(value, TOWN.districts) == Choice(codes=ALL)


def test_2_3_a_word_that_names_nothing_is_kept_apart() -> None:
    assert districts.choose("富雄、どこか、奈良", TOWN.districts) == Choice(
        codes=("tomio",), unknown=("どこか", "奈良")
    )


def test_a_name_that_ends_like_a_suffix_is_found_whole_first() -> None:
    town = (District(code="a", name="大小"), District(code="b", name="大"))
    assert districts.choose("大小", town).codes == ("a",)


def test_2_3_the_three_nearest_names_are_offered() -> None:
    near = districts.nearest("富尾", TOWN.districts)
    assert len(near) == 3
    assert near[0].code == "tomio"


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ("1、3", ("tomio", "obitoke")),
        ("１，３", ("tomio", "obitoke")),
        ("1.\n3)", ("tomio", "obitoke")),
        ("富雄南", ("tomio-minami",)),
        ("富雄と富雄南でお願いします。", ("tomio", "tomio-minami")),
        ("とみおみなみ", ("tomio-minami",)),
        ("帯解小学校区です", ("obitoke",)),
        ("お世話になります。奈良市富雄の佐藤です。", ("tomio",)),
        ("あやめ池に登録してください", ("ayameike",)),
        ("アヤメイケです", ("ayameike",)),
        ("全域", ALL),
        ("tomio and obitoke, please", ("tomio", "obitoke")),
        ("地区：帯解", ("obitoke",)),
    ],
)
def test_3_3_an_answer_names_districts_by_number_or_by_name(answer: str, codes: tuple[str, ...]) -> None:
    assert districts.mentioned(answer, TOWN.districts) == Choice(codes=codes)


@pytest.mark.parametrize(
    "answer",
    [
        "富雄第三小学校",  # names match whole
        "北富雄",
        "富雄以外",
        "とみおにし",
        "tomio-higashi",
        "3年2組の佐藤です",  # numbers count on a line of numbers alone
        "電話は 3 です",
        "",
        "よろしくお願いします",
    ],
)
def test_3_3_nothing_is_read_into_an_answer_that_names_no_district(answer: str) -> None:
    assert districts.mentioned(answer, TOWN.districts) == Choice()


@pytest.mark.parametrize("number", ["0", "5", "99999", "9" * 5_000])
def test_3_3_a_number_that_is_not_in_the_list_is_not_understood(number: str) -> None:
    assert districts.mentioned(number, TOWN.districts).unknown == (number,)


def test_names_stand_in_the_order_of_the_configuration() -> None:
    assert districts.names({"obitoke", "tomio"}, TOWN.districts) == "富雄、帯解"
