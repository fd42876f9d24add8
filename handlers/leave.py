"""leave+TOKEN@: leaves at once, no question asked, and acts for robots too (protocol 1, 1.4, 4.1, 4.3)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

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
    # 6  A robot is not answered; and its words do not tell the reader's language.
    outcome = goodbye(replace(mail, language=town.language), reader, town, subscription.address)
    return replace(outcome, letters=()) if mail.automatic else outcome


def goodbye(
    mail: InboundMail,
    reader: Reader,
    town: Town,
    address: Address,
    codes: frozenset[str] = frozenset(),
    changes: tuple[Change, ...] = (),
) -> Outcome:
    """Erases the address everywhere, or takes these districts from it. The letter is the same for known and unknown."""
    left = {each.year: each.districts - codes for each in reader.subscriptions(address)} if codes else {}
    if remaining := frozenset().union(*left.values()):
        event = AuditEvent(event="change:done", about=address)
        text = letters.narrowed(mail.language, town, remaining)
        return to_holder(mail, address, text, event, (*changes, *_narrowed(address, left)))
    event = AuditEvent(event="unsubscribe:done", about=address)
    erased = (*changes, EraseSubscription(address=address))
    return to_holder(mail, address, letters.goodbye(mail.language, town), event, erased)


def _narrowed(address: Address, left: Mapping[int, frozenset[str]]) -> Iterator[Change]:
    """3.9  Each year's row keeps what is left of it; a year without any district left is over for this address."""
    for year, districts in left.items():
        if districts:
            yield SaveSubscription(year=year, address=address, districts=districts)
        else:
            yield EraseSubscription(address=address, year=year)
