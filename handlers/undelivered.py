"""What follows when a letter or a copy to a subscriber failed, learnt at bounce+ or while relaying (6.6–6.8)."""

from datetime import datetime

from handlers import failing, letters, staff_letters
from handlers.outcome import Outcome
from handlers.reports import Failure
from handlers.town import Town
from storage.records import (
    AuditEvent,
    Change,
    LeaveClaim,
    Letter,
    Reader,
    SaveFailures,
    SaveWeather,
    Subscription,
    SuspendSubscription,
)

# 6.6  What a code says that the next hop gave while we relayed; any other is about us or our letter.
BY_CODE = {
    521: ("notaccept", "5.3.2"),
    550: ("userunknown", "5.1.1"),
    551: ("hasmoved", "5.1.6"),
    552: ("mailboxfull", "5.2.2"),
    553: ("userunknown", "5.1.3"),
    556: ("notaccept", "5.1.10"),
}


def refused(code: int) -> Failure:
    reason, status = BY_CODE.get(code, ("rejected", "5.0.0"))
    return Failure(reason=reason, status=status)


def reported(
    failure: Failure, claim: LeaveClaim, subscription: Subscription, reader: Reader, town: Town, now: datetime
) -> Outcome:
    """A failure that a mail server reports: nothing is counted in an outage, and the administrator hears of it once."""
    found = counted(failure, claim, subscription, reader, town, now)
    if (
        not found.changes
    ):  # 6.8  the same mailbox again, or one that gets nothing: whoever has one token makes no outage
        return found
    before = reader.weather(now)
    after = failing.weather_after(before, now, town.bounces)
    if failing.frozen(after, now):
        told = failing.frozen(before, now)
        outcome = Outcome() if told else outage(town, after.failures, after.copies)
        event = _about(subscription, "bounce:ignored", cause="outage", **words(failure))
        return _with(outcome, (SaveWeather(weather=after),), (event,))
    return _with(found, (SaveWeather(weather=after),))


def counted(
    failure: Failure, claim: LeaveClaim, subscription: Subscription, reader: Reader, town: Town, now: datetime
) -> Outcome:
    """6.6, 6.7  The failure of one mailbox on one day, with the probe or the suspension that it leads to."""
    if subscription.suspended:
        return Outcome(audit=(_about(subscription, "bounce:ignored", cause="suspended", **words(failure)),))
    kind = failing.kind_of(failure)
    found = failing.step(reader.failures(claim), kind, town.calendar.today(now), town.bounces, of_probe=claim.probe)
    if found.suspend:
        event = _about(subscription, "bounce:suspended", days=found.days, **words(failure))
        return Outcome(audit=(event,), changes=(SuspendSubscription(claim=claim),))
    if not found.days:
        return Outcome(audit=(_about(subscription, "bounce:ignored", cause="counted-today", **words(failure)),))
    event = _about(subscription, "bounce:counted", kind=kind.value, days=found.days, **words(failure))
    saved = SaveFailures(claim=claim, failures=found.failures)
    if not found.probe:
        return Outcome(audit=(event,), changes=(saved,))
    asked = _about(subscription, "bounce:probed", kind=kind.value, days=found.days)
    return Outcome(audit=(event, asked), changes=(saved,), letters=(probe(claim, subscription, town),))


def probe(claim: LeaveClaim, subscription: Subscription, town: Town) -> Letter:
    """6.7  An ordinary letter: unlike a copy of an alert, it is to one person and about nothing that a filter minds."""
    text = letters.probe(town.language, town, subscription.address)
    return Letter(to=subscription.address, subject=text.subject, text=text.body, probe=claim)


def outage(town: Town, failures: int, copies: int, alert: str | None = None) -> Outcome:
    """6.8  Said once: to the audit and to the administrator."""
    detail = {"failures": failures, "copies": copies}
    event = AuditEvent(event="bounce:frozen", subject=alert, detail=detail)
    if town.admin is None:
        return Outcome(audit=(event,))
    text = staff_letters.outage(town, failures, copies)
    return Outcome(audit=(event,), letters=(Letter(to=town.admin, subject=text.subject, text=text.body, urgent=True),))


def words(failure: Failure) -> dict[str, object]:
    """A failure as the audit tells it."""
    return {"reason": failure.reason, "status": failure.status, "permanent": failure.permanent}


def _about(subscription: Subscription, event: str, **detail: object) -> AuditEvent:
    return AuditEvent(event=event, about=subscription.address, detail=detail)


def _with(outcome: Outcome, changes: tuple[Change, ...], events: tuple[AuditEvent, ...] = ()) -> Outcome:
    return Outcome(audit=(*outcome.audit, *events), changes=(*outcome.changes, *changes), letters=outcome.letters)
