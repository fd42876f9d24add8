"""P1: one alert to many subscribers, a copy each, beside Postfix's own source into the same sink: `make bench-fanout`.

Every copy has its own token and return path, and counts when its progress is committed.
"""

import argparse
import os

from bench.measure import Goal, alternate, tell
from bench.peers import smtp_sink, smtp_source
from bench.town import copy_octets, town


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-fanout", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--connections", type=int, default=4)
    arguments = parser.parse_args()
    octets = copy_octets()
    relay = {"workers": arguments.workers, "connections": arguments.connections}
    with smtp_sink() as port, town(arguments.subscribers, f"smtp://127.0.0.1:{port}", {"relay": relay}) as place:
        runs = {
            "mimamori": place.fan_out,
            "smtp-source": lambda: smtp_source(port, arguments.subscribers, octets),
        }
        with place.serving():
            series = alternate(runs, "copies/s", arguments.rounds)
    goals = [Goal("mimamori", "smtp-source", 1.0)]
    title = f"fanout: {arguments.subscribers:,} copies of {octets} octets"
    tell(title, series, goals, workers=arguments.workers, connections=arguments.connections)


if __name__ == "__main__":
    main()
