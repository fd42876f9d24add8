"""A list of districts from a spreadsheet: reading it, the codes, and what it changes."""

from pathlib import Path

import pytest

from gateway import districts_csv, districts_plan, example
from gateway.commands import districts as command
from gateway.config import ConfigError
from gateway.districts_counts import grouped, shown
from gateway.romanisation import code_of
from handlers.town import District

SHEET = "コード,名称,よみがな,別名,学校\n,浜手,はまて,浜・はま,浜手小学校/浜手こども園\nyama,山手,やまて,,\n"
OLD = (
    District(code="hama", name="浜手", kana="はまて", aliases=("浜",)),
    District(code="eki", name="駅前", kana="えきまえ"),
    District(code="shima", name="中島", kana="なかじま", aliases=("中の島",)),
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "terms.ja.txt").write_text("版: 1\n規約", encoding="utf-8")
    path = tmp_path / "config.toml"
    path.write_text(example.render().replace('districts = ["tomio", "tomio-minami"]', 'districts = ["*"]'), "utf-8")
    return path


def listed(tmp_path: Path, text: str, encoding: str = "utf-8") -> districts_csv.Listed:
    file = tmp_path / "list.csv"
    file.write_bytes(text.encode(encoding))
    return districts_csv.read(file)


def completed(tmp_path: Path, text: str, before: tuple[District, ...] = OLD) -> list[dict[str, object]]:
    tables, problems = districts_plan.complete(listed(tmp_path, text), before)
    assert problems == []
    return tables


def codes(tmp_path: Path, text: str, before: tuple[District, ...] = OLD) -> list[object]:
    return [table["code"] for table in completed(tmp_path, text, before)]


def complaints(tmp_path: Path, config: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        command.judged(config, listed(tmp_path, text), OLD)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("shift_jis", "Shift_JIS (cp932)"), ("cp932", "Shift_JIS (cp932)")],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_encoding_of_a_spreadsheet_is_read_and_named(
    tmp_path: Path, encoding: str, said: str, line_end: str
) -> None:
    found = listed(tmp_path, SHEET.replace("\n", line_end), encoding)
    assert found.encoding == said
    assert [(row.line, row.code, row.name, row.kana) for row in found.rows] == [
        (2, "", "浜手", "はまて"),
        (3, "yama", "山手", "やまて"),
    ]
    assert found.rows[0].schools == ("浜手小学校", "浜手こども園")
    assert found.problems == found.ignored == ()


def test_signs_that_only_windows_has_are_read(tmp_path: Path) -> None:
    assert listed(tmp_path, "名称\n髙①\n", "cp932").rows[0].name == "髙①"


@pytest.mark.parametrize(
    "header",
    ["schools,name,aliases,code,kana", "学校,名称,別名,コード,よみがな", "ｓｃｈｏｏｌｓ,NAME,別 名,ｺｰﾄﾞ,フリガナ"],
)
def test_columns_may_stand_in_any_order_and_language(tmp_path: Path, header: str) -> None:
    (row,) = listed(tmp_path, f"{header}\n浜手小,浜手,浜,hama,はまて\n").rows
    assert (row.code, row.name, row.kana, row.aliases, row.schools) == ("hama", "浜手", "はまて", ("浜",), ("浜手小",))


@pytest.mark.parametrize("separator", ["・", "･", "、", ";", "；", "/", "／", " ; ", "、、"])
def test_each_separator_parts_aliases(tmp_path: Path, separator: str) -> None:
    assert listed(tmp_path, f"名称,別名\n浜手,浜{separator}はま{separator}\n").rows[0].aliases == ("浜", "はま")


def test_unknown_columns_are_reported_and_blank_rows_are_not(tmp_path: Path) -> None:
    found = listed(tmp_path, "名称,世帯数,備考\n,,\n浜手,3,\n\n")
    assert found.ignored == ("世帯数", "備考")
    assert [row.line for row in found.rows] == [3]


def test_a_cell_of_several_lines_keeps_the_lines_in_step(tmp_path: Path) -> None:
    found = listed(tmp_path, '名称,別名\n浜手,"浜\nはま"\n山手,\n')
    assert [(row.line, row.aliases) for row in found.rows] == [(2, ("浜", "はま")), (4, ())]


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "empty"),
        ("コード,よみ\na,b\n".encode(), "no column 名称"),
        ("名称,name\na,b\n".encode(), "two columns mean the same: name (名称)"),
        ("名称\n浜手\n".encode("utf-16"), "neither UTF-8 nor Shift_JIS"),
        ("名称\n浜手\n".encode() + b"\xff\xff", "neither UTF-8 nor Shift_JIS"),
        ('名称\n"浜手\n'.encode(), "not CSV"),
        (b"x" * 2_000_000, "too large"),
    ],
)
def test_what_is_no_list_is_refused_with_a_remedy(tmp_path: Path, octets: bytes, said: str) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(octets)
    with pytest.raises(ConfigError) as caught:
        districts_csv.read(file)
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        districts_csv.read(tmp_path / "none.csv")


