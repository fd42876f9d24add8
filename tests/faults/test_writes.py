"""Trouble at the n-th statement, for every n: either all of an Outcome is kept or nothing, and the audit holds."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from storage import audit_walk, requests
from storage.records import (
    AuditEvent,
    CloseRequest,
    EraseSubscription,
    Quota,
    RememberKey,
    RequestState,
    SaveAlert,
)
from storage.store import Store, Transaction
from storage.tables import metadata
from tests.storage.samples import NOW, an_alert, asking, join, joining, letter, person, read, write

Work = Callable[[Transaction], None]
ROWS_OF_A_TOWN = [(person(number), ("tomio", "asuka")) for number in range(5)]


class Trouble(Exception):
    """What the disk or the network says."""


@dataclass
class Hook:
    """Raises at the n-th statement, and at all that follow where it `lasts`."""

    at: int
    lasts: bool
    seen: int = 0
    raised: list[str] = field(default_factory=list)

    def __call__(self, *facts: Any) -> None:
        self.seen += 1
        if self.seen == self.at or (self.lasts and self.seen > self.at):
            self.raised.append(facts[2])
            raise Trouble(f"at statement {self.seen}")


@contextmanager
def trouble(store: Store, hook: Callable[..., None], when: str = "before_cursor_execute") -> Iterator[None]:
    engine: Engine = store.database.engine  # type: ignore[attr-defined]
    event.listen(engine, when, hook)
    try:
        yield
    finally:
        event.remove(engine, when, hook)


def content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""

    def work(tx: Transaction) -> dict[str, list[tuple[object, ...]]]:
        tables = metadata.sorted_tables
        return {table.name: sorted(map(tuple, tx.connection.execute(select(table))), key=repr) for table in tables}

    return read(store, work)


def confirmation(store: Store) -> Work:
    """3.2  The first of two requests is confirmed, in March: two records, a receipt, and the other one is closed."""
    token, _ = (write(store, lambda tx: requests.mint(tx.connection, tx.keyring, asking(person(9)))) for _ in range(2))

    def work(tx: Transaction) -> None:
        request = tx.request(token)
        assert request is not None
        tx.apply(
            [
                joining(person(9), "tomio", "heijo"),
                joining(person(9), "tomio", "heijo", year=2027),
                CloseRequest(request_id=request.id, state=RequestState.USED, others=True),
            ],
            [letter(person(9), counted=(Quota("all"),))],
            [AuditEvent(event="subscribe:confirmed", about=person(9))],
            "m-1",
        )

    return work


def alert(store: Store) -> Work:
    """5.  An alert with its chunks, its receipt, and a key that was never seen."""

    def work(tx: Transaction) -> None:
        new = an_alert(tx.next_alert_number(2026), "tomio")
        events = [
            AuditEvent(event="alert:accepted", subject="2026-0001"),
            AuditEvent(event="key:new", subject="teacher"),
        ]
        changes = [SaveAlert(alert=new), RememberKey(domain="school.example", fingerprint="ab" * 32)]
        tx.apply(changes, [letter(person(0)), letter(person(1))], events, "m-2")

    return work


def leaving(store: Store) -> Work:
    """4.3  Somebody with requests and records of two years leaves."""
    join(store, person(0), "tomio", year=2027)
    write(store, lambda tx: requests.mint(tx.connection, tx.keyring, asking(person(0))))

    def work(tx: Transaction) -> None:
        event_of_it = AuditEvent(event="unsubscribe:done", about=person(0))
        tx.apply([EraseSubscription(address=person(0))], [letter(person(0))], [event_of_it], "m-3")

    return work


@pytest.mark.parametrize("lasts", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("prepare", [confirmation, alert, leaving])
def test_all_or_nothing_is_kept_wherever_a_statement_fails(
    database: Store, prepare: Callable[[Store], Work], lasts: bool
) -> None:
    for address, districts in ROWS_OF_A_TOWN:
        join(database, address, *districts)
    work = prepare(database)
    before = content(database)
    for at in itertools.count(1):
        hook = Hook(at, lasts)
        with trouble(database, hook):
            error = database.write(NOW, work).exception(30)
        if not hook.raised:
            break
        assert isinstance(error, Trouble)
        assert content(database) == before
        assert read(database, lambda tx: audit_walk.verify(tx.connection)) == 0
    assert error is None
    assert at > 8
    assert whole(before, content(database))
    assert (
        read(database, lambda tx: audit_walk.verify(tx.connection)) == {confirmation: 1, alert: 2, leaving: 1}[prepare]
    )


def whole(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Something of everything is there: the change, the letter and the entry."""
    changed = {name for name, rows in after.items() if rows != before[name]}
    return {"audit", "letter"} < changed and bool(changed & {"subscription", "alert"})


@pytest.mark.parametrize("prepare", [confirmation, alert, leaving])
def test_nothing_is_kept_where_the_commit_itself_fails(database: Store, prepare: Callable[[Store], Work]) -> None:
    join(database, person(0), "tomio")
    work = prepare(database)
    before = content(database)

    def fail(*_: Any) -> None:
        raise Trouble("at the commit")

    with trouble(database, fail, "commit"):
        assert isinstance(database.write(NOW, work).exception(30), Trouble)
    assert content(database) == before
    write(database, work)
    assert whole(before, content(database))


def test_neighbours_of_the_same_commit_are_kept_whole_or_told_of_the_trouble(database: Store) -> None:
    """Many mails at once, and each of their statements fails in one of the runs: nobody has half."""
    for at in range(1, 60, 3):
        hook = Hook(at, lasts=False)

        def accept(number: int) -> Work:
            event_of_it = AuditEvent(event="subscribe:confirmed", about=person(number))
            return lambda tx: tx.apply(
                [joining(person(number), "tomio")], [letter(person(number))], [event_of_it], None
            )

        with trouble(database, hook):
            futures = {number: database.write(NOW, accept(number)) for number in range(at * 10, at * 10 + 5)}
            errors = {number: future.exception(30) for number, future in futures.items()}
        for number, error in errors.items():
            found = read(database, lambda tx, number=number: tx.subscriptions(person(number)))
            assert len(found) == (0 if error else 1)
    entries = read(database, lambda tx: audit_walk.verify(tx.connection))
    counts = read(
        database,
        lambda tx: [
            tx.connection.scalar(select(func.count()).select_from(metadata.tables[name]))
            for name in ("subscription", "letter", "audit")
        ],
    )
    assert counts == [entries] * 3
