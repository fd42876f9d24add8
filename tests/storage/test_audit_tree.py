"""Who also rewrites the chain, the tree or the counter is found as well (protocol 8.3), and the tree costs little."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, insert, select, update

from storage import audit, audit_walk
from storage.audit_walk import Fault, Sighting, Walk
from storage.clock import micros
from storage.engine import StorageTrouble
from storage.merkle import EMPTY, Frontier, leaf_hash
from storage.records import AuditEvent
from storage.store import Store
from storage.tables import audit as log
from storage.tables import audit_tree
from tests.storage.samples import MINUTE, NOW, read, write

LENGTH = 13  # trees of 8, 4 and 1


@pytest.fixture
def written(database: Store) -> Store:
    """A store whose log has thirteen entries."""
    for number in range(1, LENGTH + 1):
        one = AuditEvent(event="alert:accepted", subject=f"2026-{number:04d}", detail={"n": number})
        write(database, lambda tx, one=one: tx.apply((), (), [one], "m-1"), NOW + number * MINUTE)
    return database


def verify(store: Store, *sightings: Sighting) -> Fault | int:
    return read(store, lambda tx: audit_walk.verify(tx.connection, sightings))


def tamper(store: Store, work: Callable[[Connection], object]) -> None:
    write(store, lambda tx: work(tx.connection))


def seen(store: Store, size: int) -> Sighting:
    """What an outsider was told when the log had this size."""
    tree = Frontier()
    for row in read(store, lambda tx: list(audit_walk.rows(tx.connection)))[:size]:
        tree.append(leaf_hash(row.entry.encode()))
    return Sighting(size=size, root=tree.root(), where=f"at {size}")


def rewrite(connection: Connection, seq: int, *, tree: bool) -> None:
    """What somebody does who knows the program: an entry becomes another, and all that is derived from it follows."""
    walk = Walk()
    for row in list(audit_walk.rows(connection)):
        entry = row.entry
        if row.seq == seq:
            entry = audit.canonical({**json.loads(entry), "subject": "2026-9999"})
        assert walk.step(entry, None) is None
        connection.execute(update(log).where(log.c.seq == row.seq).values(entry=entry, chain=walk.link))
    if tree:
        connection.execute(update(audit_tree).values(frontier=bytes(walk.tree), link=walk.link))


def test_the_end_of_the_log_is_its_tree(written: Store) -> None:
    end = read(written, lambda tx: audit.end(tx.connection))
    assert (end.size, end.frontier.root(), end.checkpoints) == (LENGTH, seen(written, LENGTH).root, 0)
    last = read(written, lambda tx: tx.connection.scalar(select(log.c.chain).where(log.c.seq == LENGTH)))
    assert end.link == last


@pytest.mark.parametrize(("seq", "first", "last"), [(1, 1, 8), (8, 1, 8), (9, 9, 12), (13, 13, 13)])
def test_a_log_rewritten_with_its_chain_is_found_by_the_tree(written: Store, seq: int, first: int, last: int) -> None:
    tamper(written, lambda c: rewrite(c, seq, tree=False))
    assert verify(written) == Fault(seq=first, last=last, what="entry altered")


@pytest.mark.parametrize(("seq", "first", "last"), [(1, 1, 5), (5, 1, 5), (6, 6, 10), (10, 6, 10)])
def test_a_log_rewritten_with_its_tree_is_found_by_whoever_saw_it_before(
    written: Store, seq: int, first: int, last: int
) -> None:
    sightings = [seen(written, 5), seen(written, 10), seen(written, 10)]
    assert verify(written, *sightings) == LENGTH
    tamper(written, lambda c: rewrite(c, seq, tree=True))
    assert verify(written) == LENGTH
    fault = Fault(seq=first, last=last, what="differs from a checkpoint", where=f"at {last}")
    assert verify(written, *sightings) == fault


def test_a_tail_cut_with_its_counter_and_tree_is_found_by_whoever_saw_more(written: Store) -> None:
    sighting, four = seen(written, 9), seen(written, 4)

    def cut(connection: Connection) -> None:
        walk = Walk()
        for row in audit_walk.rows(connection):
            if row.seq <= 4:
                walk.step(row.entry, row.chain)
        connection.execute(delete(log).where(log.c.seq > 4))
        connection.execute(update(audit_tree).values(size=4, frontier=bytes(walk.tree), link=walk.link))

    tamper(written, cut)
    assert verify(written, four) == 4
    assert verify(written, four, sighting) == Fault(seq=5, what="entries missing at the end", where="at 9")


@pytest.mark.parametrize("size", [0, 1, 12, -5])
def test_a_lowered_counter_is_found(written: Store, size: int) -> None:
    tamper(written, lambda c: c.execute(update(audit_tree).values(size=size)))
    assert verify(written) == Fault(seq=max(size, 0) + 1, what="counter lowered")


def test_a_raised_counter_is_a_cut_tail(written: Store) -> None:
    tamper(written, lambda c: c.execute(update(audit_tree).values(size=14)))
    assert verify(written) == Fault(seq=14, what="entries missing at the end")


@pytest.mark.parametrize("column", ["frontier", "link"])
def test_one_changed_octet_at_the_end_is_found(written: Store, column: str) -> None:
    row = read(written, lambda tx: tx.connection.execute(select(audit_tree)).one())
    octets = bytes(getattr(row, column))
    for place in range(0, len(octets), 7):
        changed = octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]
        tamper(written, lambda c, changed=changed: c.execute(update(audit_tree).values({column: changed})))
        assert verify(written) == Fault(seq=LENGTH, what="end of the log damaged")


def test_a_log_without_its_end_is_found_and_takes_no_more(written: Store) -> None:
    tamper(written, lambda c: c.execute(delete(audit_tree)))
    assert verify(written) == Fault(seq=LENGTH, what="end of the log damaged")
    with pytest.raises(StorageTrouble, match="audit verify"):
        write(written, lambda tx: tx.apply((), (), [AuditEvent(event="mail:ignored")], None))


def test_an_entry_before_the_first_is_found(written: Store) -> None:
    row = {"entry": "{}", "event": "mail:ignored", "at": micros(NOW), "chain": bytes(32)}
    tamper(written, lambda c: c.execute(insert(log).values(seq=-3, **row)))
    assert verify(written) == Fault(seq=-3, what="entry added")


@pytest.mark.parametrize("seq", [1, 6, LENGTH])
def test_a_changed_link_is_told_from_a_changed_entry(written: Store, seq: int) -> None:
    tamper(written, lambda c: c.execute(update(log).where(log.c.seq == seq).values(chain=bytes(32))))
    assert verify(written) == Fault(seq=seq, what="link altered")


def test_a_wrong_sighting_of_the_empty_log_is_found(database: Store) -> None:
    assert verify(database, Sighting(size=0, root=EMPTY, where="at 0")) == 0
    fault = Fault(seq=0, last=0, what="differs from a checkpoint", where="at 0")
    assert verify(database, Sighting(size=0, root=bytes(32), where="at 0")) == fault


def test_progress_is_told(written: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_walk, "BATCH", 5)
    told: list[int] = []
    read(written, lambda tx: audit_walk.verify(tx.connection, (), told.append))
    assert told == [5, 10, 13]


def test_an_entry_costs_three_statements_however_long_the_log(written: Store) -> None:
    statements: list[str] = []

    def work(connection: Connection) -> None:
        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement.split()[0])

        event.listen(connection, "before_cursor_execute", note)
        audit.append(connection, NOW, "mail:ignored", None, None, {})
        event.remove(connection, "before_cursor_execute", note)

    tamper(written, work)
    assert statements == ["SELECT", "INSERT", "UPDATE"]
    assert verify(written) == LENGTH + 1
