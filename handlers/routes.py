"""Which command an address names (protocol 1), and which handler answers it."""

from collections.abc import Callable

from handlers import (
    alert,
    bounce,
    change,
    confirm,
    form,
    leave,
    passing_on,
    probe,
    release,
    status,
    subscribe,
    unsubscribe,
)
from handlers import help as help_
from handlers.mail import InboundMail, Route, Verdict
from handlers.outcome import Outcome
from handlers.town import Town
from storage.records import Reader

Handler = Callable[[InboundMail, Verdict, Reader, Town], Outcome]

HANDLERS: dict[str, Handler] = {
    "subscribe": subscribe.handle,
    "unsubscribe": unsubscribe.handle,
    "change": change.handle,
    "status": status.handle,
    "form": form.handle,
    "confirm": confirm.handle,
    "leave": leave.handle,
    "alert": alert.handle,
    "release": release.handle,
    "probe": probe.handle,
    "bounce": bounce.handle,
    "help": help_.handle,
    "postmaster": passing_on.handle,
    "abuse": passing_on.handle,
}
TOKEN_COMMANDS = frozenset({"form", "confirm", "leave", "bounce", "release"})  # refused without their token
OPEN_COMMANDS = frozenset({"subscribe", "unsubscribe", "change", "status", "help"})  # to anyone, without a token
TAGGED_COMMANDS = TOKEN_COMMANDS | {"subscribe"}
STAFF_COMMANDS = frozenset({"alert", "probe", "release"})  # what require_tls = "staff" means


def route(recipient: str, town: Town) -> Route | None:
    """The command of an address of ours, or None where there is no such address (1.1)."""
    local, at, domain = recipient.rpartition("@")
    if not at:
        local, domain = recipient, town.domain
        if local.lower() != "postmaster":
            return None
    command, plus, tag = local.lower().partition("+")
    if domain.lower() != town.domain or command not in HANDLERS:
        return None
    if command in ("postmaster", "abuse") and town.admin is None:
        return None
    if (plus and command not in TAGGED_COMMANDS) or (command in TOKEN_COMMANDS and not tag):
        return None
    return Route(command=command, tag=tag)
