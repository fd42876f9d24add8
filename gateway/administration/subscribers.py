"""What administrators do to those who registered: erase somebody who asks for it by another way than mail (4.6)."""

from collections.abc import Mapping
from typing import Any

from gateway.administration.office import Office, Refused, Tell
from handlers import addresses
from storage import forgetting
from storage.records import Address, AuditEvent
from storage.store import Transaction


def forget(office: Office, words: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """Erases what is kept of one address, and tells how much that was."""
    address = addresses.parse(words["address"])
    if address is None:
        raise Refused("this is no mail address; write it as name@family.example, without a display name")
    gone = office.store.write(office.clock(), lambda transaction: _forgotten(transaction, address)).result()
    return {
        "years": list(gone.years),
        "requests": gone.requests,
        "letters": gone.letters,
        "staff": office.town().staff_member(address) is not None,
    }


def _forgotten(transaction: Transaction, address: Address) -> forgetting.Forgotten:
    gone = forgetting.forget(transaction.connection, transaction.keyring, address)
    detail = {"letters": gone.letters, "requests": gone.requests, "years": list(gone.years)}
    event = AuditEvent(event="subscriber:forgotten", subject=gone.pseudonym, detail=detail)
    transaction.apply((), (), (event,), None)
    return gone
