"""What people write for a district, and what of it is the same word (protocol 2.3, 3.3)."""

import time

import pytest

from handlers import districts
from handlers.districts import Choice
from handlers.town import District

TOMIO = District(
    code="tomio",
    name="富雄",
    kana="とみお",
    aliases=("旧富雄村",),
    schools=("富雄小学校", "青山こども園", "鳥見幼稚園"),
)
TOWN = (
    TOMIO,
    District(code="tomio-minami", name="富雄南", kana="とみおみなみ"),
    District(code="tomio-3", name="富雄第三", kana="とみおだいさん"),
    District(code="midori", name="緑ヶ丘", kana="みどりがおか"),
    District(code="tanaka", name="田中", kana="たなか"),
    District(code="newtown", name="西ニュータウン", kana="にしにゅーたうん"),
)
PLAIN = ("富雄", "富雄校区", "富雄学区", "富雄地区", "富雄校園区", "「富雄小」", "富雄(小)")


def found(value: str, town: tuple[District, ...] = TOWN) -> tuple[str, ...]:
    choice = districts.choose(value, town)
    assert not (choice.codes and choice.unknown)
    return choice.codes


@pytest.mark.parametrize(
    "listed", [TOMIO, District(code="tomio", name="富雄"), District(code="tomio", name="富雄小学校")]
)
@pytest.mark.parametrize(
    "word",
    [
        "富雄",
        "富雄小",
        "富雄小学校",
        "富雄小学校区",
        "富雄小校区",
        "富雄校区",
        "富雄学区",
        "富雄地区",
        "富雄校園区",
        "「富雄小」",
        "市立富雄小学校",
        "富雄(小)",
    ],
)
def test_every_way_to_say_it_finds_the_district_without_being_listed(word: str, listed: District) -> None:
    assert found(word, (listed, *TOWN[1:])) == ("tomio",)


@pytest.mark.parametrize("word", ["とみお", "トミオ", "ﾄﾐｵ", "トミオ小学校", "とみお校区", "ＴＯＭＩＯ", "旧富雄村"])
def test_kana_code_and_old_names_find_it_too(word: str) -> None:
    assert found(word) == ("tomio",)


@pytest.mark.parametrize(
    "word",
    [
        "富雄西",
        "富雄西小",
        "北富雄",
        "富雄第四",
        "富雄四",
        "富",
        "雄小学校",
        "校区",
        "小学校",
        "田",
        "田小学校",
        "tomio-4",
        "3",
        "富雄中",
    ],
)
def test_a_word_of_no_district_never_finds_another(word: str) -> None:
    assert found(word) == ()


@pytest.mark.parametrize(
    "word", ["富雄南小", "富雄南小学校区", "トミオミナミ小", "tomio－minami", "tomioーminami", "富雄（南）"]
)
def test_a_longer_name_is_not_the_shorter_one(word: str) -> None:
    assert found(word) == ("tomio-minami",)


@pytest.mark.parametrize(
    "word",
    ["富雄第三", "富雄第3", "富雄第３", "富雄三", "富雄3", "富雄３", "富雄３小", "富雄第三小学校区"],
)
def test_numerals_are_equal_with_and_without_dai(word: str) -> None:
    assert found(word) == ("tomio-3",)
    assert found(word, (District(code="tomio-3", name="富雄三"), *TOWN[:2])) == ("tomio-3",)


@pytest.mark.parametrize(
    ("word", "name"),
    [("第12小", "第十二"), ("十二小学校", "第12"), ("二十小", "第20"), ("第十", "十"), ("一〇小", "第十")],
)
def test_numerals_above_ten_are_read(word: str, name: str) -> None:
    assert found(word, (District(code="a", name=name), District(code="b", name="第二"))) == ("a",)


def test_two_districts_of_one_numeral_are_told_apart_only_as_they_are_written() -> None:
    town = (District(code="a", name="富雄第三"), District(code="b", name="富雄三"))
    assert (found("富雄第三", town), found("富雄三", town)) == (("a",), ("b",))
    assert found("富雄第3", town) == ()


@pytest.mark.parametrize("word", ["緑ヶ丘", "緑ケ丘", "緑が丘", "緑ガ丘小", "緑ｹ丘"])
def test_the_small_ke_of_place_names_has_one_meaning(word: str) -> None:
    assert found(word) == ("midori",)


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("富 雄", ("tomio",)),
        ("富雄　小学校", ("tomio",)),
        ("富雄 南", ("tomio-minami",)),
        ("富雄 第 三", ("tomio-3",)),
        ("富雄 緑ヶ丘", ("tomio", "midori")),
        ("富雄 南 田中", ("tomio-minami", "tanaka")),
    ],
)
def test_blanks_within_a_name_do_no_harm(value: str, codes: tuple[str, ...]) -> None:
    assert found(value) == codes


