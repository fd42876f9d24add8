"""How many copies a worker may have: as many as it hands over in a moment, none while the next hop is out of reach.

A commit of many copies costs little more than one of few, so who is fast gets many. Who is slow gets few: what waits
in a worker may have to come back, and while it waits its readers may leave.
"""

from datetime import UTC, datetime, timedelta

from gateway.relay.retry import Backoff

WINDOW = 50  # copies under way or unrecorded, where nothing but the database records them
MOST = 1_000  # where counterfoils do, too (5.12)
AHEAD_SECONDS = 0.5
MEASURED = timedelta(seconds=0.05)  # at least


class Allowance:
    """Of one worker."""

    def __init__(self, most: int = WINDOW) -> None:
        self.size = WINDOW
        self.rest_until = datetime.min.replace(tzinfo=UTC)
        self._most = most
        self._backoff = Backoff()
        self._handed = 0
        self._since = self.rest_until

    def ready(self, now: datetime) -> bool:
        return self.rest_until <= now

    def heard(self, handed: int, now: datetime) -> None:
        """So many more copies were handed over."""
        self._handed += handed
        passed = now - self._since
        if timedelta(0) <= passed < MEASURED:
            return
        ahead = int(self._handed / passed.total_seconds() * AHEAD_SECONDS)
        self.size = max(WINDOW, min(ahead, self._most))
        self._handed, self._since = 0, now

    def restrict(self) -> None:
        """Its counterfoils are not kept."""
        self._most = self.size = WINDOW

    def reached(self) -> None:
        """The next hop has answered."""
        self._backoff.reset()

    def hold_off(self, now: datetime) -> None:
        """The next hop is out of reach: longer each time."""
        self.rest_until = now + self._backoff.next()
