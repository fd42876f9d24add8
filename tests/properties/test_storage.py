"""Storage against small models, on both engines: whatever people and relays do in whatever order, the counts are
exact, and each subscriber who matched at acceptance and stayed gets exactly one copy.
"""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, insert, select

from storage import audit_walk, chunks, fanout, subscriptions
from storage.clock import micros
from storage.fanout import Claimed
from storage.keyring import Keyring
from storage.records import AlertState, AuditEvent, EraseSubscription, Matched
from storage.store import Store, Transaction
from storage.tables import audience, audit_tree, metadata
from tests.storage.samples import (
    CONSENT,
    MINUTE,
    NOW,
    SECOND,
    an_alert,
    claim,
    due_again,
    finish,
    found,
    give_back,
    joining,
    next_rows,
    opened,
    person,
    post,
    read,
    record,
    write,
)

DISTRICTS = ("tomio", "asuka", "heijo")
YEARS = (2026, 2027)
QUICK = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a shorter example would take minutes of database work
    suppress_health_check=list(HealthCheck),
)

numbers = st.integers(min_value=0, max_value=5)
chosen = st.sets(st.sampled_from(DISTRICTS), min_size=1).map(frozenset)
years = st.sampled_from([(2026,), (2027,), YEARS])


def emptied(store: Store) -> Store:
    """The same store with nothing in it."""

    def work(tx: Transaction) -> None:
        for table in reversed(metadata.sorted_tables):
            tx.connection.execute(delete(table))
        tx.connection.execute(insert(audit_tree).values(id=1, size=0, frontier=b"", link=bytes(32), checkpoints=0))

    write(store, work)
    return store


