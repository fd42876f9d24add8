"""bounce+TOKEN@: the return path of every mail that we send; read, counted, never answered (protocol 1, 6.6–6.8)."""

from handlers import reports, undelivered
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.reports import Complaint, Failure
from handlers.town import Town
from storage.records import AuditEvent, EraseSubscription, LeaveClaim, NoteReturn, Reader

NOBODY = 0  # the token of a letter that belongs to no row


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    claim = verdict.claim
    assert isinstance(claim, LeaveClaim)
    found = reports.read(mail.raw)
    subscription = reader.subscriber(claim)

    # 11.4  Whatever comes back of a canary's letter tells that it had arrived, unless it is a refusal.
    back = claim.letter is not None and not isinstance(found, Failure)
    returned = (NoteReturn(letter=claim.letter),) if back and claim.letter is not None else ()

    # 6.6  Nothing that counts: a vacation, a receipt, a delay, a person's words.
    cause = _nothing(found)
    if cause:
        about = subscription.address if subscription else None
        detail = {"cause": cause, **(undelivered.words(found) if isinstance(found, Failure) else {})}
        return Outcome(audit=(AuditEvent(event="bounce:ignored", about=about, detail=detail),), changes=returned)
    if subscription is None:
        return _of_nobody(claim, found)

    # 6.6  The reader told their provider that they want no more of this.
    if isinstance(found, Complaint):
        event = AuditEvent(event="unsubscribe:done", about=subscription.address, detail={"cause": "complaint"})
        return Outcome(audit=(event,), changes=(EraseSubscription(address=subscription.address),))

    assert isinstance(found, Failure)
    return undelivered.reported(found, claim, subscription, reader, town, mail.received_at)


def _nothing(found: object) -> str:
    """Why a report is without effect; empty where it has one."""
    match found:
        case Complaint(unwanted=True) | Failure(delayed=False):
            return ""
        case Failure():
            return "delayed"
        case Complaint():
            return "administrative-report"
        case reports.AutoReply(kind=kind):
            return f"automatic-{kind}"
        case _:
            return "no-report"


def _of_nobody(claim: LeaveClaim, found: object) -> Outcome:
    """A letter to whoever is not registered came back, or the person has left since."""
    if claim.subscription_id == NOBODY and isinstance(found, Failure):
        detail = {"reason": found.reason, "status": found.status}
        return Outcome(audit=(AuditEvent(event="letter:undelivered", detail=detail),))
    return Outcome(audit=(AuditEvent(event="bounce:ignored", detail={"cause": "erased"}),))
