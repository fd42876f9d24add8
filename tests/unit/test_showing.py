"""How commands print for people (protocol 8)."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.commands import showing


def test_8_times_are_those_of_the_town_and_say_so() -> None:
    moment = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert showing.local(moment, ZoneInfo("Asia/Tokyo")) == "2026-04-01 08:30:00 JST"


@pytest.mark.parametrize(
    ("fact", "said"), [(["hama", "eki"], "hama,eki"), ({"rows": 1, "of": ["a", "b"]}, "rows=1,of=a,b"), (None, "None")]
)
def test_8_facts_are_shown_in_plain_words(fact: object, said: str) -> None:
    assert showing.plain(fact) == said


def test_8_a_row_that_goes_into_a_pipe_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    codes = ", ".join(f"district{number}" for number in range(60))
    showing.as_table(("number", "districts"), [("2026-0001", codes)], "")
    assert codes in capsys.readouterr().out
