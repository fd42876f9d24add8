"""The action behind `mimamori alerts who`: did one subscriber get an alert (protocol 11.2).

The answer goes to whoever may administer the gateway. The audit keeps that it was asked, by the subscriber's pseudonym;
neither the address nor the answer stands there.
"""

from collections.abc import Mapping
from typing import Any

from gateway.administration.office import Office, Refused, Tell
from handlers import addresses
from storage import alerts, deliveries
from storage.records import AuditEvent
from storage.store import Transaction


def who(office: Office, words: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """What became of the copy of `address` of the alert `number`."""
    name = str(words["number"])
    address = addresses.parse(str(words["address"]))
    if address is None:
        raise Refused("that is not a mail address; write it as name@mail.example.jp")

    def work(transaction: Transaction) -> deliveries.Standing:
        connection = transaction.connection
        found = alerts.named(connection, name)
        if found is None:
            raise Refused(f"no alert {name}; see `mimamori alerts list`")
        standing = deliveries.of_subscriber(connection, transaction.keyring, found, address, transaction.now)
        if standing is None:
            raise Refused(f"the year of {name} is destroyed; nobody can tell any more who got it")
        event = AuditEvent(event="alert:asked", about=address, detail={"alert": name})
        transaction.apply((), (), (event,), None)
        return standing

    standing = office.store.write(office.clock(), work).result()
    return {
        "lot": standing.lot.value,
        "code": standing.code,
        "attempts": standing.attempts,
        "next_try": standing.next_try.isoformat() if standing.next_try else None,
    }
