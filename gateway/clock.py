"""The clock that the shell reads; handlers are told the time."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)


class SteadyClock:
    """A clock that never reads earlier than the end of a year that has ended: it stays ended if time is set back."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._floor: datetime | None = None

    def __call__(self) -> datetime:
        now = self._clock()
        return now if self._floor is None else max(now, self._floor)

    def not_before(self, moment: datetime | None) -> None:
        self._floor = moment
