"""status@: "what do you hold about me": districts, dates, consent and its wording (protocol 1, 4.4)."""

from handlers import letters, unsubscribe
from handlers.answering import to_holder, to_stranger, unanswerable
from handlers.asking import new_request
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.town import Town
from handlers.wishes import wants_to_leave
from storage.records import Address, AuditEvent, Change, Reader, RequestKind


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    if mail.author is None or mail.automatic:
        return unanswerable(mail)
    if wants_to_leave(mail):
        return unsubscribe.handle(mail, verdict, reader, town)
    # 4.2, 4.4  What is held is told at once to a proven author; otherwise to whoever answers from the mailbox.
    if verdict.author is not None and verdict.author == mail.author:
        return tell(mail, reader, town, mail.author)
    request = new_request(mail, town, RequestKind.CONFIRM_STATUS)
    text = letters.confirm_status(mail.language, town)
    return to_stranger(mail, verdict, reader, town, text, "status:pending", request)


def tell(mail: InboundMail, reader: Reader, town: Town, address: Address, changes: tuple[Change, ...] = ()) -> Outcome:
    """Everything that is kept of this address, with the wording that was agreed to."""
    held = reader.subscriptions(address)
    asked = [kind for kind in reader.asked(address, mail.received_at) if kind is not RequestKind.CONFIRM_STATUS]
    if not held:
        return to_holder(mail, address, letters.not_registered(mail.language, town, asked), None, changes)
    wording = reader.wording(held[-1].consent.digest)
    event = AuditEvent(event="status:told", about=address)
    return to_holder(mail, address, letters.status(mail.language, town, held, wording, asked), event, changes)
