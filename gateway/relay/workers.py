"""The worker processes as the server sees them: start one, give it a job, notice its end."""

import asyncio
import logging
import socket
import sys
from pathlib import Path

from gateway.relay.pipe import CopiesJob, Done, LettersJob, Pipe

log = logging.getLogger("mimamori.relay")
RESTART_SECONDS = 1.0


class WorkerGone(Exception):
    """The worker process ended before it answered; what it was sending may or may not have gone out."""


class WorkerProcess:
    """One worker process, started again whenever it ends."""

    def __init__(self, config: Path) -> None:
        self._config = config
        self._pipe: Pipe | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._waiting: dict[int, asyncio.Future[Done]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._known: set[int] = set()  # alerts whose prepared text this process has
        self._lock = asyncio.Lock()

    async def work(self, job: CopiesJob | LettersJob) -> Done:
        """The worker's answer. Raises WorkerGone where the process ended instead."""
        await self._ensure()
        assert self._pipe is not None
        future: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting[job.slot] = future
        self._pipe.send(job)
        return await future

    def knows(self, alert_id: int) -> bool:
        """Whether this process was given the alert's text; from now on it was."""
        known = alert_id in self._known
        self._known.add(alert_id)
        return known

    async def start(self) -> None:
        await self._ensure()

    async def stop(self) -> None:
        """Closes the pipe, at which the worker ends."""
        if self._listening is not None:
            self._listening.cancel()
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            await self._process.wait()

    async def _ensure(self) -> None:
        async with self._lock:
            if self._pipe is not None:
                return
            ours, theirs = socket.socketpair()
            command = (sys.executable, "-P", "-m", "gateway.relay.worker", str(self._config), str(theirs.fileno()))
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C is for the server, which drains; the worker ends with its pipe
                )
            self._known.clear()
            self._pipe = await Pipe.over(ours)
            self._listening = asyncio.create_task(self._listen(self._pipe))

    async def _listen(self, pipe: Pipe) -> None:
        try:
            while True:
                done = await pipe.receive()
                assert isinstance(done, Done)
                if (future := self._waiting.pop(done.slot, None)) is not None and not future.done():
                    future.set_result(done)
        except (asyncio.IncompleteReadError, ConnectionError):
            log.error("a relay worker ended; starting another")
            pipe.close()
            await asyncio.sleep(RESTART_SECONDS)
            self._pipe = None
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(WorkerGone())
            self._waiting.clear()
