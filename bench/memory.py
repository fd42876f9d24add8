"""P6: the memory of all processes of a gateway, idle and while it relays: `make bench-memory`.

Proportional set size (PSS): a page that several processes share counts once in all. It has no peer.
"""

import argparse
import threading
import time
from pathlib import Path

from bench.measure import Series, tell
from bench.peers import smtp_sink
from bench.town import Town, town
from tests.e2e.town import children

IDLE_GOAL, BUSY_GOAL = 80.0, 160.0  # MiB


def mebibytes(place: Town) -> float:
    """What the server and its workers take now."""
    assert place.process is not None
    return sum(proportional(pid) for pid in [place.process.pid, *children(place.process.pid)]) / 1024


def proportional(pid: int) -> int:
    """KiB of one process."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def while_relaying(place: Town) -> list[float]:
    """Looks several times a second until the alert is over."""
    found: list[float] = []
    relaying = threading.Thread(target=place.fan_out)
    relaying.start()
    while relaying.is_alive():
        found.append(mebibytes(place))
        time.sleep(0.2)
    return found


def figures(place: Town) -> tuple[list[float], list[float]]:
    """Idle, and while it relays."""
    with place.serving():
        time.sleep(2)
        return [mebibytes(place)], while_relaying(place)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-memory", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=0)
    arguments = parser.parse_args()
    idle, busy = Series("idle", "MiB"), Series("relaying", "MiB")
    relay = {"workers": arguments.workers}
    smarthost = smtp_sink()
    with smarthost as port, town(arguments.subscribers, f"smtp://127.0.0.1:{port}", {"relay": relay}) as place:
        idle.values, busy.values = figures(place)
    tell(
        f"memory: {arguments.subscribers:,} subscribers",
        [idle, busy],
        idle_goal=IDLE_GOAL,
        idle_reached=idle.median <= IDLE_GOAL,
        busy_goal=BUSY_GOAL,
        busy_reached=max(busy.values) <= BUSY_GOAL,
    )


if __name__ == "__main__":
    main()
