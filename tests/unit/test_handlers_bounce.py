"""bounce+TOKEN@: failures, complaints, what is ignored, and whom a proven mail revives (protocol 6.6–6.9)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from handlers import bounce, revival, undelivered
from handlers import help as help_
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.subscribe import handle as subscribe
from storage.records import (
    AuditEvent,
    EraseSubscription,
    FailureDays,
    FailureKind,
    Failures,
    LeaveClaim,
    RequestKind,
    ReviveSubscription,
    SaveFailures,
    SaveWeather,
    Subscription,
    SuspendSubscription,
    Weather,
)
from tests.fakes.reader import Facts
from tests.fakes.village import MOTHER, NOW, TOWN, mail, request, subscription
from tests.unit.test_reports import dsn, plain

CLAIM = LeaveClaim(year=2026, subscription_id=7)
PROBE = replace(CLAIM, probe=True)
TODAY = date(2026, 8, 3)
GONE = dsn(action="failed", status="5.1.1", diagnosis="smtp; 550 5.1.1 User unknown")
COMPLAINT = plain("From: feedback@mail.example\nSubject: complaint about message from 192.0.2.1\n\nx\n")
SUSPENDED = replace(subscription(["tomio"]), suspended=True)


def returned(raw: bytes) -> InboundMail:
    return replace(mail("bounce", tag="token", sender=None), raw=raw)


def facts(failed: Failures | None = None, storm: Weather | None = None, held: Subscription | None = None) -> Facts:
    row = held or subscription(["tomio"])
    return Facts(claimed={CLAIM: row, PROBE: row}, held=(row,), failed=failed or {}, storm=storm or Weather())


def answer(raw: bytes, known: Facts, claim: LeaveClaim = CLAIM) -> Outcome:
    found = bounce.handle(returned(raw), Verdict(claim=claim), known, TOWN)
    assert found.reply.code == 250
    return found


def events(outcome: Outcome) -> list[tuple[str, dict[str, object]]]:
    return [(event.event, dict(event.detail)) for event in outcome.audit]


def test_6_6_a_failure_is_counted_and_never_answered() -> None:
    found = answer(GONE, facts())
    detail = {"kind": "gone", "days": 1, "reason": "userunknown", "status": "5.1.1", "permanent": True}
    assert found.audit == (AuditEvent(event="bounce:counted", about=MOTHER, detail=detail),)
    saved = SaveFailures(claim=CLAIM, failures={FailureKind.GONE: FailureDays(days=1, last=TODAY)})
    assert saved in found.changes
    assert found.letters == ()


def test_6_6_a_second_failure_of_the_day_changes_nothing() -> None:
    found = answer(GONE, facts({FailureKind.GONE: FailureDays(days=1, last=TODAY)}))
    assert events(found)[0][1]["cause"] == "counted-today"
    assert not any(isinstance(change, SaveFailures) for change in found.changes)


def test_6_7_the_third_day_asks_with_an_ordinary_letter_whose_return_path_is_its_own() -> None:
    found = answer(GONE, facts({FailureKind.GONE: FailureDays(days=2, last=TODAY - timedelta(days=1))}))
    assert [event for event, _ in events(found)] == ["bounce:counted", "bounce:probed"]
    [letter] = found.letters
    assert (letter.to, letter.probe) == (MOTHER, CLAIM)


def test_6_7_the_probe_that_fails_suspends_with_the_reason_and_no_district() -> None:
    known = facts({FailureKind.PROBE: FailureDays(days=3, last=TODAY)})
    found = answer(GONE, known, PROBE)
    assert SuspendSubscription(claim=PROBE) in found.changes
    [(event, detail)] = events(found)
    assert (event, detail["reason"]) == ("bounce:suspended", "userunknown")
    assert "tomio" not in str(found.audit)
    assert found.letters == ()


def test_6_6_a_complaint_leaves_at_once_and_without_a_letter() -> None:
    found = answer(COMPLAINT, facts())
    assert found.changes == (EraseSubscription(address=MOTHER),)
    assert found.audit == (AuditEvent(event="unsubscribe:done", about=MOTHER, detail={"cause": "complaint"}),)
    assert found.letters == ()


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (plain("From: hanako@mail.example\nSubject: Automatic reply: x\n\naway\n"), "automatic-vacation"),
        (dsn(action="delayed", status="4.4.1"), "delayed"),
        (dsn(action="delivered", status="2.0.0"), "automatic-delivered"),
        (plain("From: hanako@mail.example\nSubject: Re: x\n\nThank you.\n"), "no-report"),
        (plain("From: dmarc@mail.example\nSubject: x\n\nFeedback-Type: auth-failure\n"), "administrative-report"),
    ],
)
def test_6_6_what_says_nothing_of_the_mailbox_is_ignored(raw: bytes, cause: str) -> None:
    found = answer(raw, facts())
    [(event, detail)] = events(found)
    assert (event, detail["cause"]) == ("bounce:ignored", cause)
    assert (found.changes, found.letters) == ((), ())


def test_6_6_the_bounce_of_somebody_who_has_left_is_ignored() -> None:
    assert events(answer(GONE, Facts())) == [("bounce:ignored", {"cause": "erased"})]
    assert events(answer(COMPLAINT, Facts())) == [("bounce:ignored", {"cause": "erased"})]


def test_6_6_a_letter_to_whoever_is_not_registered_is_told_as_undelivered() -> None:
    found = answer(GONE, Facts(), LeaveClaim(year=2026, subscription_id=0))
    assert events(found) == [("letter:undelivered", {"reason": "userunknown", "status": "5.1.1"})]


def test_6_8_in_an_outage_nothing_is_counted_and_the_administrator_hears_of_it_once() -> None:
    hour = NOW.replace(minute=0)
    first = answer(GONE, facts(storm=Weather(hour=hour, failures=40, copies=100)))
    assert [event for event, _ in events(first)] == ["bounce:frozen", "bounce:ignored"]
    [letter] = first.letters
    assert letter.to == TOWN.admin
    [saved] = first.changes
    assert isinstance(saved, SaveWeather)
    second = answer(GONE, facts(storm=saved.weather))
    assert [(event, detail["cause"]) for event, detail in events(second)] == [("bounce:ignored", "outage")]
    assert second.letters == ()


def test_6_8_no_probe_that_fails_in_an_outage_suspends() -> None:
    storm = Weather(hour=NOW.replace(minute=0), failures=40, copies=100)
    known = facts({FailureKind.PROBE: FailureDays(days=3, last=TODAY)}, storm)
    assert not any(isinstance(change, SuspendSubscription) for change in answer(GONE, known, PROBE).changes)


def test_6_7_whoever_is_suspended_is_counted_no_further() -> None:
    found = answer(GONE, facts(held=SUSPENDED))
    assert events(found)[0][1]["cause"] == "suspended"


@pytest.mark.parametrize(
    ("code", "reason", "permanent"),
    [(550, "userunknown", True), (552, "mailboxfull", False), (554, "rejected", False), (571, "rejected", False)],
)
def test_6_6_a_code_given_while_relaying_means_what_it_says(code: int, reason: str, permanent: bool) -> None:
    found = undelivered.refused(code)
    assert (found.reason, found.permanent) == (reason, permanent)


# --- revival ------------------------------------------------------------------------------------


def revived(command: str, verdict: Verdict, **other: object) -> bool:
    inbound = mail(command, "富雄")
    found = revival.revived(Outcome(**other), inbound, verdict, facts(held=SUSPENDED))  # type: ignore[arg-type]
    return ReviveSubscription(address=MOTHER) in found.changes


@pytest.mark.parametrize("command", sorted(revival.FROM_SUBSCRIBERS - {"form", "confirm"}))
def test_6_9_a_mail_whose_domain_proves_its_author_revives(command: str) -> None:
    assert revived(command, Verdict(author=MOTHER))


@pytest.mark.parametrize("command", ["form", "confirm"])
def test_6_9_an_answer_with_a_token_revives(command: str) -> None:
    assert revived(command, Verdict(claim=request(RequestKind.FORM)))


@pytest.mark.parametrize("command", ["subscribe", "status", "help"])
def test_6_9_a_mail_that_nothing_proves_revives_nobody(command: str) -> None:
    assert not revived(command, Verdict())


def test_6_9_an_out_of_office_revives_nobody() -> None:
    inbound = mail("confirm", "away", headers={"Auto-Submitted": "auto-replied"})
    verdict = Verdict(claim=request(RequestKind.FORM))
    assert revival.revived(Outcome(), inbound, verdict, facts(held=SUSPENDED)) == Outcome()


def test_6_9_who_leaves_is_not_revived() -> None:
    assert not revived("unsubscribe", Verdict(author=MOTHER), changes=(EraseSubscription(address=MOTHER),))


def test_6_9_who_gets_copies_anyway_is_not_audited_as_revived() -> None:
    found = revival.revived(Outcome(), mail("help"), Verdict(author=MOTHER), facts())
    assert found == Outcome()


def test_6_9_the_answer_to_an_unproven_mail_does_not_tell_that_nothing_arrives() -> None:
    inbound, verdict = mail("help"), Verdict()
    living, dead = (help_.handle(inbound, verdict, facts(held=row), TOWN) for row in (None, SUSPENDED))
    assert living == dead
    asked = subscribe(mail("subscribe", "地区：富雄\n同意：はい"), verdict, facts(held=SUSPENDED), TOWN)
    assert [event for event, _ in events(asked)] == ["subscribe:pending"]


def test_6_8_one_mailbox_that_fails_again_and_again_makes_no_outage() -> None:
    counted = {FailureKind.GONE: FailureDays(days=1, last=TODAY)}
    for known in (facts(counted), facts(held=SUSPENDED)):
        assert not any(isinstance(change, SaveWeather) for change in answer(GONE, known).changes)
