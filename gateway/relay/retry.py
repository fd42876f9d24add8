"""When to try again: longer each time, never all at once."""

import random
from datetime import timedelta

FIRST_SECONDS = 1.0
MOST_SECONDS = 30.0


def retry_delay(attempts: int, first_seconds: int, most_seconds: int) -> timedelta:
    """The wait before a copy or letter is tried again: doubled for each attempt, with up to a quarter of jitter."""
    seconds = min(first_seconds * 2 ** min(attempts, 20), most_seconds)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.0))


class Backoff:
    """How long to leave a next hop alone that cannot be reached at all."""

    def __init__(self) -> None:
        self._seconds = FIRST_SECONDS

    def reset(self) -> None:
        self._seconds = FIRST_SECONDS

    def next(self) -> timedelta:
        seconds, self._seconds = self._seconds, min(self._seconds * 2, MOST_SECONDS)
        return timedelta(seconds=seconds * random.uniform(0.75, 1.0))
