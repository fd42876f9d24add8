"""How the server and a relay worker speak: whole Python values over a socket pair, one frame each.

Both ends are the same program of the same user; nothing from outside is ever unpickled.
"""

import asyncio
import pickle
import socket
from dataclasses import dataclass, field

from gateway.relay.compose import Prepared
from gateway.relay.handover import Handover
from storage.fanout import Recipient
from storage.outbox import Waiting

LENGTH_OCTETS = 4


@dataclass(frozen=True, slots=True)
class CopiesJob:
    """Hand these rows' copies of an alert over. `prepared` comes with the first job of an alert only."""

    slot: int
    alert_id: int
    year: int
    recipients: tuple[Recipient, ...] = field(repr=False)
    prepared: Prepared | None = field(repr=False)
    first_alert: int | None = None  # 5.7  the alert that this one follows


@dataclass(frozen=True, slots=True)
class LettersJob:
    """Hand these letters over."""

    slot: int
    letters: tuple[Waiting, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job, in the order of its recipients or letters; or why nothing of it was tried."""

    slot: int
    handovers: tuple[Handover, ...] = ()
    trouble: str | None = None


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
