"""bounce+TOKEN@: the return path of every mail that we send; never answered (protocol 1)."""

from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.town import Town
from storage.records import AuditEvent, LeaveClaim, Reader


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    about = None
    if isinstance(verdict.claim, LeaveClaim) and (subscription := reader.subscriber(verdict.claim)):
        about = subscription.address
    return Outcome(audit=(AuditEvent(event="bounce:received", about=about),))
