"""The next hop that the settings name: a smarthost (`smtp:`, `smtps:`) or a directory (`maildir:`).

It opens nothing: the first send() does.
"""

from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from gateway.relay.handover import Copy, Handover, NextHop, Unreachable
from gateway.relay.maildir import TOGETHER, Maildir
from gateway.relay.smarthost import Login, Smarthost, Starttls

__all__ = ["Copy", "Handover", "NextHop", "Unreachable", "next_hop"]

PORTS = {"smtp": 25, "smtps": 465}
REMEDY = 'write it as "smtp://HOST:PORT", "smtps://HOST:PORT" or "maildir:DIRECTORY"'


class Way(Protocol):
    """What the settings say of the way to the next hop."""

    @property
    def smarthost(self) -> str: ...
    @property
    def starttls(self) -> Starttls: ...
    @property
    def username(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def timeout_seconds(self) -> int: ...


def next_hop(settings: Way, *, url: str = "", name: str = "") -> NextHop:
    """The next hop of `[relay] smarthost`, or of `url` (a fallback); `name` is what it calls itself in EHLO."""
    url = url or settings.smarthost
    if url.startswith("maildir:"):
        return Maildir(_directory(url))
    parts, port = _parse(url)
    return Smarthost(
        host=parts.hostname or "",
        port=port,
        implicit_tls=parts.scheme == "smtps",
        starttls=settings.starttls,
        login=Login(settings.username, settings.password) if settings.username else None,
        timeout=settings.timeout_seconds,
        name=name,
    )


def copies_together(url: str) -> int:
    """How many copies one connection to it has under way."""
    return TOGETHER if url.startswith("maildir:") else 1


def _directory(url: str) -> Path:
    path = url.removeprefix("maildir:").removeprefix("//")
    if not path:
        raise ValueError(f"[relay] smarthost: no directory; {REMEDY}")
    return Path(path)


def _parse(url: str) -> tuple[SplitResult, int]:
    """The parts of an SMTP URL and its port; the URL itself stays out of errors, since it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"[relay] smarthost: not a URL; {REMEDY}") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("[relay] smarthost: no user or password here; set [relay] username and password")
    if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"[relay] smarthost: not a next hop; {REMEDY}")
    return parts, port or PORTS[parts.scheme]
