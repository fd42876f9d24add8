"""How the server and a relay worker speak: whole Python values over a socket pair, one frame each.

Both ends are the same program of the same user; nothing from outside is ever unpickled.
"""

import asyncio
import pickle
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from gateway.relay.compose import Prepared
from storage.parcels import Recipient, Waiting

LENGTH_OCTETS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a worker is told first of all: all that it needs of the settings."""

    domain: str
    organisation: str
    keys: Path
    kek: str = field(repr=False)
    smarthost: str
    starttls: Literal["no", "may", "require"]
    username: str = field(repr=False)
    password: str = field(repr=False)
    timeout_seconds: int
    connections: int
    unquoted_domains: tuple[str, ...]
    dkim_selector: str
    dkim_key: Path | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert as a worker has to know it before its first row comes."""

    alert_id: int
    year: int
    prepared: Prepared = field(repr=False)
    first_alert: int | None = None  # 5.7  the alert that this one follows


@dataclass(frozen=True, slots=True)
class Forget:
    """The alert is over."""

    alert_id: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Hand the copies of these rows over, in this order."""

    run: int
    alert_id: int
    rows: tuple[Recipient, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Halt:
    """What has not been begun of this run comes back untried."""

    run: int


@dataclass(frozen=True, slots=True)
class Letters:
    """Hand these letters over."""

    letters: tuple[Waiting, ...] = field(repr=False)


class Outcome(NamedTuple):
    """What became of one row's copy, as `Handover` says it; the domain is the recipient's."""

    run: int
    row: int
    code: int
    enhanced: str
    unknown: bool
    domain: str

    def __repr__(self) -> str:
        return f"<outcome {self.code}>"

    @property
    def tried(self) -> bool:
        return self.code != 0 or self.unknown


@dataclass(frozen=True, slots=True)
class Report:
    """Outcomes of rows as they come in; `trouble` says why nothing can be handed over now."""

    outcomes: tuple[Outcome, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class LettersDone:
    """What became of letters, in their order: code and whether it is unknown; or why nothing was tried."""

    handovers: tuple[tuple[int, bool], ...] = ()
    trouble: str | None = None


Job = Draft | Forget | Rows | Halt | Letters


class Pipe:
    """One end of the pair."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over(cls, end: socket.socket) -> "Pipe":
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, value: object) -> None:
        frame = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        self._writer.write(len(frame).to_bytes(LENGTH_OCTETS, "big") + frame)

    async def receive(self) -> object:
        """The next value. Raises IncompleteReadError where the other end has gone."""
        length = int.from_bytes(await self._reader.readexactly(LENGTH_OCTETS), "big")
        return pickle.loads(await self._reader.readexactly(length))

    def close(self) -> None:
        self._writer.close()
