"""The pictures of a delivery: what is drawn is what was counted (protocol 11.1)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.delivery import picture
from gateway.delivery.chart import COLUMNS, DEED, lay_out
from gateway.delivery.facts import Facts, facts, said
from gateway.typography.marks import HEIGHT, WIDTH, Panel, Text
from storage.deliveries import Delivery, Reach
from storage.records import Alert, AlertState
from tests.fakes.village import TOWN

NOW = datetime(2026, 8, 3, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TOKYO = ZoneInfo("Asia/Tokyo")


def an_alert(matched: int, relayed: int, **other: object) -> Alert:
    known: dict[str, object] = {
        "id": 1, "year": 2026, "number": 7, "state": AlertState.RELAYED, "author": "taro", "organisation": "富雄小学校",
        "category": "suspicious", "districts": ("tomio", "obitoke"), "accepted_at": NOW, "expires_at": NOW,
        "finished_at": NOW + 60 * SECOND, "failed": 0, "waiting": 0,
    }  # fmt: skip
    return Alert(**{**known, "matched": matched, "relayed": relayed, **other})  # type: ignore[arg-type]


def told(curve: list[tuple[int, int]], domains: dict[str, tuple[int, int]] | None = None, **other: object) -> Facts:
    delivery = Delivery(
        districts={"tomio": Reach(matched=83, relayed=61, failed=2, waiting=20),
                   "obitoke": Reach(matched=4, relayed=4, failed=0, waiting=0)},
        domains=domains or {},
        codes={},
        curve=tuple((NOW + seconds * SECOND, copies) for seconds, copies in curve),
    )  # fmt: skip
    relayed = curve[-1][1] if curve else 0
    return facts(an_alert(100, relayed, **other), delivery, TOWN, NOW + 90 * SECOND)


# --- facts --------------------------------------------------------------------------------------


def test_11_1_districts_are_told_in_fives() -> None:
    tomio, obitoke = told([]).districts
    assert (tomio.name, tomio.matched, tomio.relayed, tomio.failed) == ("富雄", (80, 84), (60, 64), (0, 4))
    assert (obitoke.name, obitoke.matched) == ("帯解", (0, 4))
    assert (obitoke.done, said(obitoke.failed)) == (1.0, "0")  # all of them, and it names nobody
    assert (tomio.done, said(tomio.failed)) == (60 / 80, "5未満")


def test_11_1_a_domain_of_fewer_than_five_copies_is_told_with_the_others_only() -> None:
    domains = {
        "big.example": (40, 2),
        "tanaka.example": (1, 0),
        "four.example": (3, 1),
        "": (6, 0),
        "five.example": (5, 0),
    }
    shown = [(bar.code, bar.relayed, bar.failed) for bar in told([], domains).domains]
    assert shown == [("big.example", (40, 44), (0, 4)), ("five.example", (5, 9), (0, 0)), ("", (10, 14), (0, 4))]


def test_11_1_times_are_counted_from_the_release() -> None:
    found = told([(10, 40), (20, 94), (30, 100)])
    assert [found.seconds_to(share) for share in (40, 50, 95, 100)] == [10.0, 20.0, 30.0, 30.0]
    released = told([(10, 40), (30, 100)], released_at=NOW + 5 * SECOND)
    assert released.seconds_to(50) == 25.0
    assert told([]).seconds_to(50) is None


def test_11_1_a_share_that_a_running_alert_has_not_reached_is_not_told() -> None:
    runs = told([(10, 40), (20, 60)], state=AlertState.RELAYING, finished_at=None)
    assert [runs.seconds_to(share) for share in (40, 50, 95, 100)] == [10.0, 20.0, None, None]


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("done", "filled"), [(-1, 0), (0, 0), (0.5, 20), (0.999, 39), (1, 40), (2, 40)])
def test_a_bar_is_as_long_as_what_is_done(done: float, filled: int) -> None:
    assert picture.bar(done) == "█" * filled + "░" * (40 - filled)


def test_11_1_the_curve_climbs_and_ends_at_what_was_handed_over() -> None:
    lines = picture.curve(told([(15, 25), (30, 50), (45, 75), (60, 100)]), TOKYO)
    assert len(lines) == picture.HEIGHT + 2
    widths = [line.count("█") for line in lines[: picture.HEIGHT]]
    assert widths == sorted(widths)
    assert lines[0].startswith("100 ┤")
    assert widths[0] == 1  # all of them only in the last column
    assert widths[-1] == 46  # from a quarter of the time on, the lowest row is full
    assert lines[-1].strip().endswith(f"{(NOW + 60 * SECOND).astimezone(TOKYO):%H:%M:%S}")


def test_11_1_without_copies_there_is_no_curve() -> None:
    assert picture.curve(told([]), TOKYO) == []


def test_11_1_an_alert_that_was_over_at_once_is_drawn_too() -> None:
    lines = picture.curve(told([(0, 100)]), TOKYO)
    assert lines[0].count("█") == picture.WIDTH


@pytest.mark.parametrize(("seconds", "said"), [(None, "-"), (0, "0.0 秒"), (59.94, "59.9 秒"), (61, "1 分 1 秒")])
def test_a_duration_as_people_say_it(seconds: float | None, said: str) -> None:
    assert picture.duration(seconds) == said


# --- the sheet ----------------------------------------------------------------------------------


def test_11_1_the_sheet_holds_all_of_it_within_its_edges() -> None:
    many = {f"mail{number}.example": (20, 1) for number in range(30)}
    sheet = lay_out(told([(20, 40), (60, 96)], many), TOWN, NOW)
    for mark in sheet.marks:
        if isinstance(mark, Text):
            left, top, right, bottom = mark.box
        else:
            assert isinstance(mark, Panel)
            left, top, right, bottom = mark.x, mark.y, mark.x + mark.width, mark.y + mark.height
        assert left >= 10
        assert right <= WIDTH - 10
        assert top >= 10
        assert bottom <= HEIGHT - 5
    texts = [mark.text for mark in sheet.marks if isinstance(mark, Text)]
    assert "配信の記録　2026-0007" in texts
    assert {"富雄", "帯解", "mail0.example"} <= set(texts)


def test_11_1_the_area_of_the_sheet_is_as_tall_as_the_share_that_was_handed_over() -> None:
    sheet = lay_out(told([(30, 50), (60, 100)]), TOWN, NOW)
    columns = [mark for mark in sheet.marks if isinstance(mark, Panel) and mark.colour == DEED and not mark.radius]
    assert len(columns) == COLUMNS
    assert columns[0].height == 0
    assert columns[COLUMNS // 2].height == pytest.approx(columns[-1].height / 2)
