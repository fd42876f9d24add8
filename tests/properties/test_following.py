"""An alert and what follows it as games of chance (protocol 5.7, 5.12): people leave and move, copies are refused, put
off or unheard of, processes are killed, the next hop goes away. In the end whoever is still there and got the first, or
may have got it, got what follows it; and a first that was relayed to the end reached everybody.

Who moves in the moment between a kill and the next claim is not looked for where no counterfoil tells of the copy.

MIMAMORI_CHANCE=N plays the game of another run again; MIMAMORI_THOROUGH=1 plays many.
"""

import os
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from gateway.relay.chunks import ChunkRun, Reading
from gateway.relay.pipe import Outcome
from storage import alerts, fanout, in_doubt
from storage.parcels import Recipient
from storage.records import Address, AlertState, Relation
from storage.store import Store, Transaction
from storage.tables import alert, subscription
from tests.properties.test_storage import emptied
from tests.storage.samples import (
    HOUR,
    NOW,
    an_alert,
    finish,
    following,
    join,
    join_all,
    leave,
    person,
    post,
    read,
    write,
)

GAMES = 300 if os.environ.get("MIMAMORI_THOROUGH") == "1" else 20
QUIET_AFTER, LONGEST = 300, 3_000  # rounds: from then on nothing goes wrong any more; and by then all has ended
RUNS = 4
WORKERS = 3
RELATIONS = [Relation.UPDATE, Relation.CORRECTION, Relation.CANCELLATION, Relation.RESOLVED]


