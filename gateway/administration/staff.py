"""Enrolling and removing staff while the gateway runs (protocol 8): audited, and effective with the next mail."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.administration.office import Office, Refused, Tell
from gateway.config_values import UnfitError
from gateway.declared import declarations
from gateway.settings import StaffEntry
from handlers.district_words import exact
from handlers.town import Category, District, Town
from storage import staff
from storage.records import AuditEvent, Enrolment
from storage.store import Transaction

EVERY = ("*",)


def add(office: Office, words: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """Enrols somebody new; an id is free again once it was removed."""
    town = office.town()
    new = enrolment(words, town)
    if any(one.id == new.id for one in office.settings.town.staff):
        raise Refused(f"{new.id} stands in the configuration; change it there, or choose another id")
    taken = next((one for one in town.staff if one.id == new.id or one.address == new.address), None)
    if taken is not None:
        what = "is enrolled already" if taken.id == new.id else "has this address"
        raise Refused(f"{taken.id} {what}; `mimamori staff remove {taken.id}` first, then add anew")
    event = AuditEvent(
        event="staff:added",
        subject=new.id,
        detail={
            "districts": list(new.districts),
            "categories": list(new.categories),
            "may_release": new.may_release,
            "may_second": new.may_second,
            "keys": len(new.keys),
        },
    )

    def work(transaction: Transaction) -> None:
        staff.enrol(transaction.connection, transaction.keyring, new, transaction.now)
        transaction.apply((), (), [event], None)

    office.store.write(office.clock(), work).result()
    office.refresh()
    return {"id": new.id}


def remove(office: Office, words: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """Takes every right from an id, at once; one of the configuration stays removed until it is taken out there."""
    identity = str(words["id"])
    if not any(one.id == identity for one in office.town().staff):
        raise Refused(f"there is no {identity}; see `mimamori staff list`")

    def work(transaction: Transaction) -> None:
        staff.remove(transaction.connection, identity, transaction.now)
        transaction.apply((), (), [AuditEvent(event="staff:removed", subject=identity)], None)

    office.store.write(office.clock(), work).result()
    office.refresh()
    return {"id": identity, "configured": any(one.id == identity for one in office.settings.town.staff)}


def enrolment(words: Mapping[str, Any], town: Town) -> Enrolment:
    """What was typed, held to the same rules as the configuration's [[staff]]. Raises Refused with the remedy."""
    values: dict[str, Any] = {}
    for name, declared in declarations(StaffEntry):
        default = None if declared.required else declared.default
        try:
            values[name] = declared.kind.read(words.get(name, default), Path())
        except UnfitError as error:
            raise Refused(f"{name}: {error}") from None
    if not values["id"]:
        raise Refused("an id is needed; it stands in the audit instead of the address")
    return Enrolment(
        id=values["id"],
        address=values["address"],
        organisation=values["organisation"] or town.organisation,
        districts=_codes(values["districts"], town.districts),
        categories=_codes(values["categories"], town.categories),
        may_release=values["may_release"],
        may_second=values["may_second"],
        keys=values["keys"],
    )


def _codes(names: Sequence[str], entries: Collection[District] | Collection[Category]) -> tuple[str, ...]:
    if tuple(names) == EVERY:
        return EVERY
    known = {exact(word): one.code for one in entries for word in (one.code, one.name, *one.aliases)}
    for name in names:
        if exact(name) not in known:
            raise Refused(
                f"there is no {name!r}; see `mimamori districts list`, or the categories of the configuration"
            )
    return tuple(dict.fromkeys(known[exact(name)] for name in names))
