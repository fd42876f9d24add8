"""The audit log (protocol 8): written with what it tells, contiguous, and no edit of it goes unseen."""

import json
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from storage import audit, audit_walk
from storage.audit_walk import Fault
from storage.records import AuditEvent, EraseSubscription
from storage.store import Store, Transaction
from storage.tables import audit as log
from storage.tables import audit_tree
from tests.storage.samples import HOUR, MINUTE, NOW, found, join, joining, person, read, write

LENGTH = 5


@pytest.fixture
def written(database: Store) -> Store:
    """A store whose log has five entries."""
    for number in range(1, LENGTH + 1):
        event = AuditEvent(
            event="alert:accepted", subject=f"2026-{number:04d}", detail={"district": "富雄", "n": number}
        )
        write(database, lambda tx, event=event: tx.apply((), (), [event], "m-1"), NOW + number * MINUTE)
    return database


def verify(store: Store) -> Fault | int:
    return read(store, lambda tx: audit_walk.verify(tx.connection))


def tamper(store: Store, work: Callable[[Connection], object]) -> None:
    write(store, lambda tx: work(tx.connection))


# --- writing ------------------------------------------------------------------------------------


def test_an_entry_has_its_six_names(written: Store) -> None:
    entries = read(written, lambda tx: audit.read(tx.connection))
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].value() == {
        "seq": 1,
        "at": (NOW + MINUTE).isoformat(),
        "event": "alert:accepted",
        "mail": "m-1",
        "subject": "2026-0001",
        "detail": {"district": "富雄", "n": 1},
    }
    assert (entries[0].at, entries[0].event) == (NOW + MINUTE, "alert:accepted")
    assert verify(written) == LENGTH == read(written, lambda tx: audit.last_number(tx.connection))


def test_an_empty_log_holds(database: Store) -> None:
    assert verify(database) == 0
    assert read(database, lambda tx: audit.read(tx.connection)) == []


def test_an_entry_stands_or_falls_with_the_change_that_it_tells(written: Store) -> None:
    def work(tx: Transaction) -> None:
        tx.apply([joining(person(1), "tomio")], (), [AuditEvent(event="subscribe:confirmed")], None)
        raise RuntimeError("after all")

    with pytest.raises(RuntimeError, match="after all"):
        write(written, work)
    assert verify(written) == LENGTH
    assert found(written, person(1)) == []


def test_a_resident_appears_by_pseudonym_also_in_the_entry_of_their_leaving(database: Store) -> None:
    join(database, person(1), "tomio")
    (row,) = found(database, person(1))
    event = AuditEvent(event="unsubscribe:done", about=person(1))
    write(database, lambda tx: tx.apply([EraseSubscription(address=person(1))], (), [event], None))
    (entry,) = read(database, lambda tx: audit.read(tx.connection))
    assert entry.value()["subject"] == row.pseudonym
    assert person(1).canonical not in entry.text


def test_somebody_new_appears_by_the_pseudonym_of_their_row(database: Store) -> None:
    event = AuditEvent(event="subscribe:confirmed", about=person(1))
    write(database, lambda tx: tx.apply([joining(person(1), "tomio")], (), [event], None))
    (entry,) = read(database, lambda tx: audit.read(tx.connection))
    assert entry.value()["subject"] == found(database, person(1))[0].pseudonym


def test_somebody_unknown_has_no_name(database: Store) -> None:
    write(database, lambda tx: tx.apply((), (), [AuditEvent(event="mail:ignored", about=person(1))], None))
    (entry,) = read(database, lambda tx: audit.read(tx.connection))
    assert entry.value()["subject"] is None


def test_entries_written_at_once_are_contiguous(database: Store) -> None:
    def write_four(worker: int) -> None:
        for number in range(4):
            events = [AuditEvent(event="mail:ignored", detail={"worker": worker, "n": [number, part]}) for part in "ab"]
            write(database, lambda tx, events=events: tx.apply((), (), events, None))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write_four, range(8)))
    assert verify(database) == 64
    entries = read(database, lambda tx: audit.read(tx.connection))
    for first, second in zip(entries[::2], entries[1::2], strict=True):  # both events of a transaction stay together
        one, other = (json.loads(entry.text)["detail"] for entry in (first, second))
        assert (one["worker"], one["n"][0]) == (other["worker"], other["n"][0])


def test_a_log_that_grows_meanwhile_still_holds(database: Store) -> None:
    def grow() -> None:
        for _ in range(40):
            write(database, lambda tx: tx.apply((), (), [AuditEvent(event="mail:ignored")], None))

    with ThreadPoolExecutor(1) as threads:
        growing = threads.submit(grow)
        while not growing.done():
            assert isinstance(verify(database), int)
        growing.result()


def test_the_time_of_an_entry_may_be_given_in_any_zone(database: Store) -> None:
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    write(database, lambda tx: tx.apply((), (), [AuditEvent(event="mail:ignored")], None), tokyo)
    assert verify(database) == 1


# --- reading ------------------------------------------------------------------------------------


