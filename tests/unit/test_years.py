"""A year's key is minted only for a year without rows (protocol 9, [keys]); one that is lost is never made anew."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.open_years import ready_years
from storage import alerts, outbox, requests, years
from storage.engine import StorageTrouble, open_database
from storage.keyring import Keyring, KeyTrouble, create_keys
from storage.store import Store, Transaction
from tests.conftest import CALENDAR
from tests.fakes.configuration import LEAST, Load
from tests.storage.samples import NOW, an_alert, asking, join, join_all, joining, letter, person, read, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", tmp_path / "keys" / "kek", 2026)
    return tmp_path / "keys"


@pytest.fixture
def store(tmp_path: Path, migrated_sqlite: Path, folder: Path) -> Iterator[Store]:
    (tmp_path / "mimamori.db").write_bytes(migrated_sqlite.read_bytes())
    database = open_database(f"sqlite:///{tmp_path}/mimamori.db")
    yield Store(database, Keyring(folder, f"file:{folder}/kek"), CALENDAR.year)
    database.close()


def open_keys(store: Store, *open_years: int) -> tuple[int, ...]:
    return write(store, lambda tx: years.open_keys(tx.connection, tx.keyring, open_years))


def lose(store: Store, folder: Path, year: int) -> Store:
    """The same store after a start without that year's key."""
    (folder / f"{year}.key").unlink()
    return Store(store.database, Keyring(folder, f"file:{folder}/kek"), CALENDAR.year)


def subscribed(tx: Transaction) -> None:
    tx.apply([joining(person(1), "tomio")], (), (), None)


def asked(tx: Transaction) -> None:
    requests.mint(tx.connection, tx.keyring, asking(person(1)))


def written_to(tx: Transaction) -> None:
    outbox.put(tx.connection, tx.keyring.year(2026), letter(person(1)), None, NOW)


def alerted(tx: Transaction) -> None:
    alerts.save(tx.connection, tx.keyring.year(2026), an_alert())


def test_a_missing_key_is_minted_and_told(store: Store, folder: Path) -> None:
    assert open_keys(store, 2026) == ()
    assert open_keys(store, 2026, 2027) == (2027,)
    assert open_keys(store, 2026, 2027) == ()
    assert Keyring(folder, f"file:{folder}/kek").years() == (2026, 2027)


@pytest.mark.parametrize("rows", [subscribed, asked, written_to, alerted])
def test_a_key_that_is_lost_is_not_minted_anew(store: Store, folder: Path, rows: Callable[[Transaction], None]) -> None:
    write(store, rows)
    after = lose(store, folder, 2026)
    with pytest.raises(KeyTrouble, match=r"2026: there are rows of this year but no key; put back keys/2026\.key"):
        open_keys(after, 2026)
    assert not (folder / "2026.key").exists()


def test_a_lost_key_of_a_year_without_rows_may_be_made_anew(store: Store, folder: Path) -> None:
    join(store, person(1), "tomio")
    open_keys(store, 2027)
    assert open_keys(lose(store, folder, 2027), 2026, 2027) == (2027,)


def test_a_key_that_does_not_open_is_noticed_before_serving(store: Store, folder: Path) -> None:
    (folder / "2026.key").write_text("{}")
    with pytest.raises(KeyTrouble, match=r"2026\.key"):
        open_keys(store, 2026)


def test_the_years_that_have_rows_are_known(store: Store) -> None:
    open_keys(store, 2026, 2027)
    assert read(store, lambda tx: years.with_rows(tx.connection)) == ()
    join(store, person(1), "tomio", year=2027)
    assert read(store, lambda tx: years.with_rows(tx.connection)) == (2027,)
    write(store, written_to, datetime.fromisoformat("2026-06-01T00:00:00+09:00"))
    assert read(store, lambda tx: years.with_rows(tx.connection)) == (2026, 2027)


def test_it_takes_no_longer_to_know_them_where_a_year_has_many_rows(store: Store) -> None:
    open_keys(store, 2026)
    steps: list[int] = []

    def counted() -> int:
        def look(tx: Transaction) -> None:
            driver: Any = tx.connection.connection.driver_connection
            driver.set_progress_handler(lambda: steps.append(1), 1)
            assert years.with_rows(tx.connection) == (2026,)
            driver.set_progress_handler(None, 1)

        steps.clear()
        read(store, look)
        return len(steps)

    join(store, person(0), "tomio")
    counted()  # the first time the schema is read as well
    few = counted()
    join_all(store, [(person(number), ("tomio",)) for number in range(1, 200)])
    counted()
    assert counted() == few > 0


# --- the promise: until when residents were told that their year runs ---------------------------


def promised(store: Store, read_settings: Load, ends: str, now: datetime) -> None:
    settings = read_settings(f'{LEAST}[retention]\nyear_ends = "{ends}"\n')
    write(store, lambda tx: ready_years(tx, settings), now)


def test_3_9_an_open_year_may_end_sooner_than_was_told_and_never_later(store: Store, read: Load) -> None:
    promised(store, read, "03-31", NOW)
    with pytest.raises(StorageTrouble, match="residents were told that 2026 ends on 2027-03-31; put back"):
        promised(store, read, "04-30", NOW)
    promised(store, read, "02-28", NOW)
    with pytest.raises(StorageTrouble, match="2026 ends on 2027-02-28"):
        promised(store, read, "03-31", NOW)
