"""form+TOKEN@: the answer to the form letter is both the choice and the consent (protocol 3.3)."""

from handlers import confirm, districts, letters
from handlers.answering import to_be_done, to_holder, undone, without_letter
from handlers.leave import goodbye
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.town import Town
from handlers.wishes import wants_to_cancel, wants_to_leave
from storage.records import AuditEvent, NewRequest, Reader, Request, RequestKind


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    request = verdict.claim
    assert isinstance(request, Request)
    if request.address is None or not to_be_done(mail, request):
        return undone(mail, town, request)
    if wants_to_cancel(mail):
        return confirm.withdraw(mail, town, request, request.address)
    if wants_to_leave(mail):
        return goodbye(mail, reader, town, request.address)

    chosen = districts.mentioned(mail.text, town.districts)
    # Nothing that we know, or a number that is not in the list: the form again; the old one stays good.
    if chosen.unknown or not chosen.codes:
        # 3.5, 6  A program that answers without saying so would go round for ever.
        if reader.open_requests(request.address, mail.received_at) >= town.pending_per_address:
            return without_letter(mail, "requests-open", request)
        again = NewRequest(
            kind=RequestKind.FORM,
            address=request.address,
            years=town.calendar.open_years(mail.received_at),
            terms=request.terms,
            expires_at=request.expires_at,
        )
        text = letters.form_again(mail.language, town)
        event = AuditEvent(event="form:sent", about=request.address)
        return to_holder(mail, request.address, text, event, request=again)
    return confirm.register(mail, reader, town, request, request.address, frozenset(chosen.codes), "form")
