"""What one copy costs, step by step, and whether the steps add up to the whole: `make bench-breakdown`.

One process does everything in turn, so nothing overlaps: the microseconds are not those of a fan-out, their shares are.
"""

import argparse
import asyncio
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from bench.measure import Goal, Series, tell
from bench.peers import smtp_sink
from bench.signed import new_key
from bench.town import TEXT, town
from gateway.clock import system_clock
from gateway.config import load
from gateway.ground import open_store
from gateway.relay.desk import Desk
from gateway.relay.handover import Copy
from gateway.relay.outline import Outline
from gateway.relay.pipe import Draft
from gateway.relay.signing import Signer
from gateway.relay.smarthost import Smarthost
from gateway.settings import Settings
from storage import alerts, fanout
from storage.fanout import Claimed
from storage.parcels import Recipient
from storage.records import Address, NewAlert
from storage.store import Store
from tests.e2e.minato import DOMAIN

COPIES = 500
STEP = 50  # copies of a commit
STEPS = ("open", "splice", "sign", "hand over", "commit")

Facts = tuple[str, str, str]  # what differs from copy to copy


class Chunk:
    """One chunk of a town, worked on as often as one likes."""

    def __init__(self, store: Store, desk: Desk, draft: Draft, claimed: Claimed, rows: list[Recipient]) -> None:
        self.store, self.desk, self.draft, self.claimed, self.rows = store, desk, draft, claimed, rows
        self.key = store.keyring.year(claimed.year)
        self.outline = Outline(draft.prepared, follows=False)

    def open(self, row: Recipient) -> Address:
        return row.opened(self.key)

    def splice(self, row: Recipient, to: Address) -> tuple[Copy, Facts]:
        copy_id = self.key.copy_id(self.draft.uuid, row.uuid)
        facts = (to.wire, f"<{copy_id.hex()}@{DOMAIN}>", self.key.token("leave", row.id))
        message = self.draft.prepared.copy(*facts)
        return Copy(f"bounce+{self.key.token('bounce', row.id)}@{DOMAIN}", to.wire, message, copy_id), facts

    def sign(self, signer: Signer, copy: Copy, facts: Facts) -> Copy:
        message = signer.sign(copy.message, self.outline.filled(*facts))
        return copy._replace(message=message)

    async def commit(self, rows: list[Recipient]) -> None:
        for row in rows:
            self.claimed.tally.hand(row.id)
        await self.desk.write(
            lambda tx: fanout.progress(tx.connection, self.key, self.claimed, self.claimed.cursor, tx.now)
        )


async def chunk_of(settings: Settings, store: Store) -> Chunk:
    """An alert to all, and its first chunk."""
    now = datetime.now(UTC)
    year = settings.town.calendar.year(now)
    codes = tuple(district.code for district in settings.town.districts)
    new = NewAlert(
        year=year,
        number=1,
        author="board",
        organisation="みなと市教育委員会",
        category="storm",
        districts=codes,
        subject="お知らせ",
        text=TEXT,
        accepted_at=now,
        expires_at=now + timedelta(hours=4),
        replay_key=bytes(32),
        text_key=bytes(32),
    )
    desk = Desk(store, settings, system_clock)
    await desk.write(lambda tx: alerts.save(tx.connection, tx.keyring.year(year), new))
    claimed = await desk.write(lambda tx: fanout.claim(tx.connection, tx.keyring, tx.now))
    assert claimed is not None
    key = store.keyring.year(year)
    rows = await desk.read(lambda tx: fanout.recipients(tx.connection, key, claimed, claimed.cursor, COPIES))
    return Chunk(store, desk, await desk.draft(claimed.alert_id), claimed, rows)


async def apart(chunk: Chunk, signer: Signer, hop: Smarthost) -> dict[str, float]:
    """Microseconds of a copy for each step, all copies through one step before the next."""
    marks = [time.perf_counter()]
    opened = [(row, chunk.open(row)) for row in chunk.rows]
    marks.append(time.perf_counter())
    spliced = [chunk.splice(row, to) for row, to in opened]
    marks.append(time.perf_counter())
    signed = [chunk.sign(signer, *each) for each in spliced]
    marks.append(time.perf_counter())
    for start in range(0, len(signed), STEP):
        await hop.send(signed[start : start + STEP])
    marks.append(time.perf_counter())
    for start in range(0, len(signed), STEP):
        await chunk.commit(chunk.rows[start : start + STEP])
    marks.append(time.perf_counter())
    took = [(after - before) / len(chunk.rows) * 1e6 for before, after in pairwise(marks)]
    return dict(zip(STEPS, took, strict=True))


async def together(chunk: Chunk, signer: Signer, hop: Smarthost) -> float:
    """Microseconds of a copy, each going through all steps."""
    begun = time.perf_counter()
    for start in range(0, len(chunk.rows), STEP):
        rows = chunk.rows[start : start + STEP]
        await hop.send([chunk.sign(signer, *chunk.splice(row, chunk.open(row))) for row in rows])
        await chunk.commit(rows)
    return (time.perf_counter() - begun) / len(chunk.rows) * 1e6


async def measured(config: Path, port: int, rounds: int, pem: bytes) -> list[Series]:
    settings = load(config)
    store = open_store(settings)
    try:
        chunk, signer = await chunk_of(settings, store), Signer("bench", DOMAIN, pem)
        hop = Smarthost(host="127.0.0.1", port=port, name=DOMAIN)
        series = {name: Series(name, "µs") for name in (*STEPS, "the steps added up", "the whole")}
        for _ in range(rounds):
            parts = await apart(chunk, signer, hop)
            for name, value in {**parts, "the steps added up": sum(parts.values())}.items():
                series[name].values.append(value)
            series["the whole"].values.append(await together(chunk, signer, hop))
        await hop.close()
        return list(series.values())
    finally:
        store.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench-breakdown", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with smtp_sink() as port, town(COPIES, f"smtp://127.0.0.1:{port}") as place:
        series = asyncio.run(measured(place.config, port, arguments.rounds, new_key()))
    goals = [Goal("the steps added up", "the whole", 0.9), Goal("the steps added up", "the whole", 1.1, most=True)]
    tell("breakdown: one copy, signed", series, goals)


if __name__ == "__main__":
    main()
