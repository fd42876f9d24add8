"""What became of a chunk's copies: the rows handed over, and the exceptions. Kept sealed beside the chunk.

The handed rows are a follow-up's recipients, so each is kept: differences of row numbers, seven bits an octet.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MAYBE = -1  # stands where a code would: the message was sent and no answer came
PACED = -2  # the same: its domain has a pace, and it was not its turn
_SHORT = [bytes([value]) for value in range(0x80)]
DOMAINS = 32  # counted by name; a chunk that meets more counts the others together, as ""


@dataclass(slots=True)
class Tally:
    """Counts one chunk's copies while it is worked on. Not frozen: only the slot that leased the chunk has it."""

    handed: bytes = field(default=b"", repr=False)
    relayed: int = 0
    _last: int = field(default=0, repr=False)
    _deferred: dict[int, tuple[int, int, int]] = field(default_factory=dict, repr=False)  # attempts, next try, code
    _failed: dict[int, int] = field(default_factory=dict, repr=False)  # code
    _domains: dict[str, list[int]] = field(default_factory=dict, repr=False)  # handed over, failed
    _doubted: set[int] = field(default_factory=set, repr=False)  # may have got it, whatever became of a later try
    _announced: dict[int, int] = field(default_factory=dict, repr=False, compare=False)  # what the code was

    @classmethod
    def opened(cls, handed: bytes, exceptions: bytes) -> "Tally":
        found = json.loads(exceptions)
        rows = list(rows_of(handed))
        return cls(
            handed=handed,
            relayed=len(rows),
            _last=rows[-1] if rows else 0,
            _deferred={int(row): (facts[0], facts[1], facts[2]) for row, facts in found["deferred"].items()},
            _failed={int(row): code for row, code in found["failed"].items()},
            _domains=found.get("domains", {}),
            _doubted=set(found.get("doubted", ())),
        )

    def exceptions(self) -> bytes:
        kept: dict[str, object] = {"deferred": self._deferred, "failed": self._failed, "domains": self._domains}
        if self._doubted:
            kept["doubted"] = sorted(self._doubted)
        return json.dumps(kept, separators=(",", ":")).encode()

    def refused(self) -> dict[int, int]:
        """The rows refused for good, with the codes."""
        return self._failed

    @property
    def failed(self) -> int:
        return len(self._failed)

    @property
    def waiting(self) -> int:
        return len(self._deferred)

    @property
    def domains(self) -> Mapping[str, Sequence[int]]:
        """For each destination domain how many were handed over and how many failed."""
        return self._domains

    def hand(self, row: int, domain: str | None = None) -> None:
        self._count(domain, 0)
        step = row - self._last
        self.handed += _octets(step << 1 if step >= 0 else (-step << 1) | 1)
        self._last = row
        self.relayed += 1
        if self._doubted:
            self._doubted.discard(row)
        if self._deferred:
            self._end(row)

    def await_turn(self, row: int, next_try: int) -> None:
        """The row's domain has a pace, and no room now; that is no attempt."""
        self._remember(row)
        self._deferred[row] = (self.attempts(row), next_try, PACED)

    def announce(self, row: int) -> None:
        """The row is tried again now: if nobody hears what became of it, its copy may have gone out."""
        attempts, next_try, code = self._deferred[row]
        self._announced[row] = code
        self._deferred[row] = (attempts, next_try, MAYBE)

    def recall(self, row: int, *, lost: bool = False) -> None:
        """The row was announced, and not tried; or it is `lost` what became of it."""
        attempts, next_try, _ = self._deferred[row]
        code = self._announced.pop(row)
        self._deferred[row] = (attempts, next_try, MAYBE if lost else code)

    def defer(self, row: int, next_try: int, code: int) -> None:
        self._remember(row)
        self._deferred[row] = (self.attempts(row) + 1, next_try, code)

    def fail(self, row: int, code: int, domain: str | None = None) -> None:
        self._remember(row)
        self._count(domain, 1)
        self._failed[row] = code
        self._end(row)

    def doubt(self, row: int, next_try: int, domain: str | None = None) -> None:
        """The copy may have gone out: it is tried once more, and counts as handed over after that (5.7)."""
        if self._announced.get(row, self._code(row)) == MAYBE:
            self.hand(row, domain)
        else:
            self.defer(row, next_try, MAYBE)

    def _remember(self, row: int) -> None:
        """The row is under way no more; that an earlier copy of it may have gone out is not forgotten (5.7)."""
        if self._announced.pop(row, self._code(row)) == MAYBE:
            self._doubted.add(row)

    def suspect(self, row: int) -> None:
        """A process ended while this row may have been under way: its copy may have gone out."""
        self._doubted.add(row)

    def maybe(self) -> list[int]:
        """The rows whose copy may have gone out, without an answer."""
        waiting = (row for row, (_, _, code) in self._deferred.items() if code == MAYBE)
        return list(dict.fromkeys([*waiting, *sorted(self._doubted)]))

    def ended(self) -> set[int]:
        """Every row of which nothing more is to come."""
        return {*rows_of(self.handed), *self._failed}

    def tried(self) -> set[int]:
        """Every row that had its first try."""
        return {*rows_of(self.handed), *self._failed, *self._deferred}

    def strike(self, row: int) -> None:
        """The row's person has left: nothing more is tried."""
        self._doubted.discard(row)
        self._end(row)

    def _end(self, row: int) -> None:
        self._deferred.pop(row, None)
        self._announced.pop(row, None)

    def waits(self, row: int) -> bool:
        """Whether the row was tried before and is to be tried again."""
        return row in self._deferred

    def _code(self, row: int) -> int:
        return self._deferred[row][2] if row in self._deferred else 0

    def attempts(self, row: int) -> int:
        return self._deferred[row][0] if row in self._deferred else 0

    def _count(self, domain: str | None, kind: int) -> None:
        if domain is None:
            return
        counts = self._domains.get(domain)
        if counts is None:
            named = domain if len(self._domains) < DOMAINS else ""
            counts = self._domains.setdefault(named, [0, 0])
        counts[kind] += 1

    def due(self, now: int) -> list[int]:
        """The deferred rows whose time has come and that are not under way, by number."""
        ready = (row for row, (_, next_try, _) in self._deferred.items() if next_try <= now)
        return sorted(row for row in ready if row not in self._announced)

    def next_try(self) -> int | None:
        """When the earliest deferred row is due, in microseconds; None where nothing waits."""
        return min(
            (next_try for row, (_, next_try, _) in self._deferred.items() if row not in self._announced), default=None
        )


def rows_of(handed: bytes) -> Iterator[int]:
    """The row numbers in the order in which their copies were handed over."""
    row = value = shift = 0
    for octet in handed:
        value |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            row += -(value >> 1) if value & 1 else value >> 1
            yield row
            value = shift = 0


def _octets(value: int) -> bytes:
    if value < 0x80:  # as nearly always
        return _SHORT[value]
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
