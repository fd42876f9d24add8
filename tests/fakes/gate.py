"""A gate that records what sessions ask, and a listener for it in a thread of its own. Both stand on loopback only.

As a process, `python -m tests.fakes.gate` prints its port and ends with its standard input.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Self

from gateway.gate import Peer
from gateway.listener import Listener
from gateway.settings import LimitsSettings, ListenerSettings
from handlers import replies
from handlers.mail import Route
from handlers.replies import Reply

STAFF_COMMANDS = frozenset({"alert", "release", "probe"})
ROUTES = ("subscribe", "unsubscribe", "alert", "help", "postmaster", "foo..bar", '"foo..bar"')


class GateError(Exception):
    """What a gate in trouble raises; its text must never be seen outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One mail that was handed over."""

    sender: str | None
    recipient: str
    command: str
    raw: bytes
    peer: Peer


@dataclass
class RecordingGate:
    """Knows the addresses of ROUTES; `broken@` breaks at RCPT, `breaks@` at the end of the mail."""

    taken: list[Taken] = field(default_factory=list)
    seconds: float = 0.0  # that a commit takes
    reply: Reply = replies.ACCEPTED

    async def route(self, recipient: str, peer: Peer) -> Route | Reply:
        local = recipient.rpartition("@")[0] or recipient
        if local == "broken":
            raise GateError("secret text about " + recipient)
        if local in (*ROUTES, "breaks"):
            return Route(command=local)
        return replies.NO_SUCH_ADDRESS

    async def receive(self, *, sender: str | None, recipient: str, route: Route, raw: bytes, peer: Peer) -> Reply:
        if route.command == "breaks":
            raise GateError("secret text about " + recipient)
        await asyncio.sleep(self.seconds)
        self.taken.append(Taken(sender=sender, recipient=recipient, command=route.command, raw=raw, peer=peer))
        return self.reply

    def wait_for(self, mails: int, seconds: float = 5.0) -> list[Taken]:
        """What was handed over, as soon as it is so many mails."""
        end = time.monotonic() + seconds
        while len(self.taken) < mails and time.monotonic() < end:
            time.sleep(0.01)
        return list(self.taken)


class Running:
    """`with Running() as running`: a listener on `running.port`, in a thread of its own."""

    def __init__(
        self,
        *,
        settings: ListenerSettings | None = None,
        limits: LimitsSettings | None = None,
        on_refused: Callable[[str, int], None] = lambda network, count: None,
    ) -> None:
        self.gate = RecordingGate()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.listener = Listener(
            settings or ListenerSettings(port=0),
            limits or LimitsSettings(),
            "mx.example.jp",
            self.gate,
            STAFF_COMMANDS,
            on_refused=on_refused,
        )

    def call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Runs something in the listener's thread and returns what it returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    @property
    def port(self) -> int:
        return self.listener.port

    def __enter__(self) -> Self:
        self._thread.start()
        self.call(self.listener.start())
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self.listener.stop(0.2))
        self.call(asyncio.sleep(0.02))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


if __name__ == "__main__":
    with Running() as served:
        print(served.port, flush=True)
        sys.stdin.read()
