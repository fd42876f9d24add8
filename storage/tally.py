"""What became of a chunk's copies: the rows handed over, and the exceptions. Kept sealed beside the chunk.

The handed rows are a follow-up's recipients, so each is kept: differences of row numbers, seven bits an octet.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

MAYBE = -1  # stands where a code would: the message was sent and no answer came


@dataclass(slots=True)
class Tally:
    """Counts one chunk's copies while it is worked on. Not frozen: only the slot that leased the chunk has it."""

    handed: bytes = field(default=b"", repr=False)
    relayed: int = 0
    _last: int = field(default=0, repr=False)
    _deferred: dict[int, tuple[int, int, int]] = field(default_factory=dict, repr=False)  # attempts, next try, code
    _failed: dict[int, int] = field(default_factory=dict, repr=False)  # code

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
        )

    def exceptions(self) -> bytes:
        return json.dumps({"deferred": self._deferred, "failed": self._failed}, separators=(",", ":")).encode()

    def refused(self) -> dict[int, int]:
        """The rows refused for good, with the codes."""
        return self._failed

    @property
    def failed(self) -> int:
        return len(self._failed)

    @property
    def waiting(self) -> int:
        return len(self._deferred)

    def hand(self, row: int) -> None:
        step = row - self._last
        self.handed += _octets(step << 1 if step >= 0 else (-step << 1) | 1)
        self._last = row
        self.relayed += 1
        self._deferred.pop(row, None)

    def defer(self, row: int, next_try: int, code: int) -> None:
        self._deferred[row] = (self.attempts(row) + 1, next_try, code)

    def fail(self, row: int, code: int) -> None:
        self._failed[row] = code
        self._deferred.pop(row, None)

    def doubt(self, row: int, next_try: int) -> None:
        """The copy may have gone out: it is tried once more, and counts as handed over after that (5.7)."""
        if self._deferred.get(row, (0, 0, 0))[2] == MAYBE:
            self.hand(row)
        else:
            self.defer(row, next_try, MAYBE)

    def maybe(self) -> list[int]:
        """The rows whose copy may have gone out, without an answer."""
        return [row for row, (_, _, code) in self._deferred.items() if code == MAYBE]

    def strike(self, row: int) -> None:
        """The row's person has left: nothing more is tried."""
        self._deferred.pop(row, None)

    def attempts(self, row: int) -> int:
        return self._deferred[row][0] if row in self._deferred else 0

    def due(self, now: int) -> list[int]:
        return sorted(row for row, (_, next_try, _) in self._deferred.items() if next_try <= now)

    def next_try(self) -> int | None:
        """When the earliest deferred row is due, in microseconds; None where nothing waits."""
        return min((next_try for _, next_try, _ in self._deferred.values()), default=None)


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
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
