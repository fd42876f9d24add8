"""Runs what happens by the clock (gateway/rounds), each round in a task of its own, until it is stopped."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

log = logging.getLogger("mimamori.scheduler")
AFTER_TROUBLE_SECONDS = 30.0


class Round(Protocol):
    """One matter that has to be looked after."""

    name: str
    hears: bool  # whether a commit may give it something to do

    async def turn(self) -> float:
        """Does what is due; the seconds until it wants to be asked again."""


class Scheduler:
    """Asks each round when it wants to be asked. A round that fails is tried again, and holds up no other."""

    def __init__(self, rounds: Sequence[Round]) -> None:
        self._rounds = rounds
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._run(each)) for each in self._rounds]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def wake(self) -> None:
        """Something new is committed."""
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _run(self, each: Round) -> None:
        while True:
            news = self._news if each.hears else asyncio.Event()
            seconds = AFTER_TROUBLE_SECONDS
            try:
                seconds = await each.turn()
            except Exception as error:
                log.error("the round of %s failed: %s; it is done again", each.name, type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), seconds)
