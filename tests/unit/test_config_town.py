"""Reading districts, categories, staff and terms: the Town, or what is wrong with it (protocol 9)."""

import hashlib
from pathlib import Path

import pytest

from handlers.town import Category, District
from tests.fakes.configuration import LEAST, TERMS, Complain, Load


def test_the_town_is_built_from_sections_and_tables(read: Load) -> None:
    town = read(
        LEAST
        + """
kana = "とみお"
aliases = ["富小"]
[[staff]]
address = "Kyoto@School.example.jp"
[[staff]]
id = "tomio"
address = "tomio@school.example.jp"
organisation = "富雄小"
districts = ["富雄"]
categories = ["notice"]
may_release = true
[limits]
letters_per_address_a_day = 3
[registration]
pending_hours = 24
"""
    ).town
    assert town.districts == (District(code="tomio", name="富雄", kana="とみお", aliases=("富小",)),)
    assert town.categories == (Category(code="notice", name="お知らせ"),)
    first, second = town.staff
    assert (first.id, first.organisation, first.districts) == ("staff-1", "見守り市", ("*",))
    assert first.address.canonical == "kyoto@school.example.jp"
    assert (second.id, second.districts, second.categories, second.may_release) == (
        "tomio",
        ("tomio",),
        ("notice",),
        True,
    )
    assert (town.letters_per_day, town.pending_hours, town.limits["mime_parts"]) == (3, 24, 30)


def test_the_terms_carry_the_version_of_their_first_line_and_the_digest_of_the_file(read: Load) -> None:
    terms = read(LEAST).town.terms
    assert terms.version == "2026-04-01"
    assert terms.digest == hashlib.sha256(TERMS.encode()).hexdigest()
    assert "利用規約" in terms.text


def test_terms_without_a_version_are_known_by_their_digest(read: Load, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("規約", encoding="utf-8")
    terms = read(LEAST + '[registration]\nterms = "own.txt"').town.terms
    assert terms.version == terms.digest[:8]


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("port = 1", "16: [[staff]] port: unknown setting; known are"),
        ("organisation = 3", "16: [[staff]] organisation: a text in quotation marks"),
        ('may_release = "yes"', "16: [[staff]] may_release: true or false"),
        ('districts = "tomio"', "16: [[staff]] districts: a list is needed"),
        ("districts = []", '16: [[staff]] districts: nobody could post with an empty list; write ["*"]'),
        ('districts = ["*", "tomio"]', '16: [[staff]] districts: "*" stands alone'),
        (
            'categories = ["weather"]',
            '16: [[staff]] categories: there is no [[categories]] "weather"; known are notice',
        ),
        ('[[staff]]\naddress = "b@school.example.jp"\nid = "a b"', "18: [[staff]] id: a code has"),
        ('id = "again"', "16: not TOML: Cannot overwrite a value; each may stand once"),
        ('keys = ["s1"]', '16: [[staff]] keys: write a key as "SELECTOR:BASE64"'),
        ('[[staff]]\naddress = "A@school.example.jp"', "17: [[staff]] address: the same address as the one on line 13"),
        (
            '[[staff]]\naddress = "b@school.example.jp"\nid = "Tomio-1"',
            "18: [[staff]] id: the same id as the one on line 13",
        ),
        ("[[staff]]", "16: [[staff]] address: missing; it must be set"),
    ],
)
def test_what_is_wrong_with_staff_is_said_where_it_stands(complain: Complain, added: str, expected: str) -> None:
    said = complain(f'{LEAST}# …\n[[staff]]\naddress = "a@school.example.jp"\nid = "tomio-1"\n{added}\n')
    assert len(said) == 1
    assert said[0].startswith(f"config.toml:{expected}")


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ('code = "TOMIO"\nname = "別"', '13: [[districts]] code: "TOMIO" is taken by the one on line 9'),
        ('code = "x"\nname = "富雄"', '14: [[districts]] name: "富雄" is taken'),
        ('code = "x"\nname = "X2"\nkana = "トミオ"', None),
        ('code = "x"\nname = "別"\naliases = ["ﾄﾐｵ", "TOMIO"]', '15: [[districts]] aliases: "TOMIO" is taken'),
        ('code = "x"\nname = "全域"', '14: [[districts]] name: "全域" means all districts'),
        ('code = "x"\nname = "別"\naliases = ["1"]', '15: [[districts]] aliases: "1" would be taken for number 1'),
        ('code = "2"\nname = "別"', None),
        ('code = "富雄"\nname = "別"', "13: [[districts]] code: a code has"),
        ('code = "x"', "12: [[districts]] name: missing"),
        ('code = "x"\nname = "a\\nb"', "14: [[districts]] name: one line without control characters"),
    ],
)
def test_no_two_districts_may_be_called_alike(complain: Complain, read: Load, added: str, expected: str | None) -> None:
    text = f"{LEAST}[[districts]]\n{added}\n"
    if expected is None:
        assert len(read(text).town.districts) == 2
    else:
        assert [line.startswith(f"config.toml:{expected}") for line in complain(text)] == [True]


def test_a_name_with_a_separator_within_is_warned_about(read: Load) -> None:
    assert "separator" in read(LEAST + 'aliases = ["富雄・南"]').warnings[0]


def test_a_clash_of_category_names_is_an_error(complain: Complain) -> None:
    said = complain(LEAST + '[[categories]]\ncode = "other"\nname = "別"\naliases = ["お知らせ"]\n')
    assert said == ['config.toml:15: [[categories]] aliases: "お知らせ" is taken by the one on line 5; choose another']


def test_terms_that_are_empty_or_not_utf8_are_errors(complain: Complain, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "sjis.txt").write_bytes("規約".encode("shift_jis"))
    assert "is empty" in complain(LEAST + '[registration]\nterms = "empty.txt"')[0]
    assert "is not UTF-8" in complain(LEAST + '[registration]\nterms = "sjis.txt"')[0]
