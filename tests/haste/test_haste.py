"""5.10  The checks for people in haste, on alerts as schools, boards and the police write them; all are invented."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import pytest

from gateway.settings import HASTE_CHECKS
from handlers.haste import KINDS, Finding, noticed
from handlers.texts import staff_en, staff_ja
from handlers.town import District
from tests.fakes.village import TOWN as VILLAGE

NAMES = ("緑台", "山手", "浜町", "西丘", "中央", "南浜")
TOWN = replace(
    VILLAGE,
    districts=tuple(
        District(code=f"d{number}", name=name, schools=(f"{name}小学校",)) for number, name in enumerate(NAMES)
    ),
)
HEAD = re.compile(r"^=== (\d{4}-\d\d-\d\d \d\d:\d\d) \| (.+)\n", re.MULTILINE)
MOST_FALSE = 0.05  # of the well-formed alerts
LEAST_FOUND = 0.95  # of the faults


@dataclass(frozen=True)
class Example:
    received_at: datetime
    faults: frozenset[str]
    subject: str
    text: str


def examples(name: str) -> Iterator[Example]:
    pieces = HEAD.split((Path(__file__).parent / name).read_text(encoding="utf-8"))[1:]
    for at, labels, written in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        moment = datetime.fromisoformat(at).replace(tzinfo=TOWN.calendar.timezone)
        subject, _, text = written.partition("\n")
        yield Example(moment, frozenset(labels.split()) - {"well"}, subject, text)


ALERTS = [*examples("alerts.txt"), *examples("more_alerts.txt")]


def kinds(example: Example) -> set[str]:
    return {finding.kind for finding in noticed(example.subject, example.text, example.received_at, TOWN)}


def test_the_set_is_large_and_knows_every_fault() -> None:
    well = [example for example in ALERTS if not example.faults]
    assert len(ALERTS) >= 60
    assert len(well) >= 40
    assert {fault for example in ALERTS for fault in example.faults} == set(KINDS)


def test_5_10_well_formed_alerts_are_not_held() -> None:
    well = [example for example in ALERTS if not example.faults]
    held = {example.text: found for example in well if (found := kinds(example))}
    assert len(held) <= MOST_FALSE * len(well), held


def test_5_10_the_faults_of_hasty_alerts_are_found() -> None:
    missed = {example.text: lost for example in ALERTS if (lost := example.faults - kinds(example))}
    planted = sum(len(example.faults) for example in ALERTS)
    assert sum(map(len, missed.values())) <= (1 - LEAST_FOUND) * planted, missed


def test_5_10_hasty_alerts_are_told_of_their_own_faults_only() -> None:
    hasty = [example for example in ALERTS if example.faults]
    wrong = {example.text: more for example in hasty if (more := kinds(example) - example.faults)}
    found = sum(len(kinds(example)) for example in hasty)
    assert sum(map(len, wrong.values())) <= MOST_FALSE * found, wrong


# --- one by one ---------------------------------------------------------------------------------

NOW = datetime(2026, 8, 3, 16, 0, tzinfo=TOWN.calendar.timezone)  # a Monday
WELL = "本日15時ごろ、浜町の公園で児童が男に声をかけられました。{}一人で遊ばせないでください。"


def words(said: str, subject: str = "不審者", kind: str = "") -> list[str]:
    found = noticed(subject, WELL.format(said), NOW, TOWN)
    return [finding.word for finding in found if kind in ("", finding.kind)]


def test_5_10_the_kinds_are_those_of_the_setting_and_each_has_a_sentence_for_the_author() -> None:
    assert KINDS == HASTE_CHECKS
    assert set(staff_ja.HASTE) == set(staff_en.HASTE) == set(KINDS)


def test_5_10_only_the_checks_that_are_switched_on_are_made() -> None:
    found = noticed("変な人", "変な人がいました。090-0000-1234", NOW, TOWN, frozenset({"telephone"}))
    assert found == (Finding(kind="telephone", word="090-0000-1234"),)
    assert noticed("変な人", "変な人がいました。090-0000-1234", NOW, TOWN, frozenset()) == ()


def test_a_finding_does_not_show_its_word() -> None:
    assert "090" not in repr(noticed("", "090-0000-1234", NOW, TOWN))


@pytest.mark.parametrize(
    "said",
    ["090-0000-1234", "０９０（００００）１２３４", "080 0000 1234", "0742-00-1111", "+81 90-0000-1234", "電話33-1234"],
)
def test_5_10_telephone_numbers_in_any_form_are_noticed(said: str) -> None:
    assert len(words(f"連絡は{said}へ。", kind="telephone")) == 1


@pytest.mark.parametrize(
    "said",
    ["110番へ。", "119、118へ。", "0742-00-0000へ。", "0742(00)0000へ。", "+81-742-00-0000へ。", "番号2026-0042。",
     "〒000-0000。", "ナンバー12-34。", "2026-08-03。"],
)  # fmt: skip
def test_5_10_public_numbers_the_towns_own_and_other_figures_are_none(said: str) -> None:
    assert words(said) == []


@pytest.mark.parametrize(
    "said", ["taro@school.example", "ｔａｒｏ＠ｓｃｈｏｏｌ．ｅｘａｍｐｌｅ", "taro [at] school.example"]
)
def test_5_10_mail_addresses_are_noticed(said: str) -> None:
    assert len(words(f"連絡は {said} へ。", kind="address")) == 1


def test_5_10_the_services_own_addresses_are_none() -> None:
    assert words(f"登録は subscribe@{TOWN.domain} へ。") == []


@pytest.mark.parametrize(
    "said",
    ["高橋健太くん", "高橋 健太くん", "たかはし けんたくん", "山本隆容疑者", "氏名：鈴木花子", "佐藤 陽菜（8歳）",
     "ジョン・スミスさん", "小林大樹が", "Yuki Tanaka ", "Mr. John Carter "],
)  # fmt: skip
def test_5_10_full_names_are_noticed(said: str) -> None:
    assert len(words(f"関係するのは{said}です。", kind="name")) == 1


@pytest.mark.parametrize(
    "said",
    ["山田さん", "保護者の皆さん", "児童さん", "中村公園", "松本橋", "山田町", "千葉県警", "山口大学", "田中先生",
     "緑台小学校長 山田太郎", "上野駅", "お子さん", "運転手さん", "Hamamachi Park"],
)  # fmt: skip
def test_5_10_family_names_places_and_heads_of_schools_are_none(said: str) -> None:
    assert words(f"{said}から。") == []


@pytest.mark.parametrize("said", ["浜町12番地", "浜町3丁目5番2号", "浜町１－２－３", "浜町二丁目4-5", "203号室"])
def test_5_10_exact_houses_are_noticed(said: str) -> None:
    assert len(words(f"{said}の前。", kind="house-number")) == 1


@pytest.mark.parametrize("said", ["浜町三丁目", "国道24号", "1-2年生", "3番線", "3号車", "2026-8-3"])
def test_5_10_parts_of_a_town_roads_and_classes_are_no_houses(said: str) -> None:
    assert words(f"{said}の前。") == []


OLD = ["昨日", "昨日15時ごろ", "おととい", "8月2日午後3時", "8/2 15:00", "令和8年8月1日", "土曜日の夕方", "本日未明",
       "今朝8時ごろ", "午前9時半", "２日１５時ころ", "7時間前", "2日前", "9時45分", "先週の金曜日",
       "23時ごろ"]  # fmt: skip
FRESH = ["本日", "先ほど", "15時50分", "3時ごろ", "午後3時ごろ", "正午", "今日の昼", "10時30分", "8月3日",
         "8/3 15:00", "月曜日の15時", "令和8年8月3日午後1時", "２０分前", "3日14:30", "夕方"]  # fmt: skip


@pytest.mark.parametrize("said", OLD)
def test_5_10_an_event_of_more_than_six_hours_ago_is_noticed(said: str) -> None:
    text = f"{said}、浜町の公園で児童が男に声をかけられました。一人で遊ばせないでください。"
    assert [finding.kind for finding in noticed("不審者", text, NOW, TOWN)] == ["age"]


@pytest.mark.parametrize("said", FRESH)
def test_5_10_an_event_of_the_last_six_hours_is_not(said: str) -> None:
    text = f"{said}、浜町の公園で児童が男に声をかけられました。一人で遊ばせないでください。"
    assert noticed("不審者", text, NOW, TOWN) == ()


def test_5_10_the_hours_are_those_of_the_towns_zone() -> None:
    text = "15時50分ごろ、浜町の公園で児童が男に声をかけられました。一人で遊ばせないでください。"
    assert noticed("不審者", text, NOW.astimezone(UTC), TOWN) == ()


@pytest.mark.parametrize(
    "text",
    ["あ" * 20_000, "0-" * 10_000, "1" * 20_000, "山田" * 10_000, "a@" * 10_000, "本日" * 10_000],
)
def test_a_long_alert_costs_little(text: str) -> None:
    before = process_time()
    noticed("不審者", text * 10, NOW, TOWN)
    assert process_time() - before < 1.0
