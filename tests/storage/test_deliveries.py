"""What became of an alert's copies: exact, by district and for one person, also while it runs (protocol 11.1)."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from storage import alerts, chunks, deliveries, pace, subscriptions
from storage.clock import micros
from storage.deliveries import Delivery, Lot, Reach, Standing
from storage.keyring import Keyring, Place
from storage.records import Address, Relation
from storage.store import Store
from storage.tables import chunk, subscription
from storage.tally import MAYBE
from tests.storage.samples import (
    MINUTE,
    NOW,
    SECOND,
    an_alert,
    claimed,
    finish,
    give_back,
    join,
    join_all,
    leave,
    next_rows,
    person,
    post,
    read,
    record,
    relay_all,
    relay_chunk,
    write,
)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 3)


def delivery(store: Store, name: str = "2026-0001") -> Delivery:
    found = of_alert(store, name)
    assert found is not None
    return found


def of_alert(store: Store, name: str) -> Delivery | None:
    def work(tx: Any) -> Delivery | None:
        found = alerts.named(tx.connection, name)
        assert found is not None
        return deliveries.of_alert(tx.connection, tx.keyring, found, NOW + MINUTE)

    return read(store, work)


def standing(store: Store, address: Address, name: str = "2026-0001") -> Standing | None:
    def work(tx: Any) -> Standing | None:
        found = alerts.named(tx.connection, name)
        assert found is not None
        return deliveries.of_subscriber(tx.connection, tx.keyring, found, address, NOW + MINUTE)

    return read(store, work)


def lot(store: Store, number: int, name: str = "2026-0001") -> Lot:
    found = standing(store, person(number), name)
    assert found is not None
    return found.lot


# --- by district --------------------------------------------------------------------------------


def test_11_1_each_district_counts_its_readers_and_whoever_chose_two_counts_in_both(database: Store) -> None:
    join_all(database, [(person(n), ["tomio"]) for n in range(5)])
    join_all(database, [(person(n), ["tomio", "asuka"]) for n in range(5, 7)])
    join_all(database, [(person(n), ["elsewhere"]) for n in range(7, 9)])
    post(database, an_alert(1, "tomio", "asuka"))
    assert delivery(database).districts == {
        "tomio": Reach(matched=7, relayed=0, failed=0, waiting=7),
        "asuka": Reach(matched=2, relayed=0, failed=0, waiting=2),
    }
    relay_all(database)
    assert delivery(database).districts == {
        "tomio": Reach(matched=7, relayed=7, failed=0, waiting=0),
        "asuka": Reach(matched=2, relayed=2, failed=0, waiting=0),
    }


def test_11_1_refused_and_deferred_copies_are_told_apart(database: Store) -> None:
    join_all(database, [(person(n), ["tomio"]) for n in range(3)])
    post(database, an_alert())
    part = claimed(database)
    first, second, third = next_rows(database, part)
    part.tally.hand(first.id)
    part.tally.fail(second.id, 550)
    part.tally.defer(third.id, 2_000_000_000_000_000, 451)
    record(database, part)
    found = delivery(database)
    assert found.districts == {"tomio": Reach(matched=3, relayed=1, failed=1, waiting=1)}
    assert found.codes == {550: 1}


def test_11_1_who_registers_later_is_not_among_the_matched(database: Store) -> None:
    join(database, person(1), "tomio")
    post(database, an_alert())
    join(database, person(2), "tomio")
    assert delivery(database).districts["tomio"].matched == 1
    assert lot(database, 2) is Lot.NOT_MATCHED


def test_11_1_who_left_counts_in_the_curve_and_in_no_district(database: Store) -> None:
    join_all(database, [(person(n), ["tomio"]) for n in range(3)])
    post(database, an_alert())
    relay_all(database)
    leave(database, person(1))
    found = delivery(database)
    assert found.districts["tomio"] == Reach(matched=2, relayed=2, failed=0, waiting=0)
    assert [copies for _, copies in found.curve] == [3]
    assert lot(database, 1) is Lot.NOT_REGISTERED


def test_11_1_of_a_follow_up_only_who_got_the_first_counts(database: Store) -> None:
    join_all(database, [(person(n), ["tomio"]) for n in range(3)])
    post(database, an_alert())
    part = claimed(database)
    rows = next_rows(database, part)
    part.tally.hand(rows[0].id)
    part.tally.fail(rows[1].id, 550)
    part.tally.defer(rows[2].id, 0, MAYBE)
    record(database, part)
    give_back(database, part)
    post(database, an_alert(2, relation=Relation.UPDATE, follows="2026-0001"))
    assert delivery(database, "2026-0002").districts["tomio"].matched == 2
    assert [lot(database, n, "2026-0002") for n in range(3)] == [Lot.WAITING, Lot.NOT_MATCHED, Lot.WAITING]
    relay_all(database)
    assert [lot(database, n, "2026-0002") for n in range(3)] == [Lot.RELAYED, Lot.NOT_MATCHED, Lot.RELAYED]


# --- over time and by domain --------------------------------------------------------------------


def sample(store: Store, now: datetime) -> None:
    write(store, lambda tx: pace.sample(tx.connection, tx.now), now)


def test_11_1_the_curve_is_what_was_noted_while_it_ran_and_how_it_ended(database: Store) -> None:
    join_all(database, [(person(n), ["tomio"]) for n in range(7)])
    post(database, an_alert())
    sample(database, NOW + SECOND)  # nothing was handed over yet
    relay_chunk(database, claimed(database))
    sample(database, NOW + 2 * SECOND)
    sample(database, NOW + 3 * SECOND)  # nothing has changed
    relay_chunk(database, claimed(database))
    relay_all(database)
    assert delivery(database).curve == ((NOW + 2 * SECOND, 3), (NOW + MINUTE, 7))
    finish(database, NOW + 5 * SECOND)
    sample(database, NOW + 6 * SECOND)  # it does not run any more
    assert delivery(database).curve == ((NOW + 2 * SECOND, 3), (NOW + 5 * SECOND, 7))


def test_11_1_the_longer_an_alert_takes_the_more_seldom_it_is_noted(
    database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 1_000)
    join_all(database, [(person(n), ["tomio"]) for n in range(100)])
    post(database, an_alert())
    part = claimed(database)
    rows = next_rows(database, part)
    for number, row in enumerate(rows):
        part.tally.hand(row.id)
        record(database, part)
        sample(database, NOW + number * 10 * SECOND)
    gaps = [second - first for (first, _), (second, _) in pairwise(delivery(database).curve[:-1])]
    assert gaps == sorted(gaps)
    assert gaps[0] == 10 * SECOND
    assert gaps[-1] > 10 * SECOND


def test_11_1_domains_are_summed_over_the_chunks_and_their_absence_is_none(database: Store) -> None:
    join_all(database, [(person(n), ["tomio"]) for n in range(5)])
    post(database, an_alert())
    relay_all(database)

    def count(tx: Any) -> None:
        key = tx.keyring.year(2026)
        for row in tx.connection.execute(select(chunk.c.id, chunk.c.uuid)).all():
            told = {"deferred": {}, "failed": {}, "domains": {"town.example": [2, 1], "": [1, 0]}}
            sealed = key.seal(Place("chunk", "exceptions", row.uuid), json.dumps(told).encode())
            tx.connection.execute(update(chunk).where(chunk.c.id == row.id).values(exceptions=sealed))

    write(database, count)
    assert delivery(database).domains == {"town.example": (4, 2), "": (2, 0)}


def test_11_1_of_a_destroyed_year_nothing_more_is_known(database: Store, tmp_path: Path, keyring: Keyring) -> None:
    join(database, person(1), "tomio")
    post(database, an_alert())
    (tmp_path / "keys" / "2026.key").unlink()
    assert of_alert(database, "2026-0001") is None
    assert standing(database, person(1)) is None


# --- one subscriber -----------------------------------------------------------------------------


def test_11_2_one_copy_is_waited_for_sent_refused_or_unsure(database: Store) -> None:
    join_all(database, [(person(n), ["tomio"]) for n in range(6)])
    post(database, an_alert())
    part = claimed(database)
    rows = next_rows(database, part)
    assert [lot(database, n) for n in (0, 1, 2, 5)] == [Lot.WAITING] * 4
    part.tally.hand(rows[0].id)
    part.tally.fail(rows[1].id, 550)
    part.tally.doubt(rows[2].id, 0)
    record(database, part)
    assert [lot(database, n) for n in (0, 1, 2, 5)] == [Lot.RELAYED, Lot.REFUSED, Lot.MAYBE, Lot.WAITING]
    refused = standing(database, person(1))
    assert refused is not None
    assert refused.code == 550
    finish(database, NOW + 10_000 * MINUTE)
    assert [lot(database, n) for n in (0, 1, 5)] == [Lot.RELAYED, Lot.REFUSED, Lot.NOT_SENT]


def test_11_2_a_deferred_copy_tells_its_code_and_its_next_try(database: Store) -> None:
    join(database, person(1), "tomio")
    post(database, an_alert())
    part = claimed(database)
    (row,) = next_rows(database, part)
    part.tally.defer(row.id, micros(NOW + 30 * MINUTE), 451)
    record(database, part)
    assert standing(database, person(1)) == Standing(lot=Lot.WAITING, code=451, attempts=1, next_try=NOW + 30 * MINUTE)


def test_11_2_others_are_told_apart_only_by_registration(database: Store) -> None:
    join(database, person(1), "tomio")
    join(database, person(2), "elsewhere")
    join(database, person(3), "tomio")
    write(
        database,
        lambda tx: tx.connection.execute(
            update(subscription)
            .where(
                subscription.c.address_index == tx.keyring.year(2026).blind("address", person(3).canonical),
            )
            .values(state="suspended")
        ),
    )
    post(database, an_alert())
    assert [lot(database, n) for n in (2, 3, 4)] == [Lot.NOT_MATCHED, Lot.SUSPENDED, Lot.NOT_REGISTERED]


def test_11_2_who_moves_away_afterwards_still_got_it(database: Store) -> None:
    join(database, person(1), "tomio")
    post(database, an_alert())
    relay_all(database)
    join(database, person(1), "elsewhere")
    assert lot(database, 1) is Lot.RELAYED
    assert read(database, lambda tx: subscriptions.find(tx.connection, tx.keyring, person(1)))
