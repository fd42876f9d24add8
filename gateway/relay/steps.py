"""What one step of the foreman is made of: rows announced, and what its transaction found."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gateway.relay.chunks import ChunkRun, Reading
from gateway.relay.workers import WorkerProcess
from storage.keyring import KeyTrouble
from storage.parcels import Recipient
from storage.store import Transaction


@dataclass(slots=True)
class Step:
    """What one transaction found: it counts when that is committed."""

    at: datetime  # of the transaction
    runs: dict[int, bool | None] = field(default_factory=dict)  # as fanout.progress says
    readings: list[tuple[ChunkRun, Reading]] = field(default_factory=list)
    looked: bool = False  # for a chunk to claim
    found: ChunkRun | None = None
    rows: list[Recipient] = field(default_factory=list)  # the first of what was found, announced with it
    due: datetime | None = None  # when there is something to claim, where there is nothing now

    def save(self, run: ChunkRun, transaction: Transaction, *, over: bool) -> None:
        """Writes the run's progress. What a year's end has destroyed (3.10) is lost, and holds up no other."""
        try:
            self.runs[run.number] = run.save(transaction, over)
        except KeyTrouble:
            if run.claimed.year in transaction.keyring.years():
                raise
            self.runs[run.number] = None


@dataclass(frozen=True, slots=True)
class Parcels:
    """Rows announced for one worker."""

    run: ChunkRun
    worker: WorkerProcess
    rows: Sequence[Recipient]
