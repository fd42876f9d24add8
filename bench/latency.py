"""P3: from the final dot of an alert to the first copy at the sink, an idle gateway: `make bench-latency`.

The peers get a mail in the way they do from a mail server: mlmmj by a pipe, timed from the start of its process;
Mailman 3 by LMTP, timed from the final dot, with few members, since it is slow to all of them.
"""

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from bench.measure import Goal, Series, alternate, tell
from bench.peers import RUN_SECONDS, invite
from bench.peers.mailman import mailman
from bench.peers.mlmmj import mlmmj
from bench.town import copy_octets, town
from tests.fakes.sink import Sink, Stage

GOAL_MILLISECONDS = 30.0
GOAL = Goal("mimamori", "mlmmj, NODELAY", 3.0, most=True)


class Sender(Protocol):
    """What sends a copy to each of many."""

    def post(self) -> float: ...
    def ended(self) -> object: ...


class FirstDot:
    """A rule for the sink that answers as usual and notes when the first copy of a run was complete."""

    def __init__(self) -> None:
        self.at: float | None = None

    def forget(self) -> None:
        self.at = None

    def __call__(self, stage: Stage, about: str, n: int) -> str | None:
        if stage == "dot" and self.at is None and about.startswith("resident-"):
            self.at = time.time()
        return None


def milliseconds(sender: Sender, first: FirstDot) -> float:
    """One alert, from its final dot to the first copy; returns when all copies are out."""
    time.sleep(1)
    first.forget()
    dot = sender.post()
    until = time.monotonic() + RUN_SECONDS
    while first.at is None:  # asleep: the sink shares our interpreter
        if time.monotonic() > until:
            raise RuntimeError("no copy came")
        time.sleep(0.001)
    sender.ended()
    return (first.at - dot) * 1_000


def senders(stack: ExitStack, arguments: argparse.Namespace, sink: Sink, absent: list[str]) -> dict[str, Sender]:
    """The gateway, and the peers that are installed here; all end with the stack."""
    number, octets = arguments.subscribers, copy_octets()
    place = stack.enter_context(town(number, sink.url))
    stack.enter_context(place.serving())
    found: dict[str, Sender] = {"mimamori": place}
    if (fast := invite(stack, mlmmj(sink.port, number, octets), absent)) is not None:
        found["mlmmj, NODELAY"] = fast
    if (slow := invite(stack, mailman(arguments.mailman, sink.port, arguments.members, octets), absent)) is not None:
        found["Mailman 3, VERP"] = slow
    return found


def measured(arguments: argparse.Namespace, absent: list[str]) -> list[Series]:
    first = FirstDot()
    with Sink(rule=first, keep=False) as sink, ExitStack() as stack:
        found = senders(stack, arguments, sink, absent)
        runs = {name: lambda sender=sender: milliseconds(sender, first) for name, sender in found.items()}
        return alternate(runs, "ms to the first copy", arguments.rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-latency", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mailman", type=Path, metavar="BIN", help="the folder with Mailman's programs")
    parser.add_argument("--members", type=int, default=200, help="of Mailman's list")
    arguments = parser.parse_args()
    absent = list[str]()
    series = measured(arguments, absent)
    tell(
        f"latency: {arguments.subscribers:,} subscribers (Mailman {arguments.members:,})",
        series,
        [GOAL] if GOAL.b in {one.name for one in series} else [],
        goal=GOAL_MILLISECONDS,
        reached=series[0].median <= GOAL_MILLISECONDS,
        mailman_members=arguments.members,
        absent=absent,
    )


if __name__ == "__main__":
    main()
