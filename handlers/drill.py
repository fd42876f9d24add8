"""A drill: to staff and to enrolled test addresses, never to residents (protocol 5.5b).

It is no alert. It has no number, no chunks and no audience; it is a handful of letters whose addressees stand in the
configuration, and nothing here asks the register for anybody.
"""

from dataclasses import replace

from handlers import composing, staff_letters
from handlers.accepting import refused, to_author
from handlers.mail import InboundMail
from handlers.outcome import Outcome
from handlers.posting import Posting
from handlers.replies import TOO_MANY_ALERTS
from handlers.town import StaffMember, Town
from storage.records import Address, AuditEvent, Letter, Quota, Reader, RememberReplay

NAME = "drill"  # what the replay memory calls it


def handle(
    mail: InboundMail, member: StaffMember, posting: Posting, replay_key: bytes, reader: Reader, town: Town
) -> Outcome:
    if mail.automatic:  # 6  a program is never written for
        return Outcome(audit=(refused(member, "automatic"),))
    quota = Quota("address", f"{NAME} {member.id}")
    if reader.letters(quota, mail.received_at) >= town.alerts_per_hour:
        return Outcome(reply=TOO_MANY_ALERTS, audit=(refused(member, "alerts-an-hour"),))
    people = recipients(town)
    subject = composing.drill_subject(posting, town)
    text = composing.drill_text(posting, town, member.organisation)
    # 5.5b  Marked before and behind; not one of them knows a token that could do anything.
    copies = tuple(Letter(to=to, subject=subject, text=text, unhurried=True) for to in people)
    receipt = staff_letters.drill_receipt(mail.language, town, len(people), mail.received_at, posting)
    counted = tuple(replace(each, counted=(quota,)) for each in to_author(mail, member, receipt))
    event = AuditEvent(
        event="drill:sent",
        subject=member.id,
        detail={"category": posting.category.code, "districts": list(posting.codes), "recipients": len(people)},
    )
    changes = (RememberReplay(key=replay_key, name=NAME),)
    return Outcome(audit=(event,), changes=changes, letters=(*copies, *counted))


def recipients(town: Town) -> tuple[Address, ...]:
    """Each once: all staff, and those of `drill_addresses`."""
    return tuple(dict.fromkeys((*(member.address for member in town.staff), *town.drill_addresses)))
