"""March, when two fiscal years are open at once, and the night in which one of them ends (protocol 1.2, 3.5, 3.9).

The whole gateway runs in this process, with a clock that the tests turn; its workers and its sockets are real.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway import app
from gateway.config import load
from storage.records import Address, Consent, SaveSubscription
from tests.e2e.dated import ACCEPTED, APRIL, FEBRUARY, JAPAN, LAST_MINUTES, MARCH, Dated, prepared
from tests.e2e.town import BOARD, DOMAIN, alert, until

ASKED = datetime(2027, 3, 5, 9, 10, tzinfo=JAPAN)  # the day of the renewal letter, and not at the full hour
THIS, NEXT = "2027年3月31日", "2028年3月31日"
ALERT = "地区：全域\n区分：迷子\n\n迷子です。\n"
Start = Callable[..., Dated]


@pytest.fixture
def dated(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def start(at: datetime, **sections: Any) -> Dated:
            running = stack.enter_context(prepared(tmp_path, at, sections))
            running.start()
            return running

        yield start


def test_before_march_one_year_is_written_and_from_then_on_two(dated: Start) -> None:
    town = dated(FEBRUARY)
    town.subscribe("early@family.test", "浜手")
    assert town.years() == {"2026": 1}
    assert f"期間：{THIS}まで" in town.arrived("early@family.test")[-1].text
    town.clock.now = MARCH
    town.restart(MARCH)  # whose round mints the next year's key
    town.subscribe("late@family.test", "浜手")
    assert town.years() == {"2026": 2, "2027": 1}
    assert f"期間：{NEXT}まで" in town.arrived("late@family.test")[-1].text
    # 3.4  Who is registered for this year only is not "registered already".
    town.subscribe("early@family.test", "浜手")
    assert town.years() == {"2026": 2, "2027": 2}


def test_status_change_and_leave_act_on_both_years(dated: Start) -> None:
    town = dated(MARCH)
    person = "both@family.test"
    town.subscribe(person, "浜手、山手")
    for text, named in (("地区：－山手", "浜手"), ("地区：＋駅前", "浜手、駅前")):
        count = len(town.arrived(person))
        assert town.write(person, town.ours("change"), text) == ACCEPTED
        assert town.reply(town.await_mail(person, count + 1)[-1]) == ACCEPTED
        assert f"地区：{named}\n" in town.await_mail(person, count + 2)[-1].text
    told = town.told(person).text
    assert f"地区：浜手、駅前（{THIS}まで）\n地区：浜手、駅前（{NEXT}まで）\n" in told

    assert town.post(alert(ALERT, date=town.clock.now)) == ACCEPTED
    (copy,) = town.await_copies(person, 1)  # one copy, though two years know them
    assert town.send(b"", copy.leave, person) == ACCEPTED
    assert town.years() == {}


def test_a_confirmation_after_midnight_writes_the_year_that_is_open_then(dated: Start) -> None:
    town = dated(LAST_MINUTES)
    person = "night@family.test"
    assert town.write(person, town.ours("subscribe"), "地区：浜手\n同意：はい\n") == ACCEPTED
    letter = town.await_mail(person, 1)[0]
    town.clock.now = APRIL
    assert town.reply(letter) == ACCEPTED
    assert f"期間：{NEXT}まで" in town.await_mail(person, 2)[1].text
    assert town.years() == {"2027": 1}


def test_an_alert_reaches_the_residents_of_the_year_of_its_moment_only(dated: Start) -> None:
    town = dated(FEBRUARY)
    town.subscribe("old@family.test", "浜手")
    town.restart(LAST_MINUTES)
    town.subscribe("new@family.test", "浜手")
    assert town.post(alert(ALERT, date=town.clock.now)) == ACCEPTED
    town.await_copies("old@family.test", 1)
    town.await_copies("new@family.test", 1)
    town.clock.now = APRIL
    assert town.post(alert(ALERT.replace("迷子です", "また迷子です"), date=town.clock.now)) == ACCEPTED
    town.await_copies("new@family.test", 2)
    town.await_mail(BOARD, 4)
    assert len(town.copies("old@family.test")) == 1
    assert re.search("2027-0001", "".join(letter.subject for letter in town.arrived(BOARD)))


def test_a_request_dies_after_48_hours_and_its_token_tells_the_next_step(dated: Start) -> None:
    town = dated(FEBRUARY)
    person = "slow@family.test"
    assert town.write(person, town.ours("subscribe"), "地区：浜手\n同意：はい\n") == ACCEPTED
    assert town.write(person, town.ours("subscribe")) == ACCEPTED
    letters = town.await_mail(person, 2)
    town.clock.now = FEBRUARY + timedelta(hours=48, minutes=1)
    for number, letter in enumerate(letters, start=3):
        assert town.reply(letter, "1") == ACCEPTED
        over = town.await_mail(person, number)[-1]
        assert "期限が切れています" in over.text
        assert f"subscribe@{DOMAIN}" in over.text
    assert town.years() == {}


# --- the letter of renewal ----------------------------------------------------------------------

MANY = 70  # more than are asked at once


def seeded(town: Dated, at: datetime) -> list[str]:
    """Residents of the ending year, as if they had registered."""
    people = [f"r{number}@family.test" for number in range(MANY)]
    loaded = load(town.config)
    store = app.open_store(loaded)
    try:
        app.prepare(store, loaded, lambda: at.astimezone(UTC))
        consent = Consent(version=loaded.town.terms.version, digest=loaded.town.terms.digest, at=at, way="reply")
        changes = [
            SaveSubscription(year=2026, address=Address(person), districts=frozenset({"hama", "eki"}), consent=consent)
            for person in people
        ]
        store.write(at.astimezone(UTC), lambda transaction: transaction.apply(changes, (), (), None)).result()
    finally:
        store.close()
    return people


def test_each_resident_of_the_ending_year_is_asked_once_and_an_answer_goes_on(tmp_path: Path) -> None:
    with prepared(tmp_path, MARCH, {"registration": {"renewal_letter": "03-05"}}) as town:
        people = seeded(town, FEBRUARY)
        town.start()
        town.subscribe(people[0], "浜手、駅前")  # has joined the next year already
        assert len(town.sink.received) == 2

        town.restart(ASKED - timedelta(hours=1))  # too early to wake anybody
        assert len(town.sink.received) == 2
        town.restart(ASKED)
        until(lambda: len(town.sink.received) >= 2 + 40, "the first letters")
        town.restart(ASKED + timedelta(minutes=5))  # in the middle of it
        until(lambda: len(town.sink.received) >= 2 + MANY - 1, "a letter to each")
        town.restart(ASKED + timedelta(days=1))
        letter = town.arrived(people[1])[0]
        assert letter.subject == "【みなと市教育委員会】来年度も続けるには、このメールに返信してください"
        assert f"{THIS}で終わり" in letter.text
        assert f"地区：浜手、駅前\n期間：{NEXT}まで" in letter.text
        assert letter.lines <= 25
        assert "http" not in letter.text

        assert town.reply(letter, "続けます") == ACCEPTED
        receipt = town.await_mail(people[1], 2)[1]
        assert f"地区：浜手、駅前\n期間：{NEXT}まで" in receipt.text
        assert town.years() == {"2026": MANY, "2027": 2}
        # An out-of-office is no answer; a cancellation leaves this year as it is.
        unanswered = town.arrived(people[2])[0]
        away = str(unanswered.mail["Reply-To"]).rpartition("<")[2].rstrip(">")
        assert town.write(people[2], away, "away", Auto_Submitted="auto-replied") == ACCEPTED
        assert town.reply(town.arrived(people[3])[0], "取消") == ACCEPTED
        town.await_mail(people[3], 2)
        assert town.years() == {"2026": MANY, "2027": 2}

        town.clock.now = APRIL
        assert town.reply(unanswered) == ACCEPTED
        assert "期限が切れています" in town.await_mail(people[2], 2)[1].text
        town.restart(APRIL)  # before it serves, 2026 is destroyed
        assert town.reply(unanswered)[0] == 550  # nobody can tell any more what it asked
        asked = [len(town.arrived(person)) for person in people]
        assert asked == [2, 2, 2, 2] + [1] * (MANY - 4)
