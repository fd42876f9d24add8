"""P7: copies per second of a large town beside a small one, in turn: `make bench-growth`."""

import argparse

from bench.measure import Goal, alternate, tell
from bench.peers import smtp_sink
from bench.town import town


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-growth", description=__doc__)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    large, small = f"{arguments.large:,} subscribers", f"{arguments.small:,} subscribers"
    with (
        smtp_sink() as port,
        town(arguments.large, f"smtp://127.0.0.1:{port}") as city,
        town(arguments.small, f"smtp://127.0.0.1:{port}") as village,
        city.serving(),
        village.serving(),
    ):
        series = alternate({large: city.fan_out, small: village.fan_out}, "copies/s", arguments.rounds)
    tell("growth: copies per second by size of the town", series, [Goal(large, small, 0.9)])


if __name__ == "__main__":
    main()
