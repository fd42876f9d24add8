"""What the audit log learns of a backup that a command has made (protocol 8.6)."""

from collections.abc import Mapping
from typing import Any

from gateway.administration.office import Office, Tell
from storage.records import AuditEvent


def made(office: Office, words: Mapping[str, Any], _tell: Tell) -> dict[str, Any]:
    """Writes it down: up to which entry the log is in it, and the digest of its manifest."""
    event = AuditEvent(
        event="backup:made", detail={"entries": int(words["entries"]), "manifest": str(words["manifest"])}
    )
    office.store.write(office.clock(), lambda transaction: transaction.apply((), (), (event,), None)).result()
    return {}
