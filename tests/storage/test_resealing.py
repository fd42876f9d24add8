"""Another key for a year's rows (protocol 9, [keys]): all are sealed anew, nothing is lost, tokens are as before."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.administration import rotating
from gateway.administration.office import Office
from storage import resealing, subscriptions, tokens
from storage.keyring import Keyring, KeyTrouble
from storage.resealing import SEALED
from storage.store import Store
from storage.tables import subscription
from tests.storage.passing_years import LEAVING, MARCH, live, office_of
from tests.storage.samples import join, person, read, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def office(database: Store, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(rotating, "SETTLE_SECONDS", 0.0)
    live(database)
    return office_of(database, tmp_path, database_url, MARCH)


def quiet(done: int, total: int, what: str) -> None:
    """Hears nothing."""


def under(store: Store) -> dict[str, int]:
    return read(store, lambda tx: resealing.sealed_under(tx.connection, 2026))


def test_every_column_that_the_schema_calls_sealed_is_sealed_anew() -> None:
    text = (ROOT / "storage" / "tables.py").read_text()
    told: dict[str, set[str]] = {}
    for block in re.split(r"^(?=\w+ = Table\()", text, flags=re.MULTILINE)[1:]:
        name = re.search(r'Table\(\s*"(\w+)"', block)
        assert name is not None
        columns = re.findall(r'Column\("(\w+)".*# \[sealed\]', block)
        if columns:
            told[name[1]] = set(columns)
    assert told == {table.name: set(names) for table, names in SEALED.items()}


def test_all_rows_are_sealed_anew_and_the_old_key_is_gone(office: Office, tmp_path: Path) -> None:
    store = office.store
    (old,) = under(store)
    before = {number: read(store, lambda tx, n=number: tx.subscriptions(person(n))) for number in LEAVING}
    other_year = read(store, lambda tx: resealing.sealed_under(tx.connection, 2027))
    done = rotating.rotate(office, 2026, quiet)
    (new,) = under(store)
    assert done == {"year": 2026, "rows": done["rows"], "destroyed": [old]}
    assert new != old
    assert read(store, lambda tx: resealing.sealed_under(tx.connection, 2027)) == other_year
    fresh = Keyring(tmp_path / "keys", f"file:{tmp_path}/keys/kek")
    assert fresh.read("2026").ids == (new,)
    assert {number: read(store, lambda tx, n=number: tx.subscriptions(person(n))) for number in LEAVING} == before
    assert old not in (tmp_path / "keys" / "2026.key").read_text()


def test_tokens_and_indexes_are_those_of_before(office: Office) -> None:
    store, key = office.store, office.store.keyring.year(2026)
    token, digests = key.token("leave", 7), [key.blind(kind, "x") for kind in ("address", "district", "text", "copy")]
    for _ in range(2):
        rotating.rotate(office, 2026, quiet)
        after = store.keyring.year(2026)
        assert after.key_id != key.key_id
        assert [after.blind(kind, "x") for kind in ("address", "district", "text", "copy")] == digests
        claim = tokens.claim(store.keyring, "leave", token)
        assert claim is not None
        assert claim.subscription_id == 7
    join(store, person(1), "tomio")  # the same row, found by its index
    assert read(store, lambda tx: len(tx.subscriptions(person(1)))) == 1


def test_while_both_keys_are_there_either_opens_and_the_new_one_seals(office: Office) -> None:
    store = office.store
    write(store, lambda tx: rotating._begin(tx, 2026), MARCH)
    join(store, person(900), "tomio", now=MARCH)
    found = under(store)
    assert len(found) == 2
    assert min(found.values()) == 1
    assert read(store, lambda tx: len(tx.subscriptions(person(900)))) == 1
    assert read(store, lambda tx: len(tx.subscriptions(person(1)))) == 1


def test_what_a_crash_leaves_is_completed(office: Office) -> None:
    store = office.store
    (old,) = under(store)
    write(store, lambda tx: rotating._begin(tx, 2026), MARCH)
    numbers = write(
        store, lambda tx: resealing.reseal(tx.connection, tx.keyring.year(2026), subscription, 0, 10), MARCH
    )
    assert len(numbers) == 10
    assert rotating.unfinished(office) == (2026,)
    rotating.resume(office)
    assert rotating.unfinished(office) == ()
    assert old not in under(store)


def test_the_old_key_stays_while_a_row_needs_it(office: Office) -> None:
    store = office.store
    write(store, lambda tx: rotating._begin(tx, 2026), MARCH)
    assert write(store, lambda tx: rotating._retire(tx, 2026, 0), MARCH) is None
    assert len(store.keyring.read("2026").ids) == 2


def test_another_process_sees_the_new_key_and_misses_the_old_one(office: Office, tmp_path: Path) -> None:
    """As a relay worker does, which has a keyring of its own and what it was handed a moment ago."""
    worker = Keyring(tmp_path / "keys", f"file:{tmp_path}/keys/kek")
    row = read(office.store, lambda tx: tx.connection.execute(select(subscription)).first())
    assert row is not None
    place = subscriptions.place("address", row.uuid)
    before = worker.year(2026).open(place, row.address)
    rotating.rotate(office, 2026, quiet)
    query = select(subscription).where(subscription.c.id == row.id)
    again = read(office.store, lambda tx: tx.connection.execute(query).one())
    assert worker.year(2026).open(place, again.address) == before
    with pytest.raises(KeyTrouble):
        worker.year(2026).open(place, row.address)
