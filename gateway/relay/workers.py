"""The worker processes as the server sees them: start one, give it work, hear of it, notice its end."""

import asyncio
import logging
import socket
import sys
from collections.abc import Callable

from gateway.relay.pipe import Draft, Forget, Job, Letters, LettersDone, Orders, Pipe, Report
from storage.parcels import Waiting

log = logging.getLogger("mimamori.relay")
RESTART_SECONDS = 1.0


class WorkerGone(Exception):
    """The worker process ended before it answered; what it was sending may or may not have gone out."""


class WorkerProcess:
    """One worker process, started again whenever it ends."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._pipe: Pipe | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._letters: dict[bool, asyncio.Future[LettersDone]] = {}  # by the way that they go
        self._watching: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._starting = asyncio.Lock()
        self._known: set[int] = set()  # alerts whose text this process has
        self._report: Callable[[int, Report], None] = lambda _number, _report: None
        self._gone: Callable[[int], None] = lambda _number: None

    @property
    def number(self) -> int:
        return self._orders.number

    def hear(self, report: Callable[[int, Report], None], gone: Callable[[int], None]) -> None:
        """Who is told what the worker reports, and that it has ended."""
        self._report, self._gone = report, gone

    @property
    def alive(self) -> bool:
        return self._pipe is not None

    def send(self, job: Job) -> None:
        """Gives it work. A worker that has ended meanwhile gets nothing: `gone` was told of it."""
        if self._pipe is not None:
            self._pipe.send(job)

    def knows(self, alert_id: int) -> bool:
        return alert_id in self._known

    def learn(self, draft: Draft) -> None:
        """Gives it an alert's text, once."""
        if self._pipe is not None:
            self._known.add(draft.alert_id)
            self._pipe.send(draft)

    def forget(self, alert_id: int) -> None:
        """The alert is over."""
        if alert_id in self._known:
            self._known.discard(alert_id)
            self.send(Forget(alert_id))

    async def letters(self, waiting: tuple[Waiting, ...], *, second_way: bool = False) -> LettersDone:
        """What became of the letters. Raises WorkerGone where the process ended instead."""
        if self._pipe is None:
            raise WorkerGone
        future: asyncio.Future[LettersDone] = asyncio.get_running_loop().create_future()
        self._letters[second_way] = future
        self._pipe.send(Letters(waiting, second_way))
        return await future

    async def start(self) -> None:
        """Starts the process, where it does not run; who waits for a worker is told."""
        async with self._starting:
            if self._watching is None:
                await self._spawn()
                self._watching = asyncio.create_task(self._watch())
                self._gone(self.number)

    async def stop(self) -> None:
        """Closes the pipe, at which the worker ends."""
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
            self._gone(self.number)
        if self._process is not None:
            await self._process.wait()

    async def _spawn(self) -> None:
        ours, theirs = socket.socketpair()
        command = (sys.executable, "-P", "-m", "gateway.relay.worker", str(theirs.fileno()))
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is for the server, which drains; the worker ends with its pipe
            )
        self._known.clear()
        self._over = asyncio.Event()
        self._pipe = await Pipe.over(ours, self._hear, self._over.set)
        self._pipe.send(self._orders)

    async def _watch(self) -> None:
        while True:
            await self._over.wait()
            log.error("a relay worker ended; starting another")
            self._end()
            await asyncio.sleep(RESTART_SECONDS)
            await self._spawn()
            self._gone(self.number)  # again: whoever waits for a worker has one

    def _hear(self, value: object) -> None:
        match value:
            case Report():
                self._report(self.number, value)
            case LettersDone() if (future := self._letters.pop(value.second_way, None)) and not future.done():
                future.set_result(value)

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None
        for future in self._letters.values():
            if not future.done():
                future.set_exception(WorkerGone())
        self._letters.clear()
        self._gone(self.number)
