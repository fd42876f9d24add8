"""postmaster@ and abuse@: passed on to the administrator inside a mail of our own (protocol 1; RFC 2142)."""

from handlers import staff_letters
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.replies import TRY_LATER
from handlers.town import Town
from storage.records import AuditEvent, Letter, Quota, Reader


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    assert town.admin is not None  # without one there is no such address
    quota = Quota("address", town.admin.canonical)
    if reader.letters(quota, mail.received_at) >= town.passed_on_per_day:
        return Outcome(reply=TRY_LATER, audit=(AuditEvent(event="mail:refused", detail={"cause": "passed-on-a-day"}),))
    text = staff_letters.passed_on(town, mail.route.command)
    letter = Letter(to=town.admin, subject=text.subject, text=text.body, attached=mail.raw, counted=(quota,))
    return Outcome(audit=(AuditEvent(event="mail:passed-on", detail={"to": mail.route.command}),), letters=(letter,))
