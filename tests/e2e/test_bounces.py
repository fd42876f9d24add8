"""Mail that comes back to a running gateway: counted, asked after, suspended, revived; never answered (6.6–6.9)."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.test_march import JAPAN, Dated, prepared
from tests.e2e.town import Gateway, alert
from tests.fakes.sink import Stage

ACCEPTED = (250, "2.0.0 accepted")
JUNE = datetime(2026, 6, 1, 12, tzinfo=JAPAN)
DAY = timedelta(days=1)
IN_HASTE: dict[str, object] = {"haste_checks": []}  # nothing is held
ALERT = "地区：全域\n区分：迷子\n\n迷子です。\n"
GONE, HERE = "gone@family.test", "here@family.test"
UNKNOWN = b"""\
From: MAILER-DAEMON@family.test\r
Subject: Undelivered Mail Returned to Sender\r
Auto-Submitted: auto-replied\r
\r
<gone@family.test>: host mx.family.test[192.0.2.1] said: 550 5.1.1 User unknown\r
    (in reply to RCPT TO command)\r
"""
AWAY = b"""\
From: gone@family.test\r
Subject: Automatic reply: x\r
Auto-Submitted: auto-replied\r
\r
I am away. User unknown, mailbox full, 550 5.1.1.\r
"""
COMPLAINT = b"""\
From: feedback@family.test\r
Subject: FW: x\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r
\r
--b\r
Content-Type: message/feedback-report\r
\r
Feedback-Type: abuse\r
User-Agent: x/1\r
Version: 1\r
--b--\r
"""


class Refusing:
    """A next hop that knows nobody of one address, from the moment on that it is told so."""

    def __init__(self) -> None:
        self.refuses = False

    def __call__(self, stage: Stage, about: str, n: int) -> str | None:
        refused = self.refuses and stage == "rcpt" and about == GONE
        return "550 5.1.1 no such user" if refused else None


@pytest.fixture
def dated(tmp_path: Path) -> Iterator[Dated]:
    with ExitStack() as stack:
        town = stack.enter_context(prepared(tmp_path, JUNE, {"alerts": IN_HASTE}))
        town.start()
        yield town


def everyone_is_alerted(town: Dated, number: int) -> None:
    """An alert to all, from its posting to its end, and the next day."""
    after = town.audit.last
    assert town.post(alert(f"{ALERT}{number}\n", date=town.clock.now)) == ACCEPTED
    town.audit.wait_for("alert:relayed", after)
    town.restart(town.clock.now + DAY)  # the round of refusals looks at once


def test_6_7_refused_on_three_days_asked_suspended_and_revived(dated: Dated) -> None:
    dated.sink.rule = refusing = Refusing()
    for address in (GONE, HERE):
        dated.subscribe(address, "浜手")
    refusing.refuses = True
    for number in range(3):
        everyone_is_alerted(dated, number)
    suspended = dated.audit.wait_for("bounce:suspended")
    counted = [entry["detail"]["days"] for entry in dated.audit.entries if entry["event"] == "bounce:counted"]
    assert counted == [1, 2, 3]
    assert suspended["detail"]["reason"] == "userunknown"
    assert suspended["subject"].startswith("r-")
    assert dated.json("subscribers", "count")["suspended"] == 1
    told = dated.json("subscribers", "bounces", "--days", "3660")
    assert (told["reasons"], told["probed"], told["suspended"]) == ({"userunknown": 3}, 1, 1)
    assert "█" in dated.command("subscribers", "bounces", "--days", "3660")
    assert "family.test" not in dated.command("subscribers", "bounces", "--days", "3660")

    # The mailbox is there again; but an alert does not go to it before its person has written.
    refusing.refuses = False
    everyone_is_alerted(dated, 3)
    assert dated.copies(GONE) == []
    assert len(dated.copies(HERE)) == 4

    # A stranger's mail in their name gets the letter that anybody gets, and changes nothing; the answer to it does.
    count = len(dated.arrived(GONE))
    assert dated.write(GONE, dated.ours("status")) == ACCEPTED
    letter = dated.await_mail(GONE, count + 1)[-1]
    assert dated.json("subscribers", "count")["suspended"] == 1
    assert dated.reply(letter, "はい") == ACCEPTED
    dated.audit.wait_for("bounce:revived")
    assert dated.json("subscribers", "count")["suspended"] == 0
    everyone_is_alerted(dated, 4)
    assert len(dated.copies(GONE)) == 1


@pytest.fixture
def alerted(gateway: Start) -> Gateway:
    """One resident, who has got one copy."""
    town = gateway(alerts=IN_HASTE)
    town.subscribe(GONE, "浜手")
    assert town.post(alert(ALERT)) == ACCEPTED
    town.await_copies(GONE, 1)
    return town


def test_6_6_a_bounce_is_counted_a_vacation_is_not_and_neither_is_answered(alerted: Gateway) -> None:
    [copy] = alerted.copies(GONE)
    assert copy.sender.startswith("bounce+")
    letters = len(alerted.arrived(GONE))
    assert alerted.send(AWAY, copy.sender, "") == ACCEPTED
    assert alerted.audit.wait_for("bounce:ignored")["detail"] == {"cause": "automatic-vacation"}
    assert alerted.send(UNKNOWN, copy.sender, "") == ACCEPTED
    counted = alerted.audit.wait_for("bounce:counted")
    assert counted["detail"] == {
        "kind": "gone", "days": 1, "reason": "userunknown", "status": "5.1.1", "permanent": True,
    }  # fmt: skip
    assert alerted.send(UNKNOWN + b"again\r\n", copy.sender, "") == ACCEPTED
    again = alerted.audit.wait_for("bounce:ignored", after=counted["seq"])
    assert again["detail"]["cause"] == "counted-today"
    assert len(alerted.arrived(GONE)) == letters


def test_6_6_a_complaint_leaves_without_a_letter(alerted: Gateway) -> None:
    [copy] = alerted.copies(GONE)
    letters = len(alerted.arrived(GONE))
    assert alerted.send(COMPLAINT, copy.sender, "") == ACCEPTED
    assert alerted.audit.wait_for("unsubscribe:done")["detail"] == {"cause": "complaint"}
    assert alerted.json("subscribers", "count")["active"] == 0
    assert alerted.send(UNKNOWN, copy.sender, "") == ACCEPTED  # 1.2  the token stays good
    assert alerted.audit.wait_for("bounce:ignored")["detail"] == {"cause": "erased"}
    assert len(alerted.arrived(GONE)) == letters
    assert alerted.arrived("feedback@family.test") == []
