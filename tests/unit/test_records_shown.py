"""The records as they would appear in a log, an error or a debugger: nothing of a person is to be seen."""

from datetime import UTC, datetime

import pytest

from storage.parcels import Opened, Recipient, Waiting
from storage.records import (
    Address,
    AuditEvent,
    Consent,
    EraseSubscription,
    Letter,
    NewRequest,
    Quota,
    RequestKind,
    SaveSubscription,
    Subscription,
)

PERSON, CODE = Address("hanako@town.example"), "tomio"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
CONSENT = Consent(version="1", digest="ab" * 32, at=NOW, way="reply")
ASKED = NewRequest(
    kind=RequestKind.CONFIRM_CHANGE,
    address=PERSON,
    years=(2026,),
    districts=frozenset({CODE}),
    removed=frozenset({CODE}),
    expires_at=NOW,
)


@pytest.mark.parametrize(
    "record",
    [
        PERSON,
        ASKED,
        Subscription(year=2026, address=PERSON, districts=frozenset({CODE}), consent=CONSENT, pseudonym="r-1"),
        SaveSubscription(year=2026, address=PERSON, districts=frozenset({CODE})),
        EraseSubscription(address=PERSON),
        Letter(to=PERSON, subject="to hanako@town.example", text="tomio", request=ASKED, attached=b"hanako"),
        AuditEvent(event="subscribe:pending", about=PERSON),
        Quota("address", PERSON.canonical),
        Recipient(1, b"uuid", b"hanako@town.example"),
        Waiting(id=1, uuid=b"", year=2026, body=b"hanako@town.example", attempts=0, fence=1),
        Opened(
            to=PERSON,
            subject="tomio",
            text="hanako@town.example",
            local_part="confirm+token",
            in_reply_to="<hanako@town.example>",
            attached=b"hanako",
            written_at=NOW.isoformat(),
        ),
    ],
    ids=lambda record: type(record).__name__,
)
def test_no_record_shows_an_address_a_district_or_a_token(record: object) -> None:
    shown = f"{record!r} {record!s} {record} {[record]}"
    for secret in ("hanako", "town.example", "tomio", "token"):
        assert secret not in shown
