"""Any edit of the audit is found (protocol 8.3), on both engines: values, rows, order, checkpoints and counters."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Executable, Table, delete, select, update

from gateway.audit import verifying
from gateway.audit.note import Verifier
from gateway.audit.verifying import Verdict
from storage.store import Store, Transaction
from storage.tables import audit, audit_checkpoint, audit_tree
from tests.fakes.audited import signed
from tests.storage.samples import read, write

SIZES = (2, 5, 9)
TABLES: tuple[Table, ...] = (audit, audit_checkpoint, audit_tree)
CHANCE = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


class Undone(Exception):
    """What was tried is rolled back; the verdict comes out."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


@pytest.fixture
def log(database: Store, tmp_path: Path) -> tuple[Store, Verifier]:
    _, key = signed(database, tmp_path, SIZES)
    return database, key.verifier


def rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    (number, *_) = table.primary_key.columns
    return [dict(row._mapping) for row in connection.execute(select(table).order_by(number))]


def other(data: st.DataObject, value: Any) -> Any:
    """A value of the same kind that is not the same."""
    if isinstance(value, bytes):
        return data.draw(st.binary(max_size=64).filter(lambda drawn: drawn != value))
    if isinstance(value, str):
        signs = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
        place = data.draw(st.integers(0, len(value) - 1))
        sign = data.draw(signs.filter(lambda drawn: drawn != value[place]))
        return value[:place] + sign + value[place + 1 :]
    return data.draw(st.integers(-(2**31), 2**31 - 1).filter(lambda drawn: drawn != value))


def edit(data: st.DataObject, there: dict[str, list[dict[str, Any]]]) -> list[Executable]:
    """The statements of one edit; the test's own thread draws, the writer's runs them."""
    table = data.draw(st.sampled_from(TABLES))
    (key, *_) = table.primary_key.columns
    row = data.draw(st.sampled_from(there[table.name]))
    here, taken = key == row[key.name], {each[key.name] for each in there[table.name]}
    match data.draw(st.sampled_from(["value", "drop", "swap", "move"])):
        case "value":
            column = data.draw(st.sampled_from([each for each in table.columns if not each.primary_key]))
            return [update(table).where(here).values({column.name: other(data, row[column.name])})]
        case "drop":
            return [delete(table).where(here)]
        case "swap" if len(taken) > 1:
            second = data.draw(st.sampled_from([each for each in there[table.name] if each != row]))
            pairs = ((row, second[key.name]), (second, row[key.name]))
            return [update(table).where(key == number).values({**one, key.name: number}) for one, number in pairs]
        case _:
            number = data.draw(st.integers(-100, 100).filter(lambda drawn: drawn not in taken))
            return [update(table).where(here).values({key.name: number})]


@CHANCE
@given(data=st.data())
def test_any_edit_of_the_audit_is_found(log: tuple[Store, Verifier], data: st.DataObject) -> None:
    store, key = log
    there = read(store, lambda tx: {table.name: rows(tx.connection, table) for table in TABLES})
    statements = edit(data, there)

    def tried(transaction: Transaction) -> None:
        for statement in statements:
            transaction.connection.execute(statement)
        raise Undone(verifying.register(transaction, [key], ()))

    with pytest.raises(Undone) as caught:
        write(store, tried)
    assert caught.value.verdict.fault is not None


def test_without_an_edit_there_is_no_fault(log: tuple[Store, Verifier]) -> None:
    store, key = log
    found = read(store, lambda tx: verifying.register(tx, [key], ()))
    assert found == Verdict(entries=9, checkpoints=3, witnesses=0, signed=True)
