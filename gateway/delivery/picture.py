"""A delivery in the terminal: bars, and the copies over time drawn with block characters."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.delivery.facts import Facts

BAR = 40  # characters
WIDTH, HEIGHT = 60, 8  # characters
EIGHTHS = " ▁▂▃▄▅▆▇█"
Point = tuple[datetime, int]


def bar(done: float) -> str:
    """How much is done, from 0 to 1."""
    filled = int(BAR * min(1.0, max(0.0, done)))
    return "█" * filled + "░" * (BAR - filled)


def curve(facts: Facts, zone: ZoneInfo) -> list[str]:
    """The copies handed over, from the beginning until now or the end; empty where there is nothing to draw."""
    if not facts.curve:
        return []
    end = max(facts.curve[-1][0], facts.began_at)
    most = max(facts.alert.matched, facts.curve[-1][1])
    heights = levels(facts.curve, facts.began_at, end, WIDTH)
    label = f"{most:,}"
    lines = [
        f"{label if row == HEIGHT - 1 else '':>{len(label)}} ┤{_row(heights, row, most)}"
        for row in reversed(range(HEIGHT))
    ]
    last = f"{end.astimezone(zone):%H:%M:%S}"
    axis = f"{facts.began_at.astimezone(zone):%H:%M:%S}{last:>{WIDTH - 8}}"
    return [*lines, f"{0:>{len(label)}} └{'─' * WIDTH}", f"{'':>{len(label)}}  {axis}"]


def levels(points: Sequence[Point], begin: datetime, end: datetime, columns: int) -> list[int]:
    """How many copies were handed over by the end of each column."""
    step = (end - begin) / columns
    # The last column ends where the curve does, whatever a division leaves.
    ends = [*(begin + step * (column + 1) for column in range(columns - 1)), end]
    return [max((copies for at, copies in points if at <= moment), default=0) for moment in ends]


def _row(heights: Sequence[int], row: int, most: int) -> str:
    eighths = (height * HEIGHT * 8 // most - row * 8 for height in heights)
    return "".join(EIGHTHS[min(8, max(0, each))] for each in eighths).rstrip()


def duration(seconds: float | None) -> str:
    """As people say it."""
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} 秒"
    return f"{int(seconds) // 60} 分 {int(seconds) % 60} 秒"
