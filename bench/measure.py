"""How a benchmark measures and tells: alternated runs, ratios of medians, a table, a chart and JSON.

Absolute figures of a shared machine drift; a claim is a ratio between runs that took turns.
"""

import json
import os
import platform
import signal
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.chart import draw

RESULTS = Path(__file__).parents[1] / ".bench"
NOTE = "Client, gateway and sink share the processors of this machine; all traffic is on loopback, fsync is on."


@dataclass
class Series:
    """The figures of one thing that was measured, in the order of its runs."""

    name: str
    unit: str
    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def facts(self) -> dict[str, object]:
        return {"name": self.name, "unit": self.unit, "median": self.median, "values": self.values}


@dataclass(frozen=True)
class Goal:
    """A ratio of medians that is aimed at: `a` over `b`, at least or (`most`) at most."""

    a: str
    b: str
    ratio: float
    most: bool = False

    def reached(self, found: float) -> bool:
        return found <= self.ratio if self.most else found >= self.ratio


def alternate(runs: Mapping[str, Callable[[], float]], unit: str, rounds: int) -> list[Series]:
    """Each run once, in turn, `rounds` times over. A SIGTERM meanwhile ends what was started for them, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before its time"))
    console = Console(stderr=True)
    series = {name: Series(name, unit) for name in runs}
    for number in range(1, rounds + 1):
        for name, run in runs.items():
            value = run()
            series[name].values.append(value)
            console.print(f"  {number}/{rounds}  {name}: {value:,.1f} {unit}", highlight=False)
    return list(series.values())


def tell(title: str, series: Sequence[Series], goals: Sequence[Goal] = (), **facts: object) -> None:
    """Prints the table, draws the chart, writes the JSON."""
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    table = Table("", "median", "min", "max", "runs", title=title, caption=f"{machine}. {NOTE}")
    for one in series:
        figures = (one.median, min(one.values), max(one.values))
        table.add_row(f"{one.name} ({one.unit})", *(f"{each:,.1f}" for each in figures), str(len(one.values)))
    console = Console(width=110)
    console.print(table)
    ratios = [_ratio(goal, {one.name: one for one in series}) for goal in goals]
    for goal, ratio in zip(goals, ratios, strict=True):
        bound = "at most" if goal.most else "at least"
        word = "reached" if ratio["reached"] else "missed"
        console.print(
            f"{goal.a} / {goal.b}: {ratio['median']:.3g} ({ratio['min']:.3g} to {ratio['max']:.3g}), "
            f"goal {bound} {goal.ratio:g}: {word}",
            highlight=False,
        )
    RESULTS.mkdir(exist_ok=True)
    name = title.partition(":")[0].replace(" ", "-")
    value = {
        "title": title,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "note": NOTE,
        "series": [one.facts for one in series],
        "ratios": ratios,
        **facts,
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")
    draw(RESULTS / f"{name}.png", title, [(f"{one.name} ({one.unit})", one.values) for one in series])
    console.print(f"{RESULTS / name}.json and .png", highlight=False)


def _ratio(goal: Goal, series: Mapping[str, Series]) -> dict[str, object]:
    """The ratio of the medians; its bounds are those of the runs that took turns, pair by pair."""
    a, b = series[goal.a], series[goal.b]
    pairs = [one / other for one, other in zip(a.values, b.values, strict=True)]
    found = a.median / b.median
    return {
        "of": goal.a,
        "to": goal.b,
        "median": found,
        "min": min(pairs),
        "max": max(pairs),
        "goal": goal.ratio,
        "most": goal.most,
        "reached": goal.reached(found),
    }