def test_every_problem_is_said_at_once_with_its_line(tmp_path: Path, config: Path) -> None:
    said = complaints(
        tmp_path,
        config,
        "コード,名称,よみがな,別名\nhama,浜手,浜手,\n,,えき,\n,東山,,\nHAMA,西山,にし,\n"
        "x,全域,,\ny,北山,きた,浜手,多い\na b,南,,\n",
    )
    starts = [line.split(" / ")[0].rpartition(": ")[0].split(": ")[0] for line in said]
    assert starts == [f"list.csv:{line}" for line in (2, 3, 4, 5, 6, 7, 7, 8)]
    assert "kanji in the kana" in said[0]
    assert "name: missing" in said[1]
    assert "no code can be made" in said[2]
    assert '"HAMA" is taken by the one on line 2' in said[3]
    assert "means all districts" in said[4]
    assert "more cells than columns" in said[5]
    assert '"浜手" is taken by the one on line 2' in said[6]
    assert "a code has" in said[7]


def test_a_list_without_districts_is_an_error(tmp_path: Path, config: Path) -> None:
    assert any("no district below" in line for line in complaints(tmp_path, config, "名称,よみがな\n"))


def test_staff_whose_district_is_gone_are_named_where_they_stand(tmp_path: Path, config: Path) -> None:
    config.write_text(example.render(), "utf-8")
    said, lacking = complaints(tmp_path, config, "名称,よみがな\n富雄,とみお\n")
    assert said.startswith("config.toml:")
    assert '[[staff]] districts: there is no [[districts]] "tomio-minami"' in said
    assert lacking.startswith("list.csv: ")
    assert "add them to the list" in lacking


# --- codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kana", "code"),
    [
        ("とみお", "tomio"),
        ("シンジュク", "shinjuku"),
        ("まっちゃ", "matcha"),
        ("ちゅうおう", "chuo"),
        ("おおつ", "otsu"),
        ("ﾆｭｰﾀｳﾝ", "nyutaun"),
        ("ふしみ みなみ", "fushimi-minami"),
        ("だい３", "dai3"),
        ("じょうとう", "joto"),
        ("づか", "zuka"),
        ("しんいけ", "shinike"),
        ("ファミリー", "famiri"),
        ("ほっかいどう", "hokkaido"),
        ("あ" * 60, "a" * 40),
        ("富雄", None),
        ("っー", None),
        ("", None),
    ],
)
def test_kana_become_letters_as_on_station_signs(kana: str, code: str | None) -> None:
    assert code_of(kana) == code


def test_a_known_district_keeps_its_code(tmp_path: Path) -> None:
    assert codes(tmp_path, "名称,よみがな\n駅前,ちがうよみ\n浜手,はまて\n") == ["eki", "hama"]


def test_a_district_is_known_by_another_of_its_names(tmp_path: Path) -> None:
    assert codes(tmp_path, "名称,よみがな\n中の島,なかのしま\n") == ["shima"]


def test_a_code_keeps_the_letters_that_the_register_knows(tmp_path: Path) -> None:
    assert codes(tmp_path, "コード,名称\nHAMA,新浜手\n") == ["hama"]


def test_new_codes_are_unique_and_never_those_of_others(tmp_path: Path) -> None:
    sheet = "コード,名称,よみがな\n,東町,ひがし\n,東待,ひがし\n,江木,えき\n,灰,はい\nhai,杯,\n"
    assert codes(tmp_path, sheet) == ["higashi", "higashi-2", "eki-2", "hai-2", "hai"]


def test_the_same_list_again_gives_the_same_codes(tmp_path: Path, config: Path) -> None:
    sheet = "名称,よみがな\n東待,ひがし\n東町,ひがしまち\n江木,えき\n東,とう\n"
    first = command.judged(config, listed(tmp_path, sheet), OLD).town.districts
    again = command.judged(config, listed(tmp_path, sheet.replace("東待,ひがし\n", "") + "東待,ひがし\n"), first).town
    assert {each.name: each.code for each in first} == {each.name: each.code for each in again.districts}
    same = command.judged(config, listed(tmp_path, sheet), first).town.districts
    assert districts_plan.compared(first, same).empty


def test_what_the_list_has_no_column_for_stays(tmp_path: Path) -> None:
    kept, renamed = completed(tmp_path, "コード,名称\nhama,浜手\nshima,新島\n")
    assert kept == {"code": "hama", "name": "浜手", "kana": "はまて", "aliases": ["浜"], "schools": []}
    assert renamed["aliases"] == ["中の島", "中島"]  # the old name goes on to be understood


# --- the difference -------------------------------------------------------------------------------


def test_the_difference_is_told_district_by_district(capsys: pytest.CaptureFixture[str]) -> None:
    new = (
        District(code="eki", name="駅前", kana="えきまえ"),
        District(code="hama", name="新浜手", kana="はまて", aliases=("浜手", "浜辺")),
        District(code="yama", name="山手"),
    )
    plan = districts_plan.compared(OLD, new)
    assert not plan.empty
    command.tell(plan)
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "+ 追加 / added: 山手 (yama)",
        "~ 名称変更 / renamed: 浜手 → 新浜手 (hama)",
        "~ 別名の変更 / aliases changed: 新浜手 (hama): -浜 +浜手 +浜辺",
        "- 削除 / removed: 中島 (shima)",
        "  変更なし / unchanged: 1",
    ]
    assert plan.renumbered == (new[0], new[1])


@pytest.mark.parametrize(
    ("count", "text", "bounds"),
    [(0, "5未満", (0, 4)), (4, "5未満", (0, 4)), (5, "5 以上", (5, 9)), (48, "45 以上", (45, 49))],
)
def test_counts_are_told_in_fives(count: int, text: str, bounds: tuple[int, int]) -> None:
    assert (shown(count), grouped(count)) == (text, bounds)
