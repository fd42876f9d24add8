"""P11: the fan-out into a real Postfix, beside what others get out of the same Postfix: `make bench-postfix`.

Postfix accepts each message into its queue and throws it away from there; a run starts when the queue is empty.
A mail server pays for each address that is new to it, so smtp-source numbers its recipients; it cannot number its
return paths as a fan-out does, and what that costs is told by a third sender, which has nothing else to do.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Goal, alternate, tell
from bench.peers import RUN_SECONDS, Missing, program, smtp_source
from bench.peers.bare import bare
from bench.town import copy_octets, town
from tests.fakes.postfix import Postfix, running_postfix

QUEUES = ("incoming", "active", "deferred", "maildrop")
NUMBERED = ("-N", "-f", "bounce@town.example", "-t", "resident@family.example")
GOALS = (Goal("mimamori", "smtp-source", 0.95), Goal("mimamori", "bare, own return paths", 0.95))


@contextmanager
def next_hop() -> Iterator[Postfix]:
    """A Postfix of its own that discards what it has accepted. Raises Missing."""
    program("postfix", "postfix")
    if os.geteuid() != 0:
        raise Missing("Postfix starts as root only; run this benchmark as root")
    with running_postfix(discard=True) as instance:
        yield instance


def await_empty(queue: Path) -> None:
    """Returns when Postfix has nothing left to do."""
    until = time.monotonic() + RUN_SECONDS
    while any(path.is_file() for name in QUEUES for path in (queue / name).rglob("*")):
        if time.monotonic() > until:
            raise RuntimeError(f"Postfix still has mail after {RUN_SECONDS:g} s")
        time.sleep(0.1)


def when_empty(hop: Postfix, run: Callable[[], float]) -> Callable[[], float]:
    """The same run, which waits first and untimed."""

    def waiting() -> float:
        await_empty(hop.log.parent / "queue")
        return run()

    return waiting


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-postfix", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--workers", type=int, default=1, help="one leaves Postfix more of the processors")
    parser.add_argument("--connections", type=int, default=10, help="of a worker")
    arguments = parser.parse_args()
    number, octets = arguments.subscribers, copy_octets()
    relay = {"workers": arguments.workers, "connections": arguments.connections}
    sessions = arguments.connections * (arguments.workers or os.cpu_count() or 1)
    with next_hop() as hop, town(number, hop.url, {"relay": relay}) as place, place.serving():
        runs = {
            "mimamori": place.fan_out,
            "smtp-source": lambda: smtp_source(hop.port, number, octets, *NUMBERED, "-s", str(sessions)),
            "bare, own return paths": lambda: bare(hop.port, number, octets, sessions),
        }
        runs = {name: when_empty(hop, run) for name, run in runs.items()}
        series = alternate(runs, "copies/s", arguments.rounds)
    title = f"postfix: {number:,} copies of {octets} octets into a real Postfix"
    tell(title, series, GOALS, workers=arguments.workers, connections=arguments.connections)


if __name__ == "__main__":
    main()
