"""Requests that wait for their token (protocol 1.2, 3.5). A token is 128 random bits; only its digest is stored."""

import base64
import hashlib
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from storage.clock import micros, moment
from storage.keyring import Keyring, Place
from storage.records import Address, CloseRequest, NewRequest, Request, RequestKind, RequestState
from storage.subscriptions import new_pseudonym, pseudonym
from storage.tables import request

TOKEN_OCTETS = 16
JOINING = (RequestKind.CONFIRM_SUBSCRIBE, RequestKind.FORM)
KNOWN = timedelta(days=30)  # how long a used or expired token still gets a helpful letter


def mint(connection: Connection, keyring: Keyring, new: NewRequest) -> str:
    """Stores the request and returns the token that will complete it."""
    token = base64.b32encode(secrets.token_bytes(TOKEN_OCTETS)).decode().rstrip("=").lower()
    # 3.9  What was asked for in March can be confirmed after the night; what asks to go on dies with the year.
    key = keyring.year(new.years[0] if new.kind is RequestKind.RENEW else new.years[-1])
    uuid = secrets.token_bytes(16)
    body = {
        "address": new.address.canonical,
        "years": new.years,
        "districts": sorted(new.districts),
        "removed": sorted(new.removed),
        "replaces": new.replaces,
        "terms": new.terms,
        "alert": new.alert,
    }
    # 4.3  What a member of staff decides outlives the row that they may have as a resident, and must not know its name.
    known = pseudonym(connection, keyring, new.address) if new.kind is not RequestKind.RELEASE else None
    values = {
        "uuid": uuid,
        "year": key.year,
        "kind": new.kind.value,
        "state": RequestState.OPEN.value,
        "token_digest": digest(token),
        "address_index": key.blind("address", new.address.canonical),
        "body": key.seal(Place("request", "body", uuid), json.dumps(body).encode()),
        "pseudonym": known or new_pseudonym(),
        "expires_at": micros(new.expires_at),
        "known_until": micros(new.expires_at + KNOWN),
    }
    connection.execute(request.insert(), values)
    return token


def by_token(connection: Connection, keyring: Keyring, token: str, for_update: bool = False) -> Request | None:
    """The request that this token completes, in whatever state, or None where we never minted it."""
    query = select(request).where(request.c.token_digest == digest(token))
    row = connection.execute(query.with_for_update() if for_update else query).first()
    if row is None or row.year not in keyring.years():
        return None
    body: dict[str, Any] = {"address": None, "years": [row.year], "districts": [], "removed": [], "replaces": False}
    body["terms"] = ["", ""]
    if row.body is not None:
        body = json.loads(keyring.year(row.year).open(Place("request", "body", row.uuid), row.body))
    return Request(
        id=row.id,
        kind=RequestKind(row.kind),
        state=RequestState(row.state),
        address=Address(body["address"]) if body["address"] else None,
        years=tuple(body["years"]),
        districts=frozenset(body["districts"]),
        removed=frozenset(body["removed"]),
        replaces=body["replaces"],
        terms=(body["terms"][0], body["terms"][1]),
        alert=body.get("alert", ""),
        expires_at=moment(row.expires_at),
    )


def close(connection: Connection, change: CloseRequest) -> None:
    """Ends the request, and with `others` closes the other open ones by which the address would join."""
    this = connection.execute(select(request).where(request.c.id == change.request_id)).one()
    connection.execute(update(request).where(request.c.id == this.id).values(state=change.state.value))
    if change.others and this.address_index is not None:
        siblings = (request.c.address_index == this.address_index) & (request.c.id != this.id)
        of_joining = request.c.kind.in_([kind.value for kind in JOINING])
        still_open = siblings & of_joining & (request.c.state == RequestState.OPEN.value)
        connection.execute(update(request).where(still_open).values(state=RequestState.CLOSED.value))


def open_for(connection: Connection, keyring: Keyring, address: Address, now: datetime) -> int:
    """How many unexpired open requests the address has."""
    indexes = [keyring.year(year).blind("address", address.canonical) for year in keyring.years()]
    of_public = request.c.kind != RequestKind.RELEASE.value
    query = select(func.count()).where(
        request.c.address_index.in_(indexes), request.c.state == "open", request.c.expires_at > micros(now), of_public
    )
    return connection.scalar(query) or 0


def asked(connection: Connection, keyring: Keyring, address: Address, now: datetime) -> list[RequestKind]:
    """4.4  What the address has asked for and not confirmed yet, oldest first."""
    indexes = [keyring.year(year).blind("address", address.canonical) for year in keyring.years()]
    query = select(request.c.kind).where(
        request.c.address_index.in_(indexes),
        request.c.state == "open",
        request.c.expires_at > micros(now),
        request.c.kind != RequestKind.RELEASE.value,
    )
    return [RequestKind(kind) for kind in connection.scalars(query.order_by(request.c.id))]


def forget_old(connection: Connection, now: datetime) -> int:
    """Deletes requests that are no longer known; returns how many."""
    return connection.execute(delete(request).where(request.c.known_until < micros(now))).rowcount


def digest(token: str) -> bytes:
    return hashlib.sha256(token.lower().encode()).digest()
