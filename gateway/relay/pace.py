"""How fast copies may go: what is set for some destination domains, and a clock that grants copy after copy."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What the mail system behind some domains asks for; 0 stands for no limit."""

    domains: tuple[str, ...]
    rate: int = 0  # copies a second
    connections: int = 0
    copies: int = 0  # over one connection

    def covers(self, domain: str) -> bool:
        return domain in self.domains


# What the carriers publish for those who send to many: few connections, at most 100 recipients over each.
PROFILES = {
    "docomo": Pace(domains=("docomo.ne.jp",), connections=2, copies=100),
    "au": Pace(domains=("ezweb.ne.jp", "au.com"), connections=2, copies=100),
}


ROOM_SECONDS = 0.5  # until there is room again where no rate is set


class Pacer:
    """Grants copies evenly; what was not used in time is not caught up on, but for a tenth of a second."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._burst = max(1.0, rate / 10)
        self._saved = 1.0
        self._at = self._promised = clock()

    def take(self, most: int) -> int:
        """How many copies may go now."""
        if self._rate <= 0:
            return most
        now = self._clock()
        self._saved = min(self._burst, self._saved + (now - self._at) * self._rate)
        self._at = now
        granted = min(most, int(self._saved))
        self._saved -= granted
        return granted

    def give_back(self, unused: int) -> None:
        """So many of those that were granted did not go."""
        self._saved = min(self._burst, self._saved + unused)

    def wait(self) -> float:
        """The seconds until one more may go."""
        return 0.0 if self._rate <= 0 else max(0.001, (1 - self._saved) / self._rate)

    def later(self) -> float:
        """The seconds until the turn of a copy for which there is no room now, each behind the one before."""
        now = self._clock()
        self._promised = max(self._promised, now) + (1 / self._rate if self._rate > 0 else 0.0)
        return max(ROOM_SECONDS, self._promised - now)
