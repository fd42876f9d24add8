"""How the server and a relay worker speak: whole Python values over a socket pair, one frame each.

Both ends are the same program of the same user; nothing from outside is ever unpickled.
"""

import asyncio
import pickle
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, cast

from gateway.relay.compose import Prepared
from gateway.relay.pace import Pace
from storage.parcels import Recipient, Waiting

LENGTH_OCTETS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a worker is told first of all: all that it needs of the settings."""

    domain: str
    organisation: str
    keys: Path
    kek: str = field(repr=False)
    counterfoils: Path
    synced_every: int  # counterfoils; 0: never
    number: int  # of this worker
    workers: int
    smarthost: str
    further: tuple[str, ...]
    share: bool
    fallback: str
    pace: tuple[Pace, ...]
    rate: int
    copies_per_connection: int
    starttls: Literal["no", "may", "require"]
    username: str = field(repr=False)
    password: str = field(repr=False)
    timeout_seconds: int
    connections: int
    unquoted_domains: tuple[str, ...]
    dkim: tuple[tuple[str, Path], ...]  # selectors and keys


@dataclass(frozen=True, slots=True)
class Draft:
    """An alert as a worker has to know it before its first row comes."""

    alert_id: int
    year: int
    uuid: bytes  # of the alert
    prepared: Prepared = field(repr=False)
    first: bytes | None = None  # 5.7  the uuid of the alert that this one follows


@dataclass(frozen=True, slots=True)
class Forget:
    """The alert is over."""

    alert_id: int


class Rows(NamedTuple):
    """Hand the copies of these rows over, in this order."""

    run: int
    alert_id: int
    rows: tuple[Recipient, ...]

    def __reduce__(self) -> tuple[Callable[..., "Rows"], tuple[object, ...]]:
        # Plain tuples: to name its class for each row takes twice as long.
        return _rows, (self.run, self.alert_id, [tuple(row) for row in self.rows])


def _rows(run: int, alert_id: int, rows: list[tuple[int, bytes, bytes, int]]) -> Rows:
    return Rows(run, alert_id, tuple([Recipient(*row) for row in rows]))


@dataclass(frozen=True, slots=True)
class Halt:
    """What has not been begun of this run comes back untried."""

    run: int


@dataclass(frozen=True, slots=True)
class Letters:
    """Hand these letters over."""

    letters: tuple[Waiting, ...] = field(repr=False)
    second_way: bool = False  # over the fallback


class Outcome(NamedTuple):
    """What became of one row's copy that was not accepted, as `Handover` says it; the domain is the recipient's."""

    run: int
    row: int
    code: int
    enhanced: str
    unknown: bool
    domain: str
    home: int = -1  # the worker that carries the copies of this domain
    later: float = -1.0  # seconds after which its turn may have come

    def __repr__(self) -> str:
        return f"<outcome {self.code}>"

    @property
    def tried(self) -> bool:
        return self.code != 0 or self.unknown


class Report(NamedTuple):
    """Outcomes of rows as they come in; `trouble` says why nothing can be handed over now."""

    accepted: Mapping[int, Sequence[tuple[int, str]]] = {}  # by run: rows, and their recipients' domains
    outcomes: tuple[Outcome, ...] = ()  # of all others
    trouble: str | None = None
    kept: bool = True  # whether there are counterfoils of what was accepted

    def __repr__(self) -> str:
        return "<report>"

    @property
    def size(self) -> int:
        """The number of rows that it is about."""
        return len(self.outcomes) + sum(len(rows) for rows in self.accepted.values())

    def __reduce__(self) -> tuple[Callable[..., "Report"], tuple[object, ...]]:
        return _report, (self.accepted, [tuple(outcome) for outcome in self.outcomes], self.trouble, self.kept)


def _report(
    accepted: dict[int, list[tuple[int, str]]],
    outcomes: list[tuple[int, int, int, str, bool, str, int, float]],
    trouble: str | None,
    kept: bool,
) -> Report:
    return Report(accepted, tuple([Outcome(*outcome) for outcome in outcomes]), trouble, kept)


@dataclass(frozen=True, slots=True)
class LettersDone:
    """What became of letters, in their order: code and whether it is unknown; or why nothing was tried."""

    second_way: bool = False
    handovers: tuple[tuple[int, bool], ...] = ()
    trouble: str | None = None


Job = Draft | Forget | Rows | Halt | Letters


class Pipe(asyncio.Protocol):
    """One end of the pair. A frame is passed on as it comes, without a task of its own."""

    def __init__(self, hear: Callable[[object], None], ended: Callable[[], None]) -> None:
        self._hear = hear
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()

    @classmethod
    async def over(cls, end: socket.socket, hear: Callable[[object], None], ended: Callable[[], None]) -> "Pipe":
        """`ended` is called when the other end has gone."""
        pipe = cls(hear, ended)
        await asyncio.get_running_loop().create_unix_connection(lambda: pipe, sock=end)
        return pipe

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while len(self._buffer) >= LENGTH_OCTETS:
            end = LENGTH_OCTETS + int.from_bytes(self._buffer[:LENGTH_OCTETS], "big")
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[LENGTH_OCTETS:end])
            del self._buffer[:end]
            self._hear(pickle.loads(frame))

    def send(self, value: object) -> None:
        frame = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        if self._transport is not None:
            self._transport.write(len(frame).to_bytes(LENGTH_OCTETS, "big") + frame)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
