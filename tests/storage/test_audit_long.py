"""A long log is read by its indexes alone (protocol 8): what `audit tail` asks for decides the cost, not the log."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from storage import audit
from storage.clock import micros
from storage.store import Store
from tests.storage.samples import NOW, SECOND, read, write

LENGTH = 300_000
RARE = 50_000  # one entry in so many is of another kind
NUMBERS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :length)",
    "postgresql": "WITH n(i) AS (SELECT generate_series(1, CAST(:length AS BIGINT)))",
}
ROWS = """
INSERT INTO audit (seq, entry, event, at, chain)
SELECT i, '{"seq":' || i || '}', CASE WHEN i % :rare = 0 THEN 'key:new' ELSE 'mail:' || (i % 3) END, :start + i * 1000000, :chain
FROM n
"""  # noqa: E501  one statement


@pytest.fixture
def long(database: Store, engine_name: str) -> Iterator[Store]:
    """A store with a log that only a direct hand writes so fast; it has no tree."""
    values = {"length": LENGTH, "rare": RARE, "start": micros(NOW), "chain": bytes(32)}
    write(database, lambda tx: tx.connection.execute(text(f"{NUMBERS[engine_name]} {ROWS}"), values))
    write(database, lambda tx: tx.connection.execute(text("UPDATE audit_tree SET size = :length"), values))
    write(database, lambda tx: tx.connection.execute(text("ANALYZE audit")))
    yield database
    write(database, lambda tx: tx.connection.execute(text("DELETE FROM audit")))


def plans(connection: Connection, how: dict[str, Any]) -> tuple[list[int], list[str]]:
    """The numbers that are found, and how the engine went about each statement."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    event.listen(connection, "before_cursor_execute", note)
    numbers = [entry.seq for entry in audit.entries(connection, **how)]
    event.remove(connection, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    lines = [
        str(tuple(row)) for each, values in asked for row in connection.exec_driver_sql(explain + each, values).all()
    ]
    return numbers, lines


EVERY = range(1, LENGTH + 1)
LATE = NOW + (LENGTH - 99) * SECOND


ASKED: tuple[tuple[dict[str, Any], list[int]], ...] = (
    ({"last": 10}, [*EVERY[-10:]]),
    ({"last": 3, "glob": "key:*"}, [200_000, 250_000, 300_000]),
    ({"last": 10, "glob": "year:*"}, []),
    ({"last": 4, "glob": "*:[12n]*"}, [299_996, 299_998, 299_999, 300_000]),
    ({"glob": "key:new"}, [*range(RARE, LENGTH + 1, RARE)]),
    ({"since": LATE}, [*EVERY[-100:]]),
    ({"since": LATE, "glob": "key:*"}, [300_000]),
    ({"since": LATE, "last": 2}, [299_999, 300_000]),
    ({"since": NOW + timedelta(days=9)}, []),
    ({"after": LENGTH - 2}, [299_999, 300_000]),
)


def test_nothing_that_is_asked_for_scans_or_sorts_the_log(long: Store) -> None:
    for how, numbers in ASKED:
        found, lines = read(long, lambda tx, how=how: plans(tx.connection, how))
        assert found == sorted(numbers), how
        assert lines
        wrong = ("Seq Scan", "Sort", "TEMP B-TREE")
        assert [line for line in lines if any(each in line for each in wrong)] == [], how
        assert [line for line in lines if "SCAN audit" in line and "INDEX" not in line] == [], how
