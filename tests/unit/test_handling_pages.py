"""A report on paper and as text: nothing leaves its page or covers another, whatever stands in it (protocol 8.7)."""

from datetime import UTC, datetime
from itertools import combinations

import pypdfium2
import pytest

from gateway.handling.document import Chart, Document, Facts, Note, Section, Series, Table, Words
from gateway.handling.lines import INNER, MARGIN
from gateway.handling.pages import lay_out
from gateway.handling.pdf import pdf
from gateway.handling.plain import WIDTH, columns, plain
from gateway.typography.marks import HEIGHT, Panel, Text
from gateway.typography.marks import WIDTH as PAPER

LONG = "とても長い名前の組織" * 12
MADE = datetime(2026, 11, 26, 3, tzinfo=UTC)


def table(rows: int, cell: str = "7") -> Table:
    return Table(
        headings=(Words("組織", "organisation"), Words("件数", "count")),
        shape="lr",
        widths=(3.0, 1.0),
        rows=tuple((Words(f"第{number}小学校", f"school {number}"), cell) for number in range(rows)),
        total=("合計 / total", cell),
        empty=Words("ありません", "none"),
    )


def chart(values: tuple[int, ...], other: tuple[int, ...] | None = None) -> Chart:
    months = tuple(f"2026-{number + 1:02d}" for number in range(len(values)))
    series = [Series(name=Words("登録", "in"), values=values)]
    if other is not None:
        series.append(Series(name=Words("解除", "out"), values=other))
    return Chart(title=Words("月別", "by month"), months=months, series=tuple(series))


def document(*blocks: Table | Chart | Facts | Note, sections: int = 1) -> Document:
    return Document(
        title=Words("個人情報取扱状況報告書", "Report"),
        organisation="みなと市教育委員会",
        period="2026年4月1日 〜 2027年3月31日",
        made="2026-11-26 12:00:00 JST",
        sections=tuple(Section(title=Words("登録の状況", "Registrations"), blocks=blocks) for _ in range(sections)),
    )


DOCUMENTS = {
    "a long table": document(table(120)),
    "long words": document(
        Facts(rows=((Words(LONG, "x " * 60), LONG), (Words("短い", ""), "a" * 150))), table(3, "1,234,567,890")
    ),
    "charts": document(
        chart((0,) * 12), chart((1, 0, 9999, 3, 2, 1, 5, 8, 1, 0, 0, 12), (3,) * 12), Note(Words(LONG, "y " * 200))
    ),
    "many chapters": document(table(0), Note(Words("短い", "short")), sections=25),
}


@pytest.mark.parametrize("which", DOCUMENTS)
def test_8_7_everything_is_on_its_page_and_no_words_cover_others(which: str) -> None:
    for page in lay_out(DOCUMENTS[which]):
        texts = [mark for mark in page if isinstance(mark, Text)]
        for mark in texts:
            left, top, right, bottom = mark.box
            assert left >= MARGIN - 0.01
            assert right <= MARGIN + INNER + 0.01, mark.text
            assert top >= 8
            assert bottom <= HEIGHT - 8
        for one, other in combinations(texts, 2):
            assert not overlap(one, other), (one.text, other.text)
        for panel in (mark for mark in page if isinstance(mark, Panel)):
            assert panel.x >= 0
            assert panel.x + panel.width <= PAPER
            assert panel.height >= 0


def overlap(one: Text, other: Text) -> bool:
    (left, top, right, bottom), (l2, t2, r2, b2) = one.box, other.box
    slack = 0.35  # millimetres; a letter's square is larger than the letter
    return left + slack < r2 and l2 + slack < right and top + slack < b2 and t2 + slack < bottom


def test_8_7_a_table_goes_on_below_its_headings_on_the_next_page() -> None:
    pages = lay_out(DOCUMENTS["a long table"])
    assert len(pages) > 2
    for page in pages:
        assert "組織" in [mark.text for mark in page if isinstance(mark, Text)]


def test_8_7_no_chapter_begins_at_the_foot_of_a_page() -> None:
    for page in lay_out(DOCUMENTS["many chapters"]):
        headings = [mark.y for mark in page if isinstance(mark, Text) and "登録の状況" in mark.text and mark.size > 4]
        assert max(headings) < HEIGHT - 45


def test_8_7_the_file_is_a4_numbered_and_can_be_searched() -> None:
    file = pypdfium2.PdfDocument(pdf(DOCUMENTS["a long table"], MADE))
    texts = [page.get_textpage().get_text_bounded() for page in file]
    sizes = {tuple(round(side) for side in page.get_size()) for page in file}
    file.close()
    assert sizes == {(595, 842)}
    for number, text in enumerate(texts, start=1):
        assert f"{number} / {len(texts)}" in text
    assert "個人情報取扱状況報告書" in texts[0]
    assert "第119小学校" in texts[-1]


def test_8_7_as_text_columns_stand_below_each_other() -> None:
    lines = plain(document(table(3), chart((3, 0), (1, 2)), Note(Words(LONG, "y " * 100)))).splitlines()
    start = next(number for number, line in enumerate(lines) if "organisation" in line)
    assert len({columns(line) for line in lines[start : start + 7]}) == 1
    assert any(line.endswith(" 3") and "#" in line for line in lines)
    assert all(columns(line) <= WIDTH for line in lines if "y y" in line or LONG[:5] in line)
