"""Checkpoints by the clock, at the start and at the end (protocol 8.3)."""

import asyncio
from datetime import timedelta

from gateway.administration.office import Office
from gateway.audit import giving
from gateway.audit.note import SigningKey

LONGEST_SECONDS = 60.0


class Checkpoints:
    """One whenever the time is over and the log has grown; the first of a run at once."""

    name = "checkpoints"
    hears = False

    def __init__(self, office: Office, key: SigningKey) -> None:
        self._office = office
        self._key = key
        self._every = timedelta(0)

    async def turn(self) -> float:
        await asyncio.to_thread(self._look)
        self._every = timedelta(minutes=self._office.settings.audit.checkpoint_minutes)
        return LONGEST_SECONDS

    async def last(self) -> None:
        """Nothing more will be written in this run."""
        self._every = timedelta(0)
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        office = self._office
        due = office.store.read(office.clock(), lambda tx: giving.due(tx, self._every))
        if due is not None and due <= office.clock():
            giving.make(office, self._key)
        giving.give(office)
