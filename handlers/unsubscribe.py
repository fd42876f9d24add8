"""unsubscribe@: leaves everything, or the districts named (protocol 4.2, 4.3)."""

from datetime import timedelta

from handlers import districts, letters
from handlers.answering import ignored, to_stranger
from handlers.leave import goodbye
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.public_fields import Mistake, read_fields
from handlers.replies import NO_AUTHOR
from handlers.town import Town
from handlers.wishes import wants_to_leave
from storage.records import AuditEvent, NewRequest, Reader, RequestKind


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    if mail.author is None:
        return Outcome(reply=NO_AUTHOR, audit=(AuditEvent(event="mail:refused", detail={"cause": "no-author"}),))
    if mail.automatic:
        return ignored(mail)
    codes: frozenset[str] = frozenset()
    if not wants_to_leave(mail):
        fields = read_fields(mail, ("District",))
        if isinstance(fields, Mistake):
            text = letters.mistake(mail.language, town, fields)
            return to_stranger(mail, reader, town, text, "unsubscribe:mistaken")
        chosen = districts.choose(fields.get("District", ""), town.districts)
        if chosen.unknown:
            text = letters.unknown_district(mail.language, town, chosen.unknown)
            return to_stranger(mail, reader, town, text, "unsubscribe:mistaken")
        codes = frozenset(chosen.codes)

    # 4.2  The domain proves the author: at once.
    if verdict.author is not None and verdict.author == mail.author:
        return goodbye(mail, reader, town, mail.author, codes)
    # Otherwise the mailbox has to say so itself; the letter is the same whether or not it is registered.
    request = NewRequest(
        kind=RequestKind.CONFIRM_LEAVE,
        address=mail.author,
        years=town.calendar.open_years(mail.received_at),
        districts=codes,
        expires_at=mail.received_at + timedelta(hours=town.pending_hours),
    )
    text = letters.confirm_leaving(mail.language, town, codes)
    return to_stranger(mail, reader, town, text, "unsubscribe:pending", request)
