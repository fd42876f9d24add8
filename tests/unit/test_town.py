"""Fiscal years (protocol 3.9) and who is enrolled."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from handlers.town import Calendar
from storage.records import Address
from tests.fakes.village import TEACHER, TOWN

TOKYO = ZoneInfo("Asia/Tokyo")
CALENDAR = Calendar(timezone=TOKYO)


@pytest.mark.parametrize(
    ("moment", "years"),
    [
        (datetime(2026, 4, 1, 0, 0, tzinfo=TOKYO), (2026,)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=TOKYO), (2026,)),
        (datetime(2027, 2, 28, 23, 59, tzinfo=TOKYO), (2026,)),
        (datetime(2027, 3, 1, 0, 0, tzinfo=TOKYO), (2026, 2027)),
        (datetime(2027, 3, 31, 23, 59, tzinfo=TOKYO), (2026, 2027)),
        (datetime(2027, 4, 1, 0, 0, tzinfo=TOKYO), (2027,)),
        (datetime(2027, 3, 31, 15, 0, tzinfo=UTC), (2027,)),  # midnight in Tokyo
    ],
)
def test_3_9_in_march_two_years_are_open(moment: datetime, years: tuple[int, ...]) -> None:
    assert CALENDAR.open_years(moment) == years
    assert CALENDAR.year(moment) == years[0]


def test_a_fiscal_year_ends_on_the_last_day_of_march() -> None:
    assert CALENDAR.last_day(2026) == date(2027, 3, 31)


@pytest.mark.parametrize(
    ("moment", "years"),
    [
        (datetime(2026, 11, 30, 12, tzinfo=TOKYO), (2026,)),
        (datetime(2026, 12, 15, 12, tzinfo=TOKYO), (2026, 2027)),
        (datetime(2027, 1, 1, 0, tzinfo=TOKYO), (2027,)),
    ],
)
def test_a_year_may_also_end_in_december(moment: datetime, years: tuple[int, ...]) -> None:
    calendar = Calendar(timezone=TOKYO, year_ends=(12, 31), next_year_opens=(12, 1))
    assert calendar.open_years(moment) == years


def test_a_next_year_may_open_before_the_turn_of_the_calendar_year() -> None:
    calendar = Calendar(timezone=TOKYO, next_year_opens=(12, 1))
    assert calendar.open_years(datetime(2026, 12, 2, tzinfo=TOKYO)) == (2026, 2027)


def test_5_1_only_an_enrolled_address_is_a_member_of_staff() -> None:
    found = TOWN.staff_member(TEACHER)
    assert found is not None
    assert found.id == "taro"
    assert TOWN.staff_member(Address("saburo@school.example")) is None
