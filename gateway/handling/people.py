"""Who came and who left, counted from the audit log (protocol 8.7).

An entry of the log is about a random pseudonym. Only the whole log tells whether a confirmation was somebody's first
and whether one who left had been there, so the counting begins at its first entry, whatever the period.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Literal

from gateway.handling.period import Period
from storage.audit import Entry

Move = Literal["joined", "renewed", "added", "changed", "left", "forgotten", "seeded"]
MOVES: tuple[Move, ...] = ("joined", "renewed", "added", "changed", "left", "forgotten", "seeded")
GOING: dict[str, Move] = {"unsubscribe:done": "left", "subscriber:forgotten": "forgotten"}


@dataclass(slots=True)
class People:
    """Not frozen: it counts while the log is read."""

    period: Period
    moves: dict[str, Counter[Move]] = field(default_factory=lambda: defaultdict(Counter))  # by month
    _registered: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set), repr=False)
    _seeded: Counter[int] = field(default_factory=Counter)

    def take(self, entry: Entry, value: dict[str, object]) -> None:
        """Counts the entry where it is about somebody who comes, changes or goes."""
        subject, detail = value["subject"], value["detail"]
        assert isinstance(detail, dict)
        if entry.event == "subscribe:seeded":
            self._seeded[self.period.calendar.year(entry.at)] += detail["count"]
            self._move(entry, "seeded", detail["count"])
        elif entry.event == "year:destroyed":
            self._registered.pop(detail["year"], None)
            self._seeded.pop(detail["year"], None)
        elif isinstance(subject, str):
            self._take_person(entry, subject, detail)

    def standing(self) -> dict[int, int]:
        """How many are registered in each year at the end of what was read."""
        years = sorted({*self._registered, *self._seeded})
        return {year: len(self._registered[year]) + self._seeded[year] for year in years}

    def _take_person(self, entry: Entry, subject: str, detail: dict[str, object]) -> None:
        here = [year for year, people in self._registered.items() if subject in people]
        if entry.event == "subscribe:confirmed":
            years = detail["years"]
            assert isinstance(years, list)
            new = set(years) - set(here)
            self._move(entry, "joined" if not here else "renewed" if new else "added")
            for year in new:
                self._registered[year].add(subject)
        elif entry.event == "change:done":
            self._move(entry, "changed")
        elif entry.event in GOING and here:
            self._move(entry, GOING[entry.event])
            for year in here:
                self._registered[year].discard(subject)

    def _move(self, entry: Entry, move: Move, count: int = 1) -> None:
        if (month := self.period.month(entry.at)) is not None:
            self.moves[month][move] += count
