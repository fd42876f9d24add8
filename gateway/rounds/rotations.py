"""The rotation of a key that a crash has interrupted (protocol 9, [keys])."""

import asyncio

from gateway.administration import rotating
from gateway.administration.office import Office

INTERVAL_SECONDS = 600.0


class Rotations:
    """Goes on with it, beside whatever else goes on."""

    name = "rotations"
    hears = False

    def __init__(self, office: Office) -> None:
        self._office = office

    async def turn(self) -> float:
        await asyncio.to_thread(rotating.resume, self._office)
        return INTERVAL_SECONDS
