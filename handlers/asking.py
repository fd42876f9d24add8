"""Requests that a stranger's word starts and their mailbox has to confirm (protocol 1.2, 3.5, 4.2)."""

from datetime import timedelta

from handlers.mail import InboundMail
from handlers.town import Town
from storage.records import NewRequest, RequestKind


def new_request(
    mail: InboundMail,
    town: Town,
    kind: RequestKind,
    districts: frozenset[str] = frozenset(),
    removed: frozenset[str] = frozenset(),
    replaces: bool = False,
) -> NewRequest:
    """A request of this mail's author that waits for its token."""
    assert mail.author is not None
    return NewRequest(
        kind=kind,
        address=mail.author,
        years=town.calendar.open_years(mail.received_at),
        districts=districts,
        removed=removed,
        replaces=replaces,
        terms=(town.terms.version, town.terms.digest),
        expires_at=mail.received_at + timedelta(hours=town.pending_hours),
    )
