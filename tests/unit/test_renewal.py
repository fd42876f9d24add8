"""When residents are asked whether to go on, what the letter says, and what its answer will do (protocol 3.9)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.rounds import years
from handlers import renewal
from storage.records import Address, RequestKind
from tests.fakes.village import MOTHER, TOWN, subscription

ASKING = replace(TOWN, renewal_letter=(3, 5))
JAPAN = TOWN.calendar.timezone


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2027, 3, 4, 12, tzinfo=JAPAN), False),
        (datetime(2027, 3, 5, 0, tzinfo=JAPAN), False),
        (datetime(2027, 3, 5, 8, 59, tzinfo=JAPAN), False),
        (datetime(2027, 3, 5, 9, tzinfo=JAPAN), True),
        (datetime(2027, 3, 5, 0, tzinfo=UTC), True),
        (datetime(2027, 3, 20, 19, 59, tzinfo=JAPAN), True),
        (datetime(2027, 3, 20, 20, tzinfo=JAPAN), False),
        (datetime(2027, 3, 31, 12, tzinfo=JAPAN), True),
        (datetime(2027, 4, 1, 12, tzinfo=JAPAN), False),
        (datetime(2026, 8, 3, 12, tzinfo=JAPAN), False),
    ],
)
def test_3_9_residents_are_asked_from_the_day_on_until_the_year_ends_and_never_at_night(
    now: datetime, due: bool
) -> None:
    assert renewal.due(ASKING, now) is due
    assert not renewal.due(TOWN, now)  # no day is set


def test_3_9_a_day_before_the_next_year_opens_waits_for_it() -> None:
    early = replace(TOWN, renewal_letter=(2, 20))
    assert not renewal.due(early, datetime(2027, 2, 25, 12, tzinfo=JAPAN))
    assert renewal.due(early, datetime(2027, 3, 1, 12, tzinfo=JAPAN))


def test_3_9_a_year_that_ends_in_december_opens_the_next_in_november() -> None:
    calendar = replace(TOWN.calendar, year_ends=(1, 15), next_year_opens=(12, 20))
    winter = replace(TOWN, calendar=calendar, renewal_letter=(12, 27))
    assert not renewal.due(winter, datetime(2026, 12, 26, 12, tzinfo=JAPAN))
    assert renewal.due(winter, datetime(2026, 12, 27, 12, tzinfo=JAPAN))
    assert renewal.due(winter, datetime(2027, 1, 15, 12, tzinfo=JAPAN))
    assert not renewal.due(winter, datetime(2027, 1, 16, 12, tzinfo=JAPAN))


def test_3_9_the_letter_asks_for_the_same_districts_of_the_next_year_and_dies_with_this_one() -> None:
    letter = renewal.letter(subscription({"tomio", "obitoke"}), ASKING)
    request = letter.request
    assert request is not None
    assert (letter.to, request.kind, request.years) == (MOTHER, RequestKind.RENEW, (2026, 2027))
    assert request.districts == {"tomio", "obitoke"}
    assert request.terms == (TOWN.terms.version, TOWN.terms.digest)
    assert request.expires_at == datetime(2027, 4, 1, tzinfo=JAPAN)
    assert "地区：富雄、帯解\n期間：2028年3月31日まで" in letter.text
    assert "2027年3月31日で終わり" in letter.text
    assert TOWN.terms.text in letter.text
    assert not letter.counted


def test_a_district_that_is_no_longer_there_is_not_asked_for() -> None:
    letter = renewal.letter(subscription({"tomio", "gone"}, address=Address("a@b.example")), ASKING)
    assert letter.request is not None
    assert letter.request.districts == {"tomio"}


def test_the_next_round_comes_right_after_midnight_and_else_after_its_interval() -> None:
    before = datetime(2027, 2, 28, 23, 58, tzinfo=JAPAN)
    assert years.pause(TOWN.calendar, before) == pytest.approx(120, abs=1)
    assert years.pause(TOWN.calendar, before.astimezone(UTC)) > 120
    assert years.pause(TOWN.calendar, before - timedelta(hours=1)) == years.INTERVAL_SECONDS
