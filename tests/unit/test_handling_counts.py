"""What a report counts from the audit log (protocol 8.7): people, alerts, small groups, and the days it is about."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.handling import event_words, keys, period, small_groups
from gateway.handling.chapters.safeguards import certificate
from gateway.handling.chapters.saying import NONE
from gateway.handling.charts import axis_step
from gateway.handling.document import Words
from gateway.handling.people import People
from gateway.handling.period import Period
from gateway.handling.postings import Postings
from storage.audit import Entry, canonical
from tests.conftest import CALENDAR

YEAR = period.of_year(CALENDAR, 2026)
MAY = datetime(2026, 5, 10, 3, tzinfo=UTC)


def entry(event: str, subject: str | None = None, at: datetime = MAY, **detail: object) -> Entry:
    value = {"seq": 1, "at": at.isoformat(), "event": event, "mail": None, "subject": subject, "detail": detail}
    return Entry(seq=1, at=at, event=event, text=canonical(value))


def people(*entries: Entry) -> People:
    found = People(YEAR)
    for each in entries:
        found.take(each, each.value())
    return found


def postings(*entries: Entry) -> Postings:
    found = Postings(YEAR)
    for each in entries:
        found.take(each, each.value())
    return found


# --- days ---------------------------------------------------------------------------------------


def test_8_7_a_fiscal_year_is_from_april_to_march_as_the_town_counts() -> None:
    assert (YEAR.first, YEAR.last) == (date(2026, 4, 1), date(2027, 3, 31))
    assert YEAR.begins == datetime(2026, 3, 31, 15, tzinfo=UTC)
    assert YEAR.ends == datetime(2027, 3, 31, 15, tzinfo=UTC)
    assert list(YEAR.months())[::11] == ["2026-04", "2027-03"]
    assert YEAR.month(YEAR.begins) == "2026-04"
    assert YEAR.month(YEAR.begins - timedelta(microseconds=1)) is None
    assert YEAR.month(YEAR.ends - timedelta(microseconds=1)) == "2027-03"
    assert YEAR.month(YEAR.ends) is None


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, (date(2026, 4, 1), date(2026, 5, 10))),
        (date(2026, 5, 2), None, (date(2026, 5, 2), date(2026, 5, 10))),
        (None, date(2026, 3, 31), (date(2025, 4, 1), date(2026, 3, 31))),
        (date(2026, 1, 31), date(2026, 2, 1), (date(2026, 1, 31), date(2026, 2, 1))),
    ],
)
def test_8_7_days_may_be_chosen(since: date | None, until: date | None, expected: tuple[date, date]) -> None:
    found = period.between(CALENDAR, since, until, MAY)
    assert (found.first, found.last) == expected


@given(some.dates(date(2000, 1, 1), date(2100, 1, 1)), some.integers(0, 1000))
def test_8_7_every_day_of_a_period_is_in_one_of_its_months(first: date, days: int) -> None:
    found = Period(first=first, last=first + timedelta(days=days), calendar=CALENDAR)
    expected = sorted({f"{first + timedelta(days=day):%Y-%m}" for day in range(days + 1)})
    assert list(found.months()) == expected


# --- people -------------------------------------------------------------------------------------


def test_8_7_a_second_confirmation_adds_and_a_new_year_renews() -> None:
    found = people(
        entry("subscribe:confirmed", "r-1", years=[2026], way="reply"),
        entry("subscribe:confirmed", "r-1", years=[2026], way="reply"),
        entry("subscribe:confirmed", "r-1", years=[2026, 2027], way="reply"),
        entry("subscribe:confirmed", "r-2", years=[2026, 2027], way="form"),
        entry("change:done", "r-1"),
    )
    assert found.moves["2026-05"] == {"joined": 2, "added": 1, "renewed": 1, "changed": 1}
    assert found.standing() == {2026: 2, 2027: 2}


def test_8_7_only_who_was_there_has_left() -> None:
    found = people(
        entry("unsubscribe:done", "r-9"),  # had asked only
        entry("unsubscribe:done"),  # nobody knows whom it was about
        entry("subscribe:confirmed", "r-1", years=[2026], way="reply"),
        entry("subscribe:confirmed", "r-2", years=[2026], way="reply"),
        entry("unsubscribe:done", "r-1"),
        entry("unsubscribe:done", "r-1"),
        entry("subscriber:forgotten", "r-2", years=[2026], letters=0, requests=0),
    )
    assert found.moves["2026-05"] == {"joined": 2, "left": 1, "forgotten": 1}
    assert found.standing() == {2026: 0}


def test_8_7_what_was_before_the_period_counts_for_who_was_there_and_for_nothing_else() -> None:
    found = people(
        entry("subscribe:confirmed", "r-1", at=YEAR.begins - timedelta(days=3), years=[2026], way="reply"),
        entry("unsubscribe:done", "r-1"),
    )
    assert {month: dict(moves) for month, moves in found.moves.items()} == {"2026-05": {"left": 1}}


def test_8_7_a_destroyed_year_has_nobody() -> None:
    found = people(
        entry("subscribe:confirmed", "r-1", years=[2026, 2027], way="reply"),
        entry("subscribe:seeded", count=40),
        entry("year:destroyed", year=2026),
    )
    assert found.standing() == {2027: 1}


# --- alerts -------------------------------------------------------------------------------------

COPIES = {"matched": 9, "relayed": 8, "failed": 1, "waiting": 0}


def test_8_7_an_alert_is_counted_once_with_its_copies_at_its_end() -> None:
    found = postings(
        entry("alert:accepted", "2026-0001", category="storm", matched=9),
        entry("alert:repeated", "2026-0001", author="board"),
        entry("alert:relayed", "2026-0001", **COPIES),
        entry("alert:refused", "board", cause="no-district"),
        entry("alert:accepted", "2026-0002", category="storm"),
    )
    assert found.by_category() == {
        "storm": {"alerts": 2, "follow_ups": 0, "end_relayed": 1, "end_running": 1, **COPIES},
    }
    assert found.by_month() == {"2026-05": 2}


def test_8_7_a_held_alert_counts_as_one_when_it_is_released() -> None:
    held = (
        entry("alert:held", "2026-0001", category="storm"),
        entry("alert:held", "2026-0002", category="storm"),
        entry("alert:held", "2026-0003", category="storm"),
        entry("alert:released", "2026-0001"),
        entry("alert:relayed", "2026-0001", **COPIES),
        entry("alert:withdrawn", "2026-0002", by="board"),
        entry("alert:expired", "2026-0003", matched=9, relayed=0, failed=0, waiting=0),
    )
    found = postings(*held)
    assert found.by_category()["storm"]["alerts"] == 1
    assert found.handling() == {"held": 3, "released": 1, "withdrawn": 1, "not_released": 1}


def test_8_7_a_follow_up_is_an_alert_and_a_drill_is_none() -> None:
    found = postings(
        entry("alert:accepted", "2026-0001", category="lost"),
        entry("alert:accepted", "2026-0002", category="lost", relation="resolved"),
        entry("drill:sent", "board", category="lost", districts=["hama"], recipients=4),
    )
    assert found.by_month() == {"2026-05": 2}
    assert found.by_relation() == {"resolved": 1}


def test_8_7_an_alert_is_of_the_month_in_which_it_came_whenever_it_ends() -> None:
    found = postings(
        entry("alert:accepted", "2025-0007", at=YEAR.begins - timedelta(hours=1), category="lost"),
        entry("alert:relayed", "2025-0007", **COPIES),
    )
    assert found.by_category() == {}


# --- small groups -------------------------------------------------------------------------------


def test_8_7_small_groups_are_told_together_and_never_alone() -> None:
    found = small_groups.merge({"a": 40, "b": 3, "c": 7, "d": 0})
    assert found.shown == {"a": 40}
    assert found.together == ("b", "c", "d")
    assert found.sum == 10
    assert small_groups.merge({"a": 40, "b": 0}).shown == {"a": 40, "b": 0}
    assert small_groups.merge({"a": 1, "b": 2}).sum is None


@given(some.dictionaries(some.text(min_size=1, max_size=3), some.integers(0, 12), max_size=8))
def test_8_7_whatever_the_counts_no_small_group_can_be_told(counts: dict[str, int]) -> None:
    found = small_groups.merge(counts)
    assert {*found.shown, *found.together} == set(counts)
    assert not set(found.shown) & set(found.together)
    assert all(count == 0 or count >= small_groups.LEAST for count in found.shown.values())
    assert found.sum is None or found.sum >= small_groups.LEAST
    some_are_there = [name for name in found.together if counts[name]]
    assert len(some_are_there) != 1 or found.shown == {} or set(found.shown.values()) == {0}


# --- words and charts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        ("too-large", event_words.FORM),
        ("resent-field", event_words.FORM),
        ("unknown-author", event_words.AUTHOR),
        ("not-aligned", event_words.SIGNATURE),
        ("too-old", event_words.MOMENT),
        ("key-identity", event_words.KEY),
        ("body-altered", event_words.SIGNATURE),
        ("charset", event_words.CONTENT),
        ("no-victim-consent", event_words.CONSENT),
        ("letters-per-network", event_words.LIMIT),
        ("something-new", event_words.OTHER),
    ],
)
def test_8_7_every_cause_is_of_a_kind(cause: str, kind: Words) -> None:
    assert event_words.cause(cause) == kind


@given(some.integers(0, 10_000_000))
def test_the_axis_has_round_numbers_and_few_lines(most: int) -> None:
    step = axis_step(most)
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert most <= step * 4
    assert step == 1 or most > step * 4 / 2.5


# --- keys ---------------------------------------------------------------------------------------


def test_8_7_keys_are_told_with_what_became_of_them(tmp_path: Path) -> None:
    (tmp_path / "root.key").write_text('{"format": 1, "id": "aa", "wrapped": ""}')
    (tmp_path / "2027.key").write_text('{"format": 2, "made": {"cc": null, "dd": "2026-05-01T00:00:00+00:00"}}')
    (tmp_path / "2028.key").write_text("damaged")
    (tmp_path / "audit.key").write_text("-----BEGIN PRIVATE KEY-----")
    acts = [
        entry("key:minted", at=MAY - timedelta(days=9), year=2026),
        entry("key:minted", at=MAY - timedelta(days=8), year=2027),
        entry("key:rotated", at=MAY - timedelta(days=7), year=2026, key="b2"),
        entry("key:retired", at=MAY - timedelta(days=6), year=2026, keys=["b1"], rows=4),
        entry("year:destroyed", at=MAY, year=2026, key=["b2"]),
    ]
    told = [(one.name, one.id, one.made_at, one.destroyed_at) for one in keys.known_keys(tmp_path, acts)]
    assert told == [
        ("2026", "b1", MAY - timedelta(days=9), MAY - timedelta(days=6)),
        ("2026", "b2", MAY - timedelta(days=7), MAY),
        ("2027", "dd", datetime(2026, 5, 1, tzinfo=UTC), None),
        ("2027", "cc", MAY - timedelta(days=8), None),
        ("2028", "?", None, None),
        ("root", "aa", None, None),
    ]


def test_8_7_a_year_that_was_destroyed_by_an_older_version_is_told_without_its_id(tmp_path: Path) -> None:
    acts = [entry("key:minted", at=MAY, year=2026), entry("year:destroyed", at=MAY, year=2026)]
    (told,) = keys.known_keys(tmp_path, acts)
    assert (told.name, told.id, told.made_at, told.destroyed_at) == ("2026", None, MAY, MAY)


def test_8_7_a_certificate_is_told_in_words() -> None:
    rows = {"subscription": 1200, "letter": 3}
    detail = {"year": 2026, "early": True, "rows": rows, "key": ["aa", "bb"], "certificate": "cc" * 32}
    told = certificate(detail)
    assert "before its date" in told
    assert "registrations 1,200" in told
    assert "rows 1,203" in told
    assert "aa, bb" in told
    assert "cc" * 32 in told
    assert certificate({"year": 2026}) == NONE
