"""P3: from the final dot of an alert to the first copy at the sink, an idle gateway: `make bench-latency`."""

import argparse
import time

from bench.measure import Series, tell
from bench.town import Town, town
from tests.fakes.sink import Sink, Stage

GOAL_MILLISECONDS = 30.0


class FirstDot:
    """A rule for the sink that answers as usual and notes when the first copy of a run was complete."""

    def __init__(self) -> None:
        self.at: float | None = None

    def __call__(self, stage: Stage, about: str, n: int) -> str | None:
        if stage == "dot" and self.at is None and about.startswith("resident-"):
            self.at = time.time()
        return None


def milliseconds(place: Town, first: FirstDot) -> float:
    """One alert, from its final dot to the first copy; returns when all copies are out."""
    time.sleep(1)
    first.at = None
    dot = place.post()
    place.ended()
    assert first.at is not None
    return (first.at - dot) * 1_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-latency", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    first = FirstDot()
    with Sink(rule=first, keep=False) as sink, town(arguments.subscribers, sink.url) as place, place.serving():
        series = Series("first copy after", "ms", [milliseconds(place, first) for _ in range(arguments.rounds)])
    reached = series.median <= GOAL_MILLISECONDS
    tell(f"latency: {arguments.subscribers:,} subscribers", [series], goal=GOAL_MILLISECONDS, reached=reached)


if __name__ == "__main__":
    main()
