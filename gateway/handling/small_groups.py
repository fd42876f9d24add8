"""Counts that name nobody: groups of fewer than five are merged until no single one can be told (protocol 8.7)."""

from collections.abc import Mapping
from dataclasses import dataclass

LEAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The groups that are told one by one, and those that are told together."""

    shown: dict[str, int]
    together: tuple[str, ...]  # names
    sum: int | None  # of those together; None where it is under LEAST in all


def merge(counts: Mapping[str, int]) -> Merged:
    """Takes the smallest groups together, and then so many more that their sum tells of none of them.

    A single small group would be known from the others and the whole; so at least two go together.
    """
    order = sorted(counts, key=lambda name: counts[name])
    small = sum(0 < counts[name] < LEAST for name in order)
    empty = sum(counts[name] == 0 for name in order)
    if not small:
        return Merged(shown=dict(counts), together=(), sum=None)
    taken = empty + small
    while taken < len(order) and (taken - empty < 2 or sum(counts[name] for name in order[:taken]) < LEAST):
        taken += 1
    together = set(order[:taken])
    total = sum(counts[name] for name in together)
    return Merged(
        shown={name: count for name, count in counts.items() if name not in together},
        together=tuple(name for name in counts if name in together),
        sum=total if total >= LEAST else None,
    )
