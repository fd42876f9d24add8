"""Staff whom another node has enrolled or removed."""

import asyncio

from gateway.administration.office import Office

INTERVAL_SECONDS = 10.0


class Staff:
    """Takes over what commands have said at any node."""

    name = "staff"
    hears = False

    def __init__(self, office: Office) -> None:
        self._office = office

    async def turn(self) -> float:
        await asyncio.to_thread(self._office.refresh)
        return INTERVAL_SECONDS
