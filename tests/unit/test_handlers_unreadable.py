"""Letters that we cannot read: said, never guessed (protocol 2.3)."""

from dataclasses import replace

import pytest

from handlers import letters
from handlers.mail import Verdict
from handlers.replies import ACCEPTED
from handlers.routes import HANDLERS
from tests.fakes.reader import Facts
from tests.fakes.village import TOWN, mail, subscription


@pytest.mark.parametrize("command", ["subscribe", "unsubscribe", "change"])
@pytest.mark.parametrize("facts", [Facts(), Facts(held=[subscription(["tomio"])])])
def test_2_3_an_unreadable_mail_changes_nothing_and_its_author_learns_why(command: str, facts: Facts) -> None:
    unreadable = replace(mail(command), readable=False)
    outcome = HANDLERS[command](unreadable, Verdict(), facts, TOWN)
    assert (outcome.reply, outcome.changes) == (ACCEPTED, ())
    assert [letter.text for letter in outcome.letters] == [letters.unreadable("ja", TOWN).body]
    assert [event.event for event in outcome.audit] == [f"{command}:mistaken"]


def test_4_2_an_unreadable_mail_with_a_readable_word_of_leaving_asks_to_leave() -> None:
    unreadable = replace(mail("change", subject="退会"), readable=False)
    outcome = HANDLERS["change"](unreadable, Verdict(), Facts(), TOWN)
    assert [event.event for event in outcome.audit] == ["unsubscribe:pending"]
