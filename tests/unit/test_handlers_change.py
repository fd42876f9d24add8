"""change@ and status@ (protocol 2, 4.2, 4.4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from handlers import change, letters, status
from handlers.mail import Verdict
from handlers.outcome import Outcome
from handlers.replies import NO_AUTHOR
from storage.records import AuditEvent, NewRequest, RequestKind, SaveSubscription
from tests.fakes.reader import Facts
from tests.fakes.village import MOTHER, NOW, TERMS, TOWN, mail, subscription

HELD = Facts(held=[subscription(["tomio"])])
PROVEN = Verdict(author=MOTHER)


def ask(body: str = "", facts: Facts = HELD, verdict: Verdict | None = None, **other: Any) -> Outcome:
    return change.handle(mail("change", body, **other), verdict or Verdict(), facts, TOWN)


def tell(body: str = "", facts: Facts = HELD, verdict: Verdict | None = None, **other: Any) -> Outcome:
    return status.handle(mail("status", body, **other), verdict or Verdict(), facts, TOWN)


def request(kind: RequestKind, **other: Any) -> NewRequest:
    return NewRequest(
        kind=kind,
        address=MOTHER,
        years=(2026,),
        terms=(TERMS.version, TERMS.digest),
        expires_at=NOW + timedelta(hours=48),
        **other,
    )


@pytest.mark.parametrize(
    ("value", "added", "removed", "replaces"),
    [
        ("帯解", {"obitoke"}, set(), True),
        ("+帯解", {"obitoke"}, set(), False),
        ("＋帯解", {"obitoke"}, set(), False),
        ("-富雄", set(), {"tomio"}, False),
        ("－富雄", set(), {"tomio"}, False),
        ("−富雄", set(), {"tomio"}, False),
        ("+帯解、-富雄", {"obitoke"}, {"tomio"}, False),
        ("+ 帯解､- 富雄", {"obitoke"}, {"tomio"}, False),
        ("+tomio-minami", {"tomio-minami"}, set(), False),
        ("帯解 -富雄", {"obitoke"}, {"tomio"}, True),
        ("-全域", set(), {"tomio", "tomio-minami", "obitoke", "ayameike"}, False),
    ],
)
@pytest.mark.parametrize("facts", [HELD, Facts()])
def test_4_4_a_change_is_confirmed_first_known_or_not(
    value: str, added: set[str], removed: set[str], replaces: bool, facts: Facts
) -> None:
    wish = request(
        RequestKind.CONFIRM_CHANGE, districts=frozenset(added), removed=frozenset(removed), replaces=replaces
    )
    found = ask(f"地区：{value}", facts)
    text = letters.confirm_change("ja", TOWN, wish)
    assert found.audit == (AuditEvent(event="change:pending", about=MOTHER),)
    assert [(letter.text, letter.request) for letter in found.letters] == [(text.body, wish)]


def test_4_4_a_proven_author_changes_at_once_in_every_year() -> None:
    held = Facts(held=[subscription(["tomio"]), subscription(["tomio", "ayameike"], 2027)])
    found = ask("地区：+帯解", held, PROVEN)
    assert found.changes == (
        SaveSubscription(year=2026, address=MOTHER, districts=frozenset({"tomio", "obitoke"})),
        SaveSubscription(year=2027, address=MOTHER, districts=frozenset({"tomio", "obitoke", "ayameike"})),
    )
    assert found.letters[0].text == letters.changed("ja", TOWN, ["tomio", "obitoke"], 2027).body


@pytest.mark.parametrize("body", ["", "帯解に変えてください", "地区：", "地区：、"])
def test_2_3_a_change_without_a_district_is_told_how(body: str) -> None:
    found = ask(body)
    assert found.changes == ()
    assert found.letters[0].text == letters.change_how("ja", TOWN).body


@pytest.mark.parametrize("body", ["地区：富尾", "地区：+富尾", "地区：-富尾、帯解"])
def test_2_3_an_unknown_district_gets_the_nearest_names(body: str) -> None:
    assert ask(body).letters[0].text == letters.unknown_district("ja", TOWN, ("富尾",)).body


def test_2_3_a_field_that_does_not_belong_here_stops_everything() -> None:
    found = ask("同意：はい\n地区：帯解")
    assert found.audit == (AuditEvent(event="change:mistaken", about=MOTHER),)
    assert "1行目" in found.letters[0].text


@pytest.mark.parametrize("facts", [HELD, Facts()])
def test_4_4_a_status_is_confirmed_first_known_or_not(facts: Facts) -> None:
    found = tell("教えてください", facts)
    text = letters.confirm_status("ja", TOWN)
    expected = (text.body, request(RequestKind.CONFIRM_STATUS))
    assert [(letter.text, letter.request) for letter in found.letters] == [expected]
    assert found.audit == (AuditEvent(event="status:pending", about=MOTHER),)


def test_4_4_a_proven_author_is_told_at_once() -> None:
    found = tell("", HELD, PROVEN)
    assert found.letters[0].text == letters.status("ja", TOWN, HELD.held, None).body
    assert tell("", Facts(), PROVEN).letters[0].text == letters.not_registered("ja", TOWN).body


@pytest.mark.parametrize("handler", [ask, tell])
def test_4_2_a_word_of_leaving_means_leaving(handler: Callable[..., Outcome]) -> None:
    assert handler("退会").audit[0].event == "unsubscribe:pending"


@pytest.mark.parametrize("handler", [ask, tell])
@pytest.mark.parametrize("other", [{"sender": None}, {"headers": {"Auto-Submitted": "auto-replied"}}])
def test_6_robots_are_not_answered(handler: Callable[..., Outcome], other: dict[str, Any]) -> None:
    found = handler("地区：帯解", HELD, PROVEN, **other)
    assert (found.letters, found.changes) == ((), ())


@pytest.mark.parametrize("handler", [ask, tell])
def test_a_mail_without_an_author_is_refused(handler: Callable[..., Outcome]) -> None:
    assert handler(author="nobody").reply == NO_AUTHOR
