"""What a handler decided: the reply, and all that follows from it. The rules that no handler may break stand here."""

from dataclasses import dataclass

from handlers.replies import ACCEPTED, Reply
from storage.records import AuditEvent, Change, Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A reply with its changes, letters and audit events; applied whole in one transaction, or not at all."""

    reply: Reply = ACCEPTED
    audit: tuple[AuditEvent, ...] = ()
    changes: tuple[Change, ...] = ()
    letters: tuple[Letter, ...] = ()

    def __post_init__(self) -> None:
        if not self.reply.accepted and (self.changes or self.letters):
            raise ValueError("a refusal changes nothing and sends nothing")
