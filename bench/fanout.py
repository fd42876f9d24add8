"""P1: one alert to many subscribers, a copy each, beside other senders into the same sink: `make bench-fanout`.

Every copy has its own token and return path, and counts when its progress is committed. The peers: Postfix's own
source, which sends one message over and over; mlmmj, VERP to all subscribers; Mailman 3, VERP to a few members only,
since it is slow, and no faster with more of them.
"""

import argparse
import os
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from bench.measure import Goal, Series, alternate, tell
from bench.peers import invite, smtp_sink, smtp_source
from bench.peers.mailman import mailman
from bench.peers.mlmmj import mlmmj
from bench.town import copy_octets, town

Runs = dict[str, Callable[[], float]]
GOALS = (
    Goal("mimamori", "smtp-source", 1.0),
    Goal("mimamori", "mlmmj, NODELAY", 2.0),
    Goal("mimamori", "Mailman 3, VERP", 200.0),
)


def peers(stack: ExitStack, arguments: argparse.Namespace, port: int, octets: int, absent: list[str]) -> Runs:
    """The runs of the peers that are installed here; they end with the stack."""
    number = arguments.subscribers
    runs: Runs = {"smtp-source": lambda: smtp_source(port, number, octets)}
    if (fast := invite(stack, mlmmj(port, number, octets), absent)) is not None:
        runs["mlmmj, NODELAY"] = fast.fan_out
    if (slow := invite(stack, mailman(arguments.mailman, port, arguments.members, octets), absent)) is not None:
        runs["Mailman 3, VERP"] = slow.fan_out
    return runs


def measured(arguments: argparse.Namespace, octets: int, absent: list[str]) -> list[Series]:
    relay = {"workers": arguments.workers, "connections": arguments.connections}
    with ExitStack() as stack:
        port = stack.enter_context(smtp_sink())
        others = peers(stack, arguments, port, octets, absent)
        place = stack.enter_context(town(arguments.subscribers, f"smtp://127.0.0.1:{port}", {"relay": relay}))
        stack.enter_context(place.serving())
        return alternate({"mimamori": place.fan_out, **others}, "copies/s", arguments.rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-fanout", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--connections", type=int, default=12, help="of a worker")
    parser.add_argument("--mailman", type=Path, metavar="BIN", help="the folder with Mailman's programs")
    parser.add_argument("--members", type=int, default=500, help="of Mailman's list")
    arguments = parser.parse_args()
    octets, absent = copy_octets(), list[str]()
    series = measured(arguments, octets, absent)
    names = {one.name for one in series}
    tell(
        f"fanout: {arguments.subscribers:,} copies of {octets} octets (Mailman {arguments.members:,})",
        series,
        [goal for goal in GOALS if goal.b in names],
        workers=arguments.workers,
        connections=arguments.connections,
        mailman_members=arguments.members,
        absent=absent,
    )


if __name__ == "__main__":
    main()
