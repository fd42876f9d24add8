"""What the workers say, until the foreman's next step takes it up."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from gateway.relay.pipe import Report

# So long outcomes wait for those of other workers, so that one commit records them all.
PATIENCE_SECONDS = 0.025
FEW_ROWS_PATIENCE_SECONDS = 0.003  # where a worker never has more than a window of rows, and is soon without any


class Inbox:
    """Reports and ends of workers. A step begins when half of what is under way has its answer, or in a moment."""

    def __init__(self, under_way: Callable[[], int], *, few_rows: bool) -> None:
        """`under_way`: how many copies have no answer that a step has taken up."""
        self._under_way = under_way
        self._patience = FEW_ROWS_PATIENCE_SECONDS if few_rows else PATIENCE_SECONDS
        self._news = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None  # runs while there are reports that are not worth a step
        self._reports: list[tuple[int, Report]] = []
        self.gone: set[int] = set()  # workers that have ended, or were started, since the last step began

    def hear(self, number: int, report: Report) -> None:
        """What worker `number` reports."""
        self._reports.append((number, report))
        told = sum(each.size for _, each in self._reports)
        if report.trouble is not None or 2 * told >= self._under_way():
            self.call()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._patience, self.call)

    def lose(self, number: int) -> None:
        """A worker process has ended, or a new one has started."""
        self.gone.add(number)
        self.call()

    def call(self) -> None:
        """There is something for a step to do."""
        self._news.set()

    def emptied(self) -> tuple[list[tuple[int, Report]], set[int]]:
        """The reports, and the workers that are gone; from now on it waits for the next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._news.clear()
        reports, self._reports = self._reports, []
        gone, self.gone = self.gone, set()
        return reports, gone

    async def wait(self, seconds: float | None) -> None:
        """Until somebody calls, or so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
