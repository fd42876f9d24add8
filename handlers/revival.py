"""6.9  A subscriber to whom nothing could be delivered writes to us: their mailbox lives, so copies go out again.

Only who is proven, by their domain or by a token, revives; nobody else changes or learns anything.
"""

from dataclasses import replace

from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from storage.records import Address, AuditEvent, EraseSubscription, Reader, Request, ReviveSubscription

FROM_SUBSCRIBERS = frozenset({"subscribe", "unsubscribe", "change", "status", "help", "form", "confirm"})


def revived(outcome: Outcome, mail: InboundMail, verdict: Verdict, reader: Reader) -> Outcome:
    """The outcome, and with it the revival of whoever is proven to have written."""
    address = proven(mail, verdict)
    if address is None or not outcome.reply.accepted:
        return outcome
    if any(isinstance(change, EraseSubscription) and change.year is None for change in outcome.changes):
        return outcome
    if not any(each.suspended for each in reader.subscriptions(address)):
        return outcome
    event = AuditEvent(event="bounce:revived", about=address)
    changes = (ReviveSubscription(address=address), *outcome.changes)
    return replace(outcome, changes=changes, audit=(*outcome.audit, event))


def proven(mail: InboundMail, verdict: Verdict) -> Address | None:
    """Whose mailbox this mail came from, beyond doubt; None for robots and for whom nothing proves."""
    if mail.automatic or mail.route.command not in FROM_SUBSCRIBERS:
        return None
    if isinstance(verdict.claim, Request):
        return verdict.claim.address
    return verdict.author if verdict.author == mail.author else None
