"""The action of `mimamori audit checkpoint` (protocol 8.3)."""

from collections.abc import Mapping
from typing import Any

from gateway.administration.office import Office, Refused, Tell
from gateway.audit import giving
from gateway.audit.note import audit_key
from storage.clock import moment
from storage.keyring import KeyTrouble


def checkpoint(office: Office, words: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    """Signs the log as it is, gives that to every destination, and answers with it."""
    try:
        key = audit_key(office.settings)
    except KeyTrouble as error:
        raise Refused(str(error)) from None
    if key is None:
        raise Refused(
            "there is no audit key; make one with `openssl genpkey -algorithm ed25519`, "
            "and name the file in [audit] checkpoint_key"
        )
    if words["mail"] and not any(mirror.kind == "mail" for mirror in office.settings.audit.mirror):
        raise Refused('nobody to mail it to; add "mail:ADDRESS" to [audit] mirror')
    made = giving.make(office, key)
    try:
        giving.give(office, mail_now=words["mail"])
        trouble = None
    except OSError as error:
        trouble = f"{error.filename}: {error.strerror}"
    at = moment(made.made_at).isoformat()
    return {"number": made.number, "size": made.size, "at": at, "note": made.note, "trouble": trouble}