def test_entries_are_chosen_by_number_count_event_and_time(written: Store) -> None:
    write(written, lambda tx: tx.apply((), (), [AuditEvent(event="mail:ignored")], None), NOW + HOUR)

    def numbers(**how: Any) -> list[int]:
        return [entry.seq for entry in read(written, lambda tx: audit.read(tx.connection, **how))]

    assert numbers(after=4) == [5, 6]
    assert numbers(last=2) == [5, 6]
    assert numbers(last=0) == []
    assert numbers(glob="mail:ignored") == [6]
    assert numbers(glob="alert:*", last=2) == [4, 5]
    assert numbers(since=NOW + 5 * MINUTE) == [5, 6]
    assert numbers(glob="*:refused") == []


# --- what an edit looks like --------------------------------------------------------------------


def octets_of(store: Store, column: str, seq: int) -> bytes:
    row = read(store, lambda tx: tx.connection.execute(select(log).where(log.c.seq == seq)).one())
    found_value = getattr(row, column)
    return found_value.encode() if isinstance(found_value, str) else bytes(found_value)


def every_flip(octets: bytes, chance: random.Random) -> list[bytes]:
    """The octets with one of them changed, at every place."""
    flipped = []
    for place in range(len(octets)):
        other = chance.randrange(1, 256) ^ octets[place]
        flipped.append(octets[:place] + bytes([other]) + octets[place + 1 :])
    return flipped


def stored(octets: bytes, column: str, *, sqlite: bool) -> Any:
    """The octets as a value of the column; None where PostgreSQL takes none such: no UTF-8, or NUL."""
    if column == "chain":
        return octets
    if sqlite:
        return text("CAST(:octets AS TEXT)").bindparams(octets=octets)
    try:
        return octets.decode() if b"\x00" not in octets else None
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("column", ["entry", "event", "chain"])
def test_one_changed_octet_is_found(written: Store, column: str) -> None:
    original, tried = octets_of(written, column, 3), 0
    for changed in every_flip(original, random.Random(column)):
        value = stored(changed, column, sqlite=written.database.exclusive)
        if value is None:
            continue
        tamper(written, lambda c, value=value: c.execute(update(log).where(log.c.seq == 3).values({column: value})))
        fault = verify(written)
        assert isinstance(fault, Fault)
        assert fault.seq == 3
        tried += 1
    assert tried > len(original) // 4


@pytest.mark.parametrize("change", [1, -1, 1_000_000, 2**62])
def test_a_changed_time_is_found(written: Store, change: int) -> None:
    tamper(written, lambda c: c.execute(update(log).where(log.c.seq == 3).values(at=log.c.at + change)))
    assert verify(written) == Fault(seq=3, what="columns differ from the entry")


@pytest.mark.parametrize("seq", [1, 3, 4])
def test_a_dropped_entry_is_found(written: Store, seq: int) -> None:
    tamper(written, lambda c: c.execute(delete(log).where(log.c.seq == seq)))
    assert verify(written) == Fault(seq=seq, what="entry missing")


def test_a_dropped_entry_is_found_when_the_others_move_up(written: Store) -> None:
    def work(connection: Connection) -> None:
        connection.execute(delete(log).where(log.c.seq == 2))
        for seq in (3, 4, 5):
            connection.execute(update(log).where(log.c.seq == seq).values(seq=seq - 1))
        connection.execute(update(audit_tree).values(size=4))

    tamper(written, work)
    assert verify(written) == Fault(seq=2, what="entry out of order")


def test_swapped_entries_are_found(written: Store) -> None:
    def work(connection: Connection) -> None:
        for before, after in ((2, 99), (3, 2), (99, 3)):
            connection.execute(update(log).where(log.c.seq == before).values(seq=after))

    tamper(written, work)
    assert verify(written) == Fault(seq=2, what="entry out of order")


def test_swapped_contents_are_found(written: Store) -> None:
    def work(connection: Connection) -> None:
        second, third = connection.execute(select(log).where(log.c.seq.in_([2, 3])).order_by(log.c.seq)).all()
        for seq, row in ((2, third), (3, second)):
            values = {"entry": row.entry, "event": row.event, "at": row.at}
            connection.execute(update(log).where(log.c.seq == seq).values(values))

    tamper(written, work)
    assert verify(written) == Fault(seq=2, what="entry out of order")


def test_a_cut_tail_is_found(written: Store) -> None:
    tamper(written, lambda c: c.execute(delete(log).where(log.c.seq > 3)))
    assert verify(written) == Fault(seq=4, what="entries missing at the end")


def test_an_emptied_log_is_found(written: Store) -> None:
    tamper(written, lambda c: c.execute(delete(log)))
    assert verify(written) == Fault(seq=1, what="entries missing at the end")


def test_an_added_entry_is_found(written: Store) -> None:
    def work(connection: Connection) -> None:
        last = connection.execute(select(log).where(log.c.seq == 5)).one()
        connection.execute(insert(log).values({**last._mapping, "seq": 6}))

    tamper(written, work)
    assert verify(written) == Fault(seq=6, what="entry added")


def test_a_long_log_is_verified_in_batches(written: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_walk, "BATCH", 2)
    assert verify(written) == LENGTH
    tamper(written, lambda c: c.execute(delete(log).where(log.c.seq == 3)))
    assert verify(written) == Fault(seq=3, what="entry missing")
