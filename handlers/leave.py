"""leave+TOKEN@: leaves at once, no question asked, and acts for robots too (protocol 1, 1.4, 4.1, 4.3)."""

from handlers import letters
from handlers.answering import to_holder, without_letter
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.town import Town
from storage.records import Address, AuditEvent, Change, EraseSubscription, LeaveClaim, Reader, SaveSubscription


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    assert isinstance(verdict.claim, LeaveClaim)
    subscription = reader.subscriber(verdict.claim)
    # 1.2  A token stays good after the row is gone; there is nobody left to write to.
    if subscription is None:
        return without_letter(mail, "erased")
    return goodbye(mail, reader, town, subscription.address)


def goodbye(
    mail: InboundMail,
    reader: Reader,
    town: Town,
    address: Address,
    codes: frozenset[str] = frozenset(),
    changes: tuple[Change, ...] = (),
) -> Outcome:
    """Erases the address everywhere, or takes these districts from it. The letter is the same for known and unknown."""
    held = reader.subscriptions(address)
    if codes and any(subscription.districts - codes for subscription in held):
        narrowed = tuple(
            SaveSubscription(year=subscription.year, address=address, districts=subscription.districts - codes)
            for subscription in held
            if subscription.districts - codes
        )
        left = held[0].districts - codes
        event = AuditEvent(event="change:done", about=address)
        return to_holder(mail, address, letters.narrowed(mail.language, town, left), event, (*changes, *narrowed))
    event = AuditEvent(event="unsubscribe:done", about=address)
    erased = (*changes, EraseSubscription(address=address))
    return to_holder(mail, address, letters.goodbye(mail.language, town), event, erased)
