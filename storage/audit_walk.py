"""The audit log followed from its first entry: whether it is what was written, and where it first is not.

Three witnesses, each of which sees what another may miss: the chain beside the entries finds the very entry, the tree
at the end a log that was rewritten with its chain, and roots seen earlier (checkpoints) one rewritten with its tree.
It opens no note: signatures are the gateway's matter (protocol 8.3).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from storage.audit import BATCH, ONLY, START, End, link
from storage.clock import micros
from storage.merkle import Frontier, leaf_hash
from storage.tables import audit, audit_tree

Told = Callable[[int], object]  # how many entries were followed


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Where the log first departs from what was written: at `seq`, or somewhere from there to `last`."""

    seq: int
    what: str
    last: int | None = None
    where: str | None = None  # the checkpoint that shows it


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A root that the log had at some size, as a checkpoint tells it."""

    size: int
    root: bytes
    where: str


class Walk:
    """Follows entries in order; the first step that is wrong says so, and there it ends."""

    def __init__(self, sightings: Iterable[Sighting] = ()) -> None:
        self.tree = Frontier()
        self.link = START
        self.value: dict[str, Any] = {}  # of the last entry
        self._sightings = sorted(sightings, key=lambda each: each.size)
        self._next = 0
        self._agreed = 0  # the size of the last sighting that agreed

    def step(self, entry: object, chain: object) -> Fault | None:
        """One more entry, with the link beside it; None where there is none beside it."""
        seq = self.tree.size + 1
        if not isinstance(entry, str):
            return Fault(seq=seq, what="entry altered")
        leaf = leaf_hash(entry.encode(errors="surrogatepass"))
        following = link(self.link, leaf)
        self.value = value_of(entry)
        if (chain is not None and chain != following) or self.value.get("seq") != seq:
            return Fault(seq=seq, what="entry altered")
        self.link = following
        self.tree.append(leaf)
        return self.compared()

    def compared(self) -> Fault | None:
        """Whether what was seen at this size is what is here."""
        while self._next < len(self._sightings) and self._sightings[self._next].size == self.tree.size:
            seen = self._sightings[self._next]
            if seen.root != self.tree.root():
                first = min(self._agreed + 1, seen.size)
                return Fault(seq=first, last=seen.size, what="differs from a checkpoint", where=seen.where)
            self._agreed = seen.size
            self._next += 1
        return None

    def missing(self) -> Fault | None:
        """Whether somebody has seen the log larger than it is."""
        if self._next == len(self._sightings):
            return None
        return Fault(seq=self.tree.size + 1, what="entries missing at the end", where=self._sightings[self._next].where)


def verify(connection: Connection, sightings: Iterable[Sighting] = (), tell: Told | None = None) -> Fault | int:
    """The number of entries where all witnesses agree; else the first fault."""
    walk, end = Walk(sightings), _end(connection)
    if (fault := walk.compared()) is not None:
        return fault
    for row in rows(connection):
        seq = walk.tree.size + 1
        if row.seq != seq:
            return Fault(seq=min(seq, row.seq), what="entry missing" if row.seq > seq else "entry added")
        before = walk.link
        fault = walk.step(row.entry, row.chain) or _columns(row, walk.value)
        if fault is not None:
            return fault if fault.seq != seq or fault.last else _explained(connection, row, before, end, fault)
        if tell is not None and seq % BATCH == 0:
            tell(seq)
    if tell is not None and walk.tree.size > BATCH and walk.tree.size % BATCH:
        tell(walk.tree.size)
    return walk.missing() or _at_the_end(walk, end) or walk.tree.size


def rows(connection: Connection, after: int | None = None) -> Iterator[Row[Any]]:
    """Every row of the log, by number; only those above `after`, where it is given."""
    query = select(audit).order_by(audit.c.seq).limit(BATCH)
    batch = connection.execute(query if after is None else query.where(audit.c.seq > after)).all()
    while batch:
        yield from batch
        batch = connection.execute(query.where(audit.c.seq > batch[-1].seq)).all()


def value_of(entry: str) -> dict[str, Any]:
    """The entry as an object; an empty one where it is none."""
    try:
        found = json.loads(entry)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _columns(row: Row[Any], value: dict[str, Any]) -> Fault | None:
    if (value["event"], micros(datetime.fromisoformat(value["at"]))) == (row.event, row.at):
        return None
    return Fault(seq=row.seq, what="columns differ from the entry")


def _explained(connection: Connection, row: Row[Any], before: bytes, end: End | None, fault: Fault) -> Fault:
    """The same fault with what its neighbours tell of it."""
    if fault.what != "entry altered" or not isinstance(row.entry, str):
        return fault
    if end is not None and row.seq > end.size:
        return Fault(seq=row.seq, what="entry added")
    claimed = value_of(row.entry).get("seq")
    if claimed == row.seq:
        alone = _only_link_differs(connection, row, before, end)
        return Fault(seq=row.seq, what="link altered") if alone else fault
    other = _entry(connection, claimed) if type(claimed) is int and claimed < 2**63 else None
    elsewhere = isinstance(other, str) and value_of(other).get("seq") != claimed
    return Fault(seq=row.seq, what="entry out of order") if elsewhere else fault


def _entry(connection: Connection, seq: int) -> object:
    return connection.scalar(select(audit.c.entry).where(audit.c.seq == seq))


def _only_link_differs(connection: Connection, row: Row[Any], before: bytes, end: End | None) -> bool:
    """Whether what follows was chained to this very entry: then the entry is as it was."""
    chained = link(before, leaf_hash(row.entry.encode(errors="surrogatepass")))
    following = connection.execute(select(audit).where(audit.c.seq == row.seq + 1)).first()
    if following is None:
        return end is not None and end.size == row.seq and end.link == chained
    if not isinstance(following.entry, str):
        return False
    return bool(link(chained, leaf_hash(following.entry.encode(errors="surrogatepass"))) == following.chain)


def _end(connection: Connection) -> End | None:
    """The end of the log; None where its row is no such thing."""
    row = connection.execute(select(audit_tree).where(ONLY)).first()
    if row is None or not isinstance(row.size, int) or not isinstance(row.frontier, bytes):
        return None
    frontier = Frontier.parse(row.size, row.frontier) or Frontier()
    return End(size=row.size, frontier=frontier, link=row.link, checkpoints=row.checkpoints)


def _at_the_end(walk: Walk, end: End | None) -> Fault | None:
    """Whether the log ends where, and as, its one row says."""
    size = walk.tree.size
    if end is None:
        return Fault(seq=max(size, 1), what="end of the log damaged")
    if end.size > size:
        return Fault(seq=size + 1, what="entries missing at the end")
    if end.size < size:
        return Fault(seq=max(end.size, 0) + 1, what="counter lowered")
    if walk.tree.nodes == end.frontier.nodes and walk.link == end.link:
        return None
    if walk.tree.nodes == end.frontier.nodes or walk.link == end.link:
        return Fault(seq=max(size, 1), what="end of the log damaged")
    return _rewritten(walk.tree, end.frontier)


def _rewritten(found: Frontier, kept: Frontier) -> Fault:
    """Entries changed together with their chain: which of the full trees differs first."""
    low = 0
    for bit in reversed(range(found.size.bit_length())):
        if not found.size >> bit & 1:
            continue
        place = (found.size >> bit).bit_count() - 1
        if place >= len(kept.nodes) or found.nodes[place] != kept.nodes[place]:
            return Fault(seq=low + 1, last=low + (1 << bit), what="entry altered")
        low += 1 << bit
    return Fault(seq=max(found.size, 1), what="end of the log damaged")
