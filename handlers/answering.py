"""Whom we may write to, and how often (protocol 3.6, 6). Every public handler answers through here."""

from handlers import letters
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.replies import ACCEPTED, NO_AUTHOR, TRY_LATER
from handlers.town import Town
from handlers.wording import Text
from storage.records import Address, AuditEvent, Change, Letter, NewRequest, Quota, Reader, Request, RequestState

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
    verdict: Verdict,
    reader: Reader,
    town: Town,
    text: Text,
    event: str | None = None,
    request: NewRequest | None = None,
    local_part: str = "help",
) -> Outcome:
    """A letter to the author of a mail without a token. What nothing proves is limited, as 3.6 says."""
    to = mail.author
    if to is None or mail.automatic:
        return ignored(mail)
    counted: tuple[Quota, ...] = ()
    if verdict.author != to:
        if (full := exhausted(mail, to, reader, town)) is not None:
            return full
        counted = tuple(quota for quota, _ in quotas(mail, to, town))
        if reader.letters(Quota("address", to.canonical), mail.received_at) + 1 == town.letters_per_day:
            text = letters.last_today(text, mail.language)
    letter = Letter(
        to=to,
        subject=text.subject,
        text=text.body,
        local_part=local_part,
        request=request,
        in_reply_to=mail.message_id,
        counted=counted,
    )
    return Outcome(audit=(AuditEvent(event=event, about=to),) if event else (), letters=(letter,))


def to_mistaken(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town, text: Text, event: str) -> Outcome:
    """2.3  Nothing is done. Who answers the letter with what would be right writes to where they wrote before."""
    return to_stranger(mail, verdict, reader, town, text, event, local_part=mail.route.command)


def quotas(mail: InboundMail, to: Address, town: Town) -> tuple[tuple[Quota, int], ...]:
    """3.6  What a letter to an unproven author counts towards, and how many each allows."""
    limits = town.limits
    found = [
        (Quota("address", to.canonical), town.letters_per_day),
        (Quota("domain", to.domain), limits["letters_per_domain_an_hour"]),
        (Quota("all"), limits["letters_an_hour"]),
    ]
    if mail.network is not None:
        found.append((Quota("network", mail.network), limits["letters_per_network_an_hour"]))
    return tuple(found)


def exhausted(mail: InboundMail, to: Address, reader: Reader, town: Town) -> Outcome | None:
    """3.6  250 without a letter where the address has had its four; 451 where another limit is reached."""
    for quota, most in quotas(mail, to, town):
        if reader.letters(quota, mail.received_at) >= most:
            reply = ACCEPTED if quota.scope == "address" else TRY_LATER
            detail = {"cause": f"letters-per-{quota.scope}"}
            return Outcome(reply=reply, audit=(AuditEvent(event=WITHHELD, about=to, detail=detail),))
    return None


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


def to_be_done(mail: InboundMail, request: Request) -> bool:
    """Whether a person answers a request that is still open."""
    return not mail.automatic and request.state is RequestState.OPEN and request.expires_at > mail.received_at


def undone(mail: InboundMail, town: Town, request: Request) -> Outcome:
    """What an answer gets that has no effect."""
    # 1.4  An out-of-office is no confirmation.
    if mail.automatic:
        return without_letter(mail, "automatic", request)
    # 4.3  The person has left since; nothing of them is kept, so nobody can be written to.
    if request.address is None:
        return without_letter(mail, "erased", request)
    # 1.2  Used or expired: what to do next.
    text = letters.token_over(mail.language, town, request)
    return to_holder(mail, request.address, text, AuditEvent(event="token:over", about=request.address))
