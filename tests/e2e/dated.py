"""A gateway that runs in a thread of the test, with a clock that the test turns; its workers and sockets are real."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway import app
from gateway.config import load
from tests.e2e.town import Arrived, Gateway, merged, settings, write_settings
from tests.fakes.dns import DnsServer
from tests.fakes.sink import Rule, Sink

ACCEPTED = (250, "2.0.0 accepted")
JAPAN = ZoneInfo("Asia/Tokyo")
FEBRUARY = datetime(2027, 2, 10, 12, tzinfo=JAPAN)
MARCH = datetime(2027, 3, 2, 12, tzinfo=JAPAN)
LAST_MINUTES = datetime(2027, 3, 31, 23, 50, tzinfo=JAPAN)
APRIL = datetime(2027, 4, 1, 0, 10, tzinfo=JAPAN)


@dataclass
class Clock:
    """Stands still until it is turned, or goes on from there once it is `wound` up."""

    now: datetime
    wound: float | None = None

    def __call__(self) -> datetime:
        gone = time.monotonic() - self.wound if self.wound is not None else 0.0
        return self.now.astimezone(UTC) + timedelta(seconds=gone)

    def wind(self) -> None:
        self.wound = time.monotonic()


@dataclass
class Dated(Gateway):
    """A gateway in a thread of this process."""

    clock: Clock = field(default_factory=lambda: Clock(FEBRUARY))
    alive: bool = False

    def start(self) -> None:
        self.alive, self._over = True, threading.Event()
        started: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)))
        self._thread.start()
        self.port = started.result(timeout=30)

    async def _serve(self, started: "Future[int]") -> None:
        running = app.Gateway(load(self.config), self.clock)
        try:
            await running.start()
            started.set_result(running.listener.port)
            await asyncio.to_thread(self._over.wait)
        except Exception as error:
            started.set_exception(error)
        finally:
            await running.stop()

    def stop(self) -> int:
        if self.alive:
            self.alive = False
            self._over.set()
            self._thread.join(timeout=30)
        return 0

    def restart(self, at: datetime) -> None:
        self.stop()
        self.clock.now = at
        self.start()

    def told(self, address: str) -> Arrived:
        """The answer to status@."""
        count = len(self.arrived(address))
        assert self.write(address, self.ours("status")) == ACCEPTED
        letter = self.await_mail(address, count + 1)[count]
        assert self.reply(letter) == ACCEPTED
        return self.await_mail(address, count + 2)[count + 1]

    def years(self) -> dict[str, int]:
        found: dict[str, int] = self.json("subscribers", "count")["years"]
        return {year: count for year, count in found.items() if count}


@contextmanager
def prepared(folder: Path, at: datetime, sections: dict[str, Any], rule: Rule | None = None) -> Iterator[Dated]:
    """A town that is not started yet."""
    with Sink(rule=rule) as sink, DnsServer() as dns:
        chosen = settings(sink.url, nameserver=dns.address)
        running = Dated(write_settings(folder / "town", merged(chosen, sections)), sink, dns, clock=Clock(at))
        try:
            yield running
        finally:
            running.stop()
        assert not sink.violations
