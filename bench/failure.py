"""What trouble at the next hop costs: a fan-out into a sink that puts off, refuses and drops, beside a healthy one.

`make bench-failure`. A fifth is put off once, 1 % is refused, 0.5 % is dropped behind the final dot.
"""

import argparse
from zlib import crc32

from bench.measure import alternate, tell
from bench.town import town
from tests.fakes.sink import DROP, Sink, Stage


class Trouble:
    """Who is treated how is told from the address; each alert counts anew."""

    def __init__(self) -> None:
        self.met: set[str] = set()

    def __call__(self, stage: Stage, about: str, n: int) -> str | None:
        share = crc32(about.encode()) % 1_000
        if stage == "rcpt" and 200 <= share < 210:
            return "550 5.1.1 no such mailbox"
        if stage == "rcpt" and share < 200 and about not in self.met:
            self.met.add(about)
            return "451 4.7.1 come back later"
        if stage == "dot" and 210 <= share < 215 and about not in self.met:
            self.met.add(about)
            return DROP
        return None


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-failure", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    trouble = Trouble()
    quick = {"relay": {"retry_first_seconds": 1, "retry_most_seconds": 2}}
    with (
        Sink(rule=trouble, keep=False) as bad,
        Sink(keep=False) as good,
        town(arguments.subscribers, bad.url, quick) as troubled,
        town(arguments.subscribers, good.url, quick) as healthy,
        troubled.serving(),
        healthy.serving(),
    ):

        def in_trouble() -> float:
            trouble.met.clear()
            return troubled.fan_out()

        series = alternate({"in trouble": in_trouble, "healthy": healthy.fan_out}, "copies/s", arguments.rounds)
    tell(f"failure: {arguments.subscribers:,} copies", series)


if __name__ == "__main__":
    main()