class Register(RuleBasedStateMachine):
    """Subscribers of two years against a dict."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        emptied(self.store)
        self.rows: dict[tuple[int, int], frozenset[str]] = {}
        self.pseudonyms: dict[int, str] = {}
        self.events = 0

    @rule(number=numbers, districts=chosen, of=years, again=st.booleans())
    def save(self, number: int, districts: frozenset[str], of: tuple[int, ...], again: bool) -> None:
        known = all((year, number) in self.rows for year in of)
        consent = None if known and again else CONSENT
        changes = [joining(person(number), *districts, year=year, consent=consent) for year in of]
        event = AuditEvent(event="subscribe:confirmed", about=person(number))
        write(self.store, lambda tx: tx.apply(changes, (), [event], None))
        self.rows.update({(year, number): districts for year in of})
        self.events += 1

    @rule(number=numbers)
    def erase(self, number: int) -> None:
        event = AuditEvent(event="unsubscribe:done", about=person(number))
        write(self.store, lambda tx: tx.apply([EraseSubscription(address=person(number))], (), [event], None))
        self.rows = {key: districts for key, districts in self.rows.items() if key[1] != number}
        self.pseudonyms.pop(number, None)
        self.events += 1

    @rule(number=numbers, districts=chosen, of=years)
    def fail_half_way(self, number: int, districts: frozenset[str], of: tuple[int, ...]) -> None:
        def work(tx: Transaction) -> None:
            tx.apply([joining(person(number), *districts, year=year) for year in of], (), (), None)
            raise RuntimeError("after all")

        assert isinstance(self.store.write(NOW, work).exception(30), RuntimeError)

    @rule()
    def start_anew(self) -> None:
        old = self.store.keyring
        self.store.keyring = Keyring(old.directory, old.kek_source)

    @rule(wanted=st.lists(st.sampled_from(DISTRICTS), unique=True), year=st.sampled_from(YEARS))
    def count_what_matches(self, wanted: list[str], year: int) -> None:
        mine = [districts for (of, _), districts in self.rows.items() if of == year]
        expected = Matched(
            total=sum(not districts.isdisjoint(wanted) for districts in mine),
            by_district={code: sum(code in districts for districts in mine) for code in wanted},
        )
        assert read(self.store, lambda tx: tx.matched(year, wanted)) == expected

    @rule(known=st.sets(st.sampled_from(DISTRICTS)))
    def count_strangers(self, known: set[str]) -> None:
        expected = sum(not districts <= known for districts in self.rows.values())
        assert read(self.store, lambda tx: subscriptions.strangers(tx.connection, tx.keyring, known)) == expected

    @rule(number=numbers)
    def find(self, number: int) -> None:
        mine = found(self.store, person(number))
        assert {each.year: each.districts for each in mine} == {
            year: districts for (year, of), districts in self.rows.items() if of == number
        }
        assert len({each.pseudonym for each in mine}) <= 1
        if mine:
            assert self.pseudonyms.setdefault(number, mine[0].pseudonym) == mine[0].pseudonym

    @invariant()
    def everything_adds_up(self) -> None:
        per_year = Counter(str(year) for year, _ in self.rows)
        expected = {"active": len(self.rows), "pending": 0, "suspended": 0, "years": dict(per_year)}

        def look(tx: Transaction) -> None:
            sums = tx.connection.execute(select(func.sum(audience.c.active), func.min(audience.c.active))).one()
            assert subscriptions.counts(tx.connection, micros(NOW)) == expected
            assert (sums[0] or 0) == len(self.rows)
            assert (sums[1] or 0) >= 0
            assert audit_walk.verify(tx.connection) == self.events

        read(self.store, look)


class Relaying(RuleBasedStateMachine):
    """One alert on its way, with workers that stop, come late or are refused, and people who come, go and move."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        emptied(self.store)
        self.now = NOW
        self.wanted = {"tomio", "asuka"}
        self.homes: dict[int, frozenset[str]] = {}
        self.reached: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.sure: set[int] = set()  # matched at acceptance, and ever since
        self.early: set[int] = set()  # registered at acceptance
        self.late: list[Claimed] = []
        self.mine: Claimed | None = None
        self.posted = False

    def canonical(self, numbers_of: set[int]) -> set[str]:
        return {person(number).canonical for number in numbers_of}

    @initialize(homes=st.lists(chosen, min_size=6, max_size=12))
    def settle(self, homes: list[frozenset[str]]) -> None:
        changes = [joining(person(number), *districts) for number, districts in enumerate(homes)]
        write(self.store, lambda tx: tx.apply(changes, (), (), None))
        self.homes = dict(enumerate(homes))

    @rule(number=st.integers(min_value=0, max_value=11), districts=chosen)
    def live_in(self, number: int, districts: frozenset[str]) -> None:
        write(self.store, lambda tx: tx.apply([joining(person(number), *districts)], (), (), None))
        self.homes[number] = districts
        if districts.isdisjoint(self.wanted):
            self.sure.discard(number)

    @rule(number=st.integers(min_value=0, max_value=11))
    def leave(self, number: int) -> None:
        write(self.store, lambda tx: tx.apply([EraseSubscription(address=person(number))], (), (), None))
        self.homes.pop(number, None)
        self.sure.discard(number)

    @precondition(lambda self: not self.posted)
    @rule()
    def post(self) -> None:
        self.posted = True
        self.sure = {number for number, districts in self.homes.items() if districts & self.wanted}
        self.early = set(self.homes)
        new = an_alert(1, *sorted(self.wanted), accepted_at=self.now, expires_at=self.now + 600 * MINUTE)
        post(self.store, new, self.now)

    @precondition(lambda self: self.posted and self.mine is None)
    @rule()
    def take_a_chunk(self) -> None:
        self.mine = claim(self.store, self.now)

    @precondition(lambda self: self.mine is not None)
    @rule(most=st.integers(min_value=1, max_value=4), fates=st.lists(st.sampled_from(["hand", "defer", "fail"])))
    def hand_over(self, most: int, fates: list[str]) -> None:
        """Sending and recording are one step here: a crash between the two is a matter of the relay's own tests."""
        chunk = self.mine
        assert chunk is not None
        rows = next_rows(self.store, chunk, most=most) or due_again(self.store, chunk, self.now)
        for place, row in enumerate(rows):
            address = opened(self.store, row)
            match fates[place] if place < len(fates) else "hand":
                case "hand":
                    chunk.tally.hand(row.id)
                    self.reached[address] += 1
                case "defer":
                    chunk.tally.defer(row.id, micros(self.now + MINUTE), 451)
                case _:
                    chunk.tally.fail(row.id, 550)
                    self.refused.add(address)
        cursor = max([chunk.cursor, *(row.id for row in rows)])
        assert record(self.store, chunk, cursor, self.now)
        self.mine = replace(chunk, cursor=cursor)

    @precondition(lambda self: self.mine is not None)
    @rule()
    def give_back(self) -> None:
        assert self.mine is not None
        give_back(self.store, self.mine, self.now)
        self.mine = None

    @precondition(lambda self: self.mine is not None)
    @rule()
    def crash(self) -> None:
        assert self.mine is not None
        self.late.append(self.mine)
        self.mine = None
        self.now += fanout.LEASE + SECOND

    @precondition(lambda self: self.mine is None)
    @rule(minutes=st.integers(min_value=1, max_value=3))
    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @precondition(lambda self: self.late and self.mine is not None)
    @rule()
    def report_late(self) -> None:
        """A worker whose lease ended says that it handed over what it did not; nobody listens once another has it."""
        for chunk in [each for each in self.late if self.mine is not None and each.id == self.mine.id]:
            for row in next_rows(self.store, chunk):
                chunk.tally.hand(row.id)
            assert not record(self.store, chunk, now=self.now)
            give_back(self.store, chunk)
            self.late.remove(chunk)

    @invariant()
    def nobody_gets_two(self) -> None:
        assert set(self.reached.values()) <= {1}

    def teardown(self) -> None:
        """Lets the relay come to its end, and looks at who was reached."""
        if not self.posted:
            return
        if self.mine is not None:
            self.give_back()
        for _ in range(3):
            self.now += 2 * MINUTE
            while (chunk := claim(self.store, self.now)) is not None:
                for row in next_rows(self.store, chunk) + due_again(self.store, chunk, self.now):
                    chunk.tally.hand(row.id)
                    self.reached[opened(self.store, row)] += 1
                record(self.store, chunk, now=self.now)
                give_back(self.store, chunk)
        self.nobody_gets_two()
        reached = set(self.reached)
        assert self.canonical(self.sure) <= reached | self.refused
        assert reached <= self.canonical(self.early)
        assert not reached & self.refused
        (over,) = finish(self.store, self.now)
        assert (over.state, over.relayed, over.waiting) == (AlertState.RELAYED, len(reached), 0)
        assert over.failed == len(self.refused)


def test_counts_are_exact_after_whatever_people_do(database: Store) -> None:
    class OnThisStore(Register):
        store = database

    run_state_machine_as_test(OnThisStore, settings=QUICK)


def test_each_is_reached_once_whatever_happens_meanwhile(database: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 2)

    class OnThisStore(Relaying):
        store = database

    run_state_machine_as_test(OnThisStore, settings=QUICK)
