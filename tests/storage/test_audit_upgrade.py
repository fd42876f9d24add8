"""A log of version 0.1.0 gets its tree (protocol 8.3): every entry keeps its text, and no older fault is forgotten."""

import hashlib
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, text

from storage import audit, audit_walk
from storage.audit import canonical
from storage.audit_walk import Fault
from storage.clock import micros
from storage.engine import Database, open_database
from storage.merkle import leaf_hash, root
from storage.migrations import audit_tree as step
from storage.migrations import migrate
from tests.storage.samples import MINUTE, NOW
from tests.storage.test_migrations import migrate_to

LENGTH = 23


@pytest.fixture
def old(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database of version 0.1.0 with a log, written as that version wrote it."""
    monkeypatch.setattr(step, "BATCH", 10)  # so that there are several
    database = open_database(empty_url)
    database.write(lambda connection: migrate_to(connection, "0001")).result()
    database.write(fill).result()
    yield database
    database.close()


def fill(connection: Connection) -> None:
    chain = bytes(32)
    for seq, entry in enumerate(entries(), start=1):
        chain = hashlib.sha256(chain + hashlib.sha256(b"\x00" + entry.encode()).digest()).digest()
        row = {"seq": seq, "entry": entry, "event": "mail:ignored", "at": micros(NOW + seq * MINUTE), "chain": chain}
        connection.execute(text("INSERT INTO audit VALUES (:seq, :entry, :event, :at, :chain)"), row)
    connection.execute(text("UPDATE counter SET value = :length WHERE name = 'audit'"), {"length": LENGTH})
    connection.execute(text("INSERT INTO counter VALUES ('alerts 2026', 42)"))


def entries() -> list[str]:
    return [
        canonical(
            {
                "seq": seq,
                "at": (NOW + seq * MINUTE).isoformat(),
                "event": "mail:ignored",
                "mail": None,
                "subject": None,
                "detail": {"cause": "ロボット"},
            }
        )
        for seq in range(1, LENGTH + 1)
    ]


def upgraded(database: Database, tamper: Callable[[Connection], object] | None = None) -> Fault | int:
    if tamper is not None:
        database.write(tamper).result()
    database.write(migrate).result()
    return database.read(audit_walk.verify)


def test_entries_keep_their_text_and_the_log_goes_on(old: Database) -> None:
    assert upgraded(old) == LENGTH
    rows = old.read(lambda connection: list(audit_walk.rows(connection)))
    assert [row.entry for row in rows] == entries()
    end = old.read(audit.end)
    assert end.frontier.root() == root(leaf_hash(entry.encode()) for entry in entries())
    assert old.read(lambda c: c.execute(text("SELECT name, value FROM counter")).all()) == [("alerts 2026", 42)]
    assert old.write(lambda c: audit.append(c, NOW, "mail:ignored", None, None, {})).result() == LENGTH + 1
    assert old.read(audit_walk.verify) == LENGTH + 1


def test_an_empty_log_gets_an_empty_tree(empty_url: str) -> None:
    database = open_database(empty_url)
    database.write(lambda connection: migrate_to(connection, "0001")).result()
    assert upgraded(database) == 0
    database.close()


@pytest.mark.parametrize(
    ("statement", "seq", "what"),
    [
        ("UPDATE audit SET entry = replace(entry, 'ignored', 'refused') WHERE seq = 12", 12, "entry altered"),
        ("DELETE FROM audit WHERE seq = 12", 12, "entry missing"),
        ("DELETE FROM audit WHERE seq > 20", 21, "entries missing at the end"),
    ],
)
def test_what_was_wrong_before_stays_found(old: Database, statement: str, seq: int, what: str) -> None:
    fault = Fault(seq=seq, what=what)
    assert upgraded(old, lambda connection: connection.execute(text(statement))) == fault
    old.write(lambda c: audit.append(c, NOW, "mail:ignored", None, None, {})).result()
    found = old.read(audit_walk.verify)
    assert isinstance(found, Fault)
    assert found.seq == fault.seq
