"""Whom we may write to, and how often (protocol 3.6, 6). Every public handler answers through here."""

from handlers import letters
from handlers.letters import Text
from handlers.mail import InboundMail
from handlers.outcome import Outcome
from handlers.replies import NO_AUTHOR
from handlers.town import Town
from storage.records import Address, AuditEvent, Change, Letter, NewRequest, Reader, Request

IGNORED = "mail:ignored"
WITHHELD = "letter:withheld"


def ignored(mail: InboundMail) -> Outcome:
    """6  Robots, lists and reports get 250 and nothing else."""
    return Outcome(audit=(AuditEvent(event=IGNORED, detail={"cause": "automatic", "command": mail.route.command}),))


def unanswerable(mail: InboundMail) -> Outcome:
    """Nobody to write to: a robot gets 250 and nothing, a mail without one author is refused."""
    if mail.author is not None or mail.automatic:
        return ignored(mail)
    return Outcome(reply=NO_AUTHOR, audit=(AuditEvent(event="mail:refused", detail={"cause": "no-author"}),))


def to_stranger(
    mail: InboundMail,
    reader: Reader,
    town: Town,
    text: Text,
    event: str | None = None,
    request: NewRequest | None = None,
    local_part: str = "help",
) -> Outcome:
    """A letter to an author whom nothing proves: at most four a day, the last of which says so (3.6)."""
    to = mail.author
    if to is None or mail.automatic:
        return ignored(mail)
    used = reader.letters_today(to, mail.received_at)
    if used >= town.letters_per_day:
        return Outcome(audit=(AuditEvent(event=WITHHELD, about=to, detail={"cause": "letters-a-day"}),))
    if used + 1 == town.letters_per_day:
        text = letters.last_today(text, mail.language)
    letter = Letter(
        to=to,
        subject=text.subject,
        text=text.body,
        local_part=local_part,
        request=request,
        in_reply_to=mail.message_id,
        capped=True,
    )
    return Outcome(audit=(AuditEvent(event=event, about=to),) if event else (), letters=(letter,))


def to_holder(
    mail: InboundMail,
    to: Address,
    text: Text,
    event: AuditEvent | None = None,
    changes: tuple[Change, ...] = (),
    request: NewRequest | None = None,
) -> Outcome:
    """A letter to whom a valid token was minted for; such letters are not counted (1.3, 3.6)."""
    letter = Letter(to=to, subject=text.subject, text=text.body, request=request, in_reply_to=mail.message_id)
    return Outcome(audit=(event,) if event else (), changes=changes, letters=(letter,))


def without_letter(mail: InboundMail, cause: str, request: Request | None = None) -> Outcome:
    about = request.address if request else mail.author
    return Outcome(
        audit=(AuditEvent(event=IGNORED, about=about, detail={"cause": cause, "command": mail.route.command}),)
    )
