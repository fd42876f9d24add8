"""Where the audit log and its checkpoints are copied to, as `[audit] mirror` names it (protocol 8.3, 9)."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gateway import config_places as place
from gateway.config_values import UnfitError, read_path, worded
from storage.records import Address

MirrorKind = Literal["file", "jsonl", "mail", "syslog", "journald"]
SOCKETS: dict[MirrorKind, str] = {"syslog": "/dev/log", "journald": "/run/systemd/journal/socket"}
SAYS = 'write "file:PATH", "jsonl:PATH", "mail:ADDRESS", "syslog:" or "journald:"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """One destination: a file, the socket of a log, or somebody outside."""

    kind: MirrorKind
    path: Path | None = None
    address: Address | None = field(default=None, repr=False)

    @property
    def named(self) -> bytes:
        """What tells it from every other; it may hold an address, so only a keyed digest of it is ever stored."""
        goal = self.address.canonical if self.address is not None else str(self.path)
        return f"{self.kind}:{goal}".encode()


def _mirror(text: str, folder: Path) -> Mirror:
    kind, colon, goal = text.partition(":")
    if not colon:
        raise UnfitError(SAYS)
    match kind:
        case "mail":
            return Mirror(kind=kind, address=place.address.read(goal, folder))
        case "file" | "jsonl":
            return Mirror(kind=kind, path=read_path(goal, folder))
        case "syslog" | "journald":
            return Mirror(kind=kind, path=read_path(goal or SOCKETS[kind], folder))
        case _:
            raise UnfitError(SAYS)


mirror = worded("file:PATH, jsonl:PATH, mail:ADDRESS, syslog: or journald:", _mirror)