class Game:
    """One alert, one that follows it, and a relay of which everything may go wrong."""

    def __init__(self, store: Store, chance: int) -> None:
        self.store, self.dice, self.now = store, random.Random(chance), NOW
        self.people = [person(number) for number in range(self.dice.randint(1, 30))]
        join_all(store, [(each, ["tomio"]) for each in self.people])
        post(store, an_alert(expires_at=NOW + 4 * HOUR))
        self.first = self.ids()[0]
        self.relation, self.follows_at = self.dice.choice(RELATIONS), self.dice.randint(0, 40)
        self.expires = self.dice.random() < 0.3
        self.runs: list[ChunkRun] = []
        self.number = self.round = 0
        self.got: dict[bool, set[int]] = {True: set(), False: set()}  # of the first: which rows have it for certain
        self.may: dict[bool, set[int]] = {True: set(), False: set()}  # and which may have it
        self.counterfoils: set[bytes] = set()
        self.moved: set[int] = set()  # at any time

    def ids(self) -> list[int]:
        return list(read(self.store, lambda tx: tx.connection.scalars(select(alert.c.id).order_by(alert.c.id)).all()))

    # --- what happens ---------------------------------------------------------------------------

    def play(self) -> list[str]:
        """Who was missed."""
        while not self.over():
            self.round += 1
            assert self.round < LONGEST, "it stands still"
            self.now += timedelta(seconds=self.dice.choice([0.01, 0.1, 0.6, 2]))
            self.follow_up()
            if self.round < QUIET_AFTER:
                self.accident()
            for run in self.runs:
                for row in self.some(self.under_way(run)):
                    self.answer(run, row)
            self.step()
            if self.dice.random() < 0.3:
                self.end()
        return self.missed()

    def over(self) -> bool:
        if self.round <= self.follows_at:
            return False
        states = read(self.store, lambda tx: tx.connection.scalars(select(alert.c.state)).all(), self.now)
        return AlertState.RELAYING.value not in states

    def follow_up(self) -> None:
        if self.round != self.follows_at + 1:
            return
        if self.relation.stops:
            write(self.store, lambda tx: alerts.stop(tx.connection, "2026-0001", self.now), self.now)
        elif self.expires:
            at_once = update(alert).where(alert.c.id == self.first).values(expires_at=1)
            write(self.store, lambda tx: tx.connection.execute(at_once), self.now)
        post(self.store, following(self.relation, accepted_at=self.now, expires_at=self.now + 48 * HOUR), self.now)
        if self.dice.random() < 0.5:
            self.killed()
        for _ in range(self.dice.randint(0, 4)):
            self.move(self.dice.choice(self.people))

    def accident(self) -> None:
        happens = self.dice.random()
        if happens < 0.02:
            leave(self.store, self.dice.choice(self.people))
        elif happens < 0.03:
            self.move(self.dice.choice(self.people))
        elif happens < 0.06:
            self.killed()
        elif happens < 0.08:
            for run in self.runs:  # the next hop is out of reach
                run.leaving = True
                run.untried(self.some(self.under_way(run)))
        elif happens < 0.1:
            worker = self.dice.randrange(WORKERS)  # it has ended
            for run in self.runs:
                theirs = [row for row in self.under_way(run) if run._homes[row.id] == worker]
                self.lost(run, self.some(theirs))
                run.recall(worker)

    def move(self, who: Address) -> None:
        """To another district, or back."""
        mine = subscription.c.address_index == self.store.keyring.year(2026).blind("address", who.canonical)
        number = read(self.store, lambda tx: tx.connection.scalar(select(subscription.c.id).where(mine)))
        if number is not None:
            self.moved.add(number)
            join(self.store, who, self.dice.choice(["tomio", "ayame"]))

    def killed(self) -> None:
        """The server with all workers."""
        for run in self.runs:
            self.lost(run, self.some(self.under_way(run)))
        self.runs = []
        write(self.store, lambda tx: fanout.release_all(tx.connection), self.now)

    def lost(self, run: ChunkRun, rows: list[Recipient]) -> None:
        """Nobody will tell of these; some are out, and of some of those is a counterfoil."""
        self.may[self.of_first(run)] |= {row.id for row in rows}
        for row in rows:
            if self.dice.random() < 0.6:
                self.taken_over(run, row)

    def taken_over(self, run: ChunkRun, row: Recipient) -> None:
        uuid = read(self.store, lambda tx: alerts.uuid_of(tx.connection, run.claimed.alert_id))
        self.counterfoils.add(self.store.keyring.year(2026).copy_id(uuid, row.uuid))
        self.got[self.of_first(run)].add(row.id)

    def answer(self, run: ChunkRun, row: Recipient) -> None:
        trouble = 0.3 if self.round < QUIET_AFTER else 0.0
        fate = self.dice.random()
        if fate >= trouble:
            run.accepted([(row.id, "town.example")])
            self.taken_over(run, row)
            return
        outcome = Outcome(run.number, row.id, 451, "", False, "town.example")
        if fate < 0.04:
            outcome = outcome._replace(code=0)  # untried
        elif fate < 0.1:
            outcome = outcome._replace(code=0, later=self.dice.choice([0.5, 3.0]))
        elif fate < 0.15:
            outcome = outcome._replace(code=0, unknown=True)
            self.may[self.of_first(run)].add(row.id)
        run.record(outcome, self.now, lambda _attempts: timedelta(seconds=self.dice.choice([1, 5])))

    # --- one step of the relay ------------------------------------------------------------------

    def step(self) -> None:
        for run in self.runs:
            if self.dice.random() < 0.7 and (rows := run.next(self.dice.randint(1, 8), self.now)):
                run.announce(rows, self.dice.randrange(WORKERS))
        over = [run for run in self.runs if run.over(self.now)]
        states, readings, found = write(self.store, lambda tx: self.commit(tx, over), self.now)
        for run in self.runs:
            if run.number in states:
                run.saved(self.now, states[run.number])
                if not states[run.number] and run not in over:  # its alert has ended
                    run.leaving = True
                    run.untried(self.some(self.under_way(run)))
        self.runs = [run for run in self.runs if run not in over]
        for run, reading in readings:
            run.accept(reading)
        self.runs += found
        self.number += len(found)

    def commit(
        self, tx: Transaction, over: list[ChunkRun]
    ) -> tuple[dict[int, bool | None], list[tuple[ChunkRun, Reading]], list[ChunkRun]]:
        states = {run.number: run.save(tx, run in over) for run in self.runs if not run.lost}
        most: Callable[[], int] = lambda: self.dice.choice([1, 3, 600])  # noqa: E731
        readings = [(run, found) for run in self.runs if run not in over and (found := run.read(tx, most()))]
        new: list[ChunkRun] = []
        if self.dice.random() < 0.6 and len(self.runs) < RUNS:
            claimed = fanout.claim(tx.connection, tx.keyring, tx.now)
            if claimed is not None:
                in_doubt.settle(tx.connection, tx.keyring, claimed, lambda: self.counterfoils)
                new = [ChunkRun(self.number + 1, claimed)]
                new[0].begin(tx, self.dice.randrange(WORKERS), self.dice.randint(0, 5), idle=not self.runs)
        return states, readings, new

    def end(self) -> None:
        write(self.store, self.settle_ended, self.now)
        if any(ended.id == self.first for ended in finish(self.store, self.now)):
            self.got[True] |= self.may[True] - self.moved  # who moves from now on gets what follows all the same

    def settle_ended(self, tx: Transaction) -> None:
        in_doubt.settle_ended(tx.connection, tx.keyring, tx.now, lambda: self.counterfoils)

    # --- who has what ---------------------------------------------------------------------------

    def of_first(self, run: ChunkRun) -> bool:
        return run.claimed.alert_id == self.first

    def under_way(self, run: ChunkRun) -> list[Recipient]:
        return [*run._first.values(), *run._again.values()]

    def some(self, rows: list[Recipient]) -> list[Recipient]:
        return self.dice.sample(rows, self.dice.randint(0, len(rows)))

    def missed(self) -> list[str]:
        here = set(read(self.store, lambda tx: tx.connection.scalars(select(subscription.c.id)).all(), self.now))
        first = select(alert.c.state).where(alert.c.id == self.first)
        state = read(self.store, lambda tx: tx.connection.scalar(first), self.now)
        has, follows = self.got[True] | self.may[True] - self.moved, self.got[False] | self.may[False]
        relayed = state == AlertState.RELAYED.value and not self.relation.stops
        wanted = here - self.moved if relayed else set()
        return [f"the first: {row}" for row in wanted - has] + [f"what follows: {row}" for row in has & here - follows]


def moment_of(now: datetime) -> int:
    return int(os.environ.get("MIMAMORI_CHANCE") or now.timestamp() * 1_000)


@pytest.mark.timeout(300)
def test_5_7_nobody_who_got_the_first_or_may_have_got_it_is_missed(
    database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = moment_of(datetime.now(NOW.tzinfo))
    for chance in range(start, start + GAMES):
        monkeypatch.setattr("storage.chunks.CHUNK_ROWS", random.Random(chance).choice([3, 10, 500]))
        assert Game(emptied(database), chance).play() == [], f"MIMAMORI_CHANCE={chance}"