def test_a_blank_that_may_part_or_join_is_not_guessed() -> None:
    town = (*TOWN, District(code="minami", name="南"))
    assert districts.choose("富雄 南", town) == Choice(unknown=("富雄 南",))
    assert found("富雄、南", town) == ("tomio", "minami")


def test_a_name_that_ends_like_an_ending_is_itself() -> None:
    assert found("田中") == found("田中小") == found("田中小学校") == ("tanaka",)
    assert found("田中", (*TOWN, District(code="ta", name="田"))) == ("tanaka",)
    assert found("田中", (District(code="ta", name="田"),)) == ()


def test_an_exact_word_beats_one_without_its_ending() -> None:
    town = (District(code="a", name="富雄"), District(code="b", name="学園前", aliases=("富雄小",)))
    assert (found("富雄小", town), found("富雄", town), found("富雄小学校", town)) == (("b",), ("a",), ("b",))


def test_a_word_of_two_districts_is_unknown() -> None:
    town = (District(code="a", name="富雄小学校"), District(code="b", name="富雄中学校"))
    assert (found("富雄小", town), found("富雄中学校区", town), found("富雄中", town)) == (("a",), ("b",), ("b",))
    assert districts.choose("富雄校区", town).unknown == ("富雄校区",)
    assert {district.code for district in districts.nearest("富雄校区", town)} == {"a", "b"}


@pytest.mark.parametrize("word", ["富雄小学校", "富雄小", "青山こども園", "青山子ども園", "青山幼稚園", "鳥見幼稚園"])
def test_each_school_of_a_district_finds_it(word: str) -> None:
    assert found(word) == ("tomio",)


@pytest.mark.parametrize("word", ["青山", "青山校区", "青山小", "鳥見", "富雄中学校"])
def test_a_school_is_no_name_of_the_place_around_it(word: str) -> None:
    assert found(word) == ()


def test_a_junior_high_school_finds_its_place_where_no_schools_are_listed() -> None:
    assert found("富雄南中学校区") == ("tomio-minami",)


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("富尾", "tomio"),
        ("とみおみんみ", "tomio-minami"),
        ("トミオダイサ", "tomio-3"),
        ("富雄大三", "tomio-3"),
        ("みどりヶ丘", "midori"),
        ("tomio-minmi", "tomio-minami"),
        ("青山", "tomio"),
    ],
)
def test_the_nearest_names_are_those_that_were_meant(word: str, first: str) -> None:
    assert districts.nearest(word, TOWN)[0].code == first


@pytest.mark.parametrize("word", ["", "小", "ＸＹＺ", "🦌", "とんでもなく遠い所", "-"])
def test_there_is_always_something_nearest_and_always_the_same(word: str) -> None:
    near = districts.nearest(word, TOWN)
    assert len(near) == len({district.code for district in near}) == 3
    assert near == districts.nearest(word, TOWN)
    assert len(districts.nearest(word, TOWN[:2])) == 2


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        ("富雄小です。", ("tomio",)),
        ("青山こども園の保護者です", ("tomio",)),
        ("富雄第3と緑が丘をお願いします", ("tomio-3", "midori")),
        ("富雄三、緑ケ丘小", ("tomio-3", "midori")),
        ("市立富雄南小学校に通っています", ("tomio-minami",)),
        ("トミオに住んでいます", ("tomio",)),
        ("富 雄", ("tomio",)),
        ("I agree to all terms. tomio-minami, please.", ("tomio-minami",)),
        ("All districts, please.", tuple(district.code for district in TOWN)),
        ("全域でお願いします", tuple(district.code for district in TOWN)),
    ],
)
def test_an_answer_to_the_form_is_read_with_the_same_words(answer: str, codes: tuple[str, ...]) -> None:
    assert districts.mentioned(answer, TOWN) == Choice(codes=codes)


@pytest.mark.parametrize(
    "answer",
    ["富雄小児科の隣です", "富雄第四です", "富雄ひがし", "taro.tomio@school.example", "富雄ニュースを見て", "全員"],
)
def test_a_name_within_a_longer_word_is_not_read(answer: str) -> None:
    assert districts.mentioned(answer, TOWN) == Choice()


@pytest.mark.parametrize(
    "text", ["富雄が" * 50_000, "富雄 " * 100_000, "第" * 200_000, " ".join(map(str, range(50_000)))]
)
def test_no_text_takes_long(text: str) -> None:
    begun = time.process_time()
    districts.choose(text, TOWN)
    districts.mentioned(text, TOWN)
    assert time.process_time() - begun < 5
