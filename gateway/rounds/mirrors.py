"""The copies of the audit log, each in a round of its own, so that one that hangs holds up no other (protocol 8.3)."""

import asyncio

from gateway.administration.office import Office
from gateway.audit.copying import Copying

INTERVAL_SECONDS = 1.0
OF_ENTRIES = ("jsonl", "syslog", "journald")


class Mirroring:
    """Copies what was committed since it last looked."""

    hears = False  # a second later is soon enough, and a mail need not wake it

    def __init__(self, office: Office, copying: Copying) -> None:
        self.name = f"mirror {copying.kind}"
        self._office = office
        self._copying = copying

    async def turn(self) -> float:
        await asyncio.to_thread(self._copying.catch_up, self._office.clock())
        return INTERVAL_SECONDS


def mirrors(office: Office) -> list[Mirroring]:
    """One round for each copy of entries that the configuration names."""
    settings = office.settings.audit
    wanted = [each for each in settings.mirror if each.kind in OF_ENTRIES]
    return [Mirroring(office, Copying(office.store, each, settings)) for each in wanted]
