"""confirm+TOKEN@: completes what its letter says; any subject and body will do (protocol 1, 1.2, 1.4, 3.2)."""

from typing import Literal, assert_never

from handlers import change, letters, status
from handlers.answering import to_be_done, to_holder, undone
from handlers.leave import goodbye
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.town import Town
from handlers.wishes import wants_to_cancel, wants_to_leave
from storage.records import (
    Address,
    AuditEvent,
    Change,
    CloseRequest,
    Consent,
    NewRequest,
    Reader,
    Request,
    RequestKind,
    RequestState,
    SaveSubscription,
)


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    request = verdict.claim
    assert isinstance(request, Request)
    if request.address is None or not to_be_done(mail, request):
        return undone(mail, town, request)

    if wants_to_cancel(mail):
        return withdraw(mail, town, request, request.address)
    if wants_to_leave(mail):
        return leave(mail, reader, town, request, request.address, frozenset())
    close = CloseRequest(request_id=request.id, state=RequestState.USED)
    match request.kind:
        case RequestKind.CONFIRM_SUBSCRIBE | RequestKind.RENEW:
            return register(mail, reader, town, request, request.address, request.districts, "reply")
        case RequestKind.CONFIRM_LEAVE:
            return leave(mail, reader, town, request, request.address, request.districts)
        case RequestKind.CONFIRM_CHANGE:
            return change.apply(mail, reader, town, request, request.address, (close,))
        case RequestKind.CONFIRM_STATUS:
            return status.tell(mail, reader, town, request.address, (close,))
        case RequestKind.FORM | RequestKind.RELEASE:
            raise AssertionError(f"{request.kind}: another address, another handler")
        case _:
            assert_never(request.kind)


def withdraw(mail: InboundMail, town: Town, request: Request, address: Address) -> Outcome:
    close = CloseRequest(request_id=request.id, state=RequestState.WITHDRAWN)
    event = AuditEvent(event="request:withdrawn", about=address)
    return to_holder(mail, address, letters.withdrawn(mail.language, town), event, (close,))


def register(
    mail: InboundMail,
    reader: Reader,
    town: Town,
    request: Request | NewRequest,
    address: Address,
    codes: frozenset[str],
    way: Literal["reply", "form", "proven"],
) -> Outcome:
    """3.2, 3.9  Writes the years that are open now, adds to what was chosen before, and sends the receipt."""
    years = town.calendar.open_years(mail.received_at)
    version, digest = request.terms
    consent = Consent(version=version, digest=digest, at=mail.received_at, way=way)
    held = {subscription.year: subscription.districts for subscription in reader.subscriptions(address)}
    wanted = {year: codes | held.get(year, frozenset()) for year in years}
    changes: list[Change] = [
        SaveSubscription(year=year, address=address, districts=wanted[year], consent=consent) for year in years
    ]
    if isinstance(request, Request):
        changes.append(CloseRequest(request_id=request.id, state=RequestState.USED, others=True))
    text = letters.receipt(mail.language, town, wanted[years[0]], years[-1], consent)
    event = AuditEvent(event="subscribe:confirmed", about=address, detail={"years": list(years), "way": way})
    return to_holder(mail, address, text, event, tuple(changes))


def leave(
    mail: InboundMail, reader: Reader, town: Town, request: Request, address: Address, codes: frozenset[str]
) -> Outcome:
    """4.2  The mailbox is proven: leaves at once, everything or the districts that the letter named."""
    close = CloseRequest(request_id=request.id, state=RequestState.USED)
    return goodbye(mail, reader, town, address, codes, (close,))
