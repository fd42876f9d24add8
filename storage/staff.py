"""Staff enrolled or removed by command. Their addresses are sealed under the gateway's own key: it outlives years."""

import json
import secrets
from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.clock import micros
from storage.keyring import Keyring, Place
from storage.records import Address, Enrolment
from storage.tables import staff


def enrolments(connection: Connection, keyring: Keyring) -> dict[str, Enrolment | None]:
    """What commands have said of each id; None: removed, also where the configuration still names it."""
    rows = connection.execute(select(staff).order_by(staff.c.changed_at, staff.c.id))
    return {row.id: _opened(keyring, row.id, row.uuid, row.body) if row.body is not None else None for row in rows}


def enrol(connection: Connection, keyring: Keyring, new: Enrolment, now: datetime) -> None:
    """Writes the person down, in place of whatever was said of this id before."""
    uuid = secrets.token_bytes(16)
    facts = {
        "address": new.address.canonical,
        "organisation": new.organisation,
        "districts": new.districts,
        "categories": new.categories,
        "may_release": new.may_release,
        "may_second": new.may_second,
        "keys": new.keys,
    }
    body = keyring.standing().seal(Place("staff", "body", uuid), json.dumps(facts).encode())
    _put(connection, {"id": new.id, "uuid": uuid, "state": "enrolled", "body": body, "changed_at": micros(now)})


def remove(connection: Connection, identity: str, now: datetime) -> None:
    """From now on this id may nothing; its address is gone."""
    uuid = secrets.token_bytes(16)
    _put(connection, {"id": identity, "uuid": uuid, "state": "removed", "body": None, "changed_at": micros(now)})


def _put(connection: Connection, row: dict[str, object]) -> None:
    connection.execute(delete(staff).where(staff.c.id == row["id"]))
    connection.execute(staff.insert().values(row))


def _opened(keyring: Keyring, identity: str, uuid: bytes, body: bytes) -> Enrolment:
    facts = json.loads(keyring.standing().open(Place("staff", "body", uuid), body))
    return Enrolment(
        id=identity,
        address=Address(facts["address"]),
        organisation=facts["organisation"],
        districts=tuple(facts["districts"]),
        categories=tuple(facts["categories"]),
        may_release=facts["may_release"],
        may_second=facts["may_second"],
        keys=tuple(facts["keys"]),
    )
