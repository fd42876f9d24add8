"""Districts that get another code (protocol 8.5): their registrants are carried, and nobody is missed meanwhile."""

import pytest
from sqlalchemy import func, select

from storage import moves, requests, subscriptions
from storage.moves import Move
from storage.records import Request
from storage.store import Store, Transaction
from storage.tables import alert, audience, audience_district, district_move, subscription
from tests.storage.samples import (
    HOUR,
    NOW,
    an_alert,
    asking,
    found,
    join,
    join_all,
    person,
    post,
    read,
    relay_all,
    write,
)

RENAMED = Move(old="tomio", new="tomio-kita", kind="rename")
MERGED = Move(old="tomio", new="asuka", kind="merge")


def begin(store: Store, move: Move) -> None:
    write(store, lambda tx: moves.begin(tx.connection, tx.keyring, move, NOW))


def carry(store: Store, move: Move, most: int = 2) -> int:
    return write(store, lambda tx: moves.carry_some(tx.connection, tx.keyring, move, most))


def carry_all(store: Store, move: Move) -> None:
    while carry(store, move):
        pass


def finish(store: Store, move: Move) -> bool:
    return write(store, lambda tx: moves.finish(tx.connection, tx.keyring, move))


def total(store: Store, *districts: str) -> int:
    return read(store, lambda tx: tx.matched(2026, districts)).total


def strangers(store: Store, *known: str) -> int:
    return read(store, lambda tx: subscriptions.strangers(tx.connection, tx.keyring, known))


def rows(store: Store) -> list[tuple[int, str, bytes]]:
    query = select(subscription.c.id, subscription.c.pseudonym, subscription.c.address).order_by(subscription.c.id)
    return [tuple(row) for row in read(store, lambda tx: tx.connection.execute(query).all())]


@pytest.fixture
def town(database: Store) -> Store:
    """Five of tomio, one of them of asuka, too; two of asuka alone; one of tomio in the next year."""
    join_all(database, [(person(number), ("tomio",)) for number in range(4)])
    join_all(database, [(person(4), ("tomio", "asuka")), (person(5), ("asuka",)), (person(6), ("asuka",))])
    join(database, person(0), "tomio", year=2027)
    return database


def test_8_5_everybody_is_carried_and_keeps_number_pseudonym_and_address(town: Store) -> None:
    before = rows(town)
    begin(town, RENAMED)
    carry_all(town, RENAMED)
    assert finish(town, RENAMED)
    assert rows(town) == before
    assert [sorted(each.districts) for each in found(town, person(0))] == [["tomio-kita"], ["tomio-kita"]]
    assert sorted(found(town, person(4))[0].districts) == ["asuka", "tomio-kita"]
    assert total(town, "tomio-kita") == 5
    assert total(town, "tomio") == 0
    assert strangers(town, "tomio-kita", "asuka") == 0
    assert read(town, lambda tx: tx.connection.scalar(select(func.count()).select_from(district_move))) == 0


def test_8_5_at_every_step_an_alert_to_the_new_code_finds_all_once(town: Store) -> None:
    begin(town, RENAMED)
    steps = 0
    while True:
        assert total(town, "tomio-kita") == 5
        assert total(town, "tomio-kita", "asuka") == 7
        assert strangers(town, "tomio", "asuka") == strangers(town, "tomio-kita", "asuka") == 0
        if not carry(town, RENAMED, 1):
            break
        steps += 1
    assert steps == 6  # the next year's row, too


def test_8_5_who_comes_with_the_old_code_meanwhile_is_not_left_behind(town: Store) -> None:
    begin(town, RENAMED)
    carry_all(town, RENAMED)
    join(town, person(9), "tomio", "nishi")
    assert not finish(town, RENAMED)
    carry_all(town, RENAMED)
    assert finish(town, RENAMED)
    assert sorted(found(town, person(9))[0].districts) == ["nishi", "tomio-kita"]


def test_8_5_a_merger_joins_the_people_and_counts_each_once(town: Store) -> None:
    begin(town, MERGED)
    assert total(town, "asuka") == 7
    carry_all(town, MERGED)
    assert finish(town, MERGED)
    assert [sorted(found(town, person(number))[0].districts) for number in (0, 4, 5)] == [["asuka"]] * 3
    assert total(town, "asuka") == 7
    groups = read(
        town, lambda tx: tx.connection.execute(select(audience.c.active).where(audience.c.year == 2026)).all()
    )
    assert [group.active for group in groups] == [7]
    dead = (
        select(func.count())
        .select_from(audience_district)
        .where(audience_district.c.audience_id.not_in(select(audience.c.id)))
    )
    assert read(town, lambda tx: tx.connection.scalar(dead)) == 0


def test_8_5_an_alert_under_way_to_a_renamed_district_reaches_everybody_once(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    begin(town, RENAMED)
    write(town, lambda tx: moves.carry_alerts(tx.connection, RENAMED))
    carry(town, RENAMED, 3)
    assert sorted(relay_all(town)) == sorted(person(number).canonical for number in range(5))
    districts = read(town, lambda tx: tx.connection.scalar(select(alert.c.districts)))
    assert districts == '["tomio-kita"]'


def test_8_5_a_merger_knows_the_alerts_that_it_has_to_wait_for(town: Store) -> None:
    post(town, an_alert(1, "tomio"))
    post(town, an_alert(2, "asuka"))
    begin(town, MERGED)
    assert read(town, lambda tx: moves.under_way(tx.connection, MERGED)) == ["2026-0001"]


def test_8_5_a_request_that_waits_is_carried(town: Store) -> None:
    tokens = [
        write(town, lambda tx, each=each: requests.mint(tx.connection, tx.keyring, each))  # type: ignore[misc]
        for each in (
            asking(person(20), districts=frozenset({"tomio", "nishi"})),
            asking(person(21), districts=frozenset(), removed=frozenset({"tomio"})),
            asking(person(22), districts=frozenset({"nishi"})),
        )
    ]
    after: int | None = 0
    while after is not None:
        after = write(town, lambda tx, at=after: moves.carry_requests(tx.connection, tx.keyring, RENAMED, at, 2))  # type: ignore[misc]

    def request(token: str) -> Request:
        held = read(town, lambda tx: tx.request(token))
        assert held is not None
        return held

    assert [request(token).districts for token in tokens] == [{"tomio-kita", "nishi"}, frozenset(), {"nishi"}]
    assert request(tokens[1]).removed == {"tomio-kita"}
    assert request(tokens[0]).expires_at == NOW + 48 * HOUR


def test_8_5_the_suspended_are_carried_and_not_counted(town: Store) -> None:
    def suspend(transaction: Transaction) -> None:
        index = transaction.keyring.year(2026).blind("address", person(1).canonical)
        row = transaction.connection.execute(select(subscription).where(subscription.c.address_index == index)).one()
        transaction.connection.execute(
            subscription.update().where(subscription.c.id == row.id).values(state="suspended")
        )
        transaction.connection.execute(
            audience.update().where(audience.c.id == row.audience_id).values(active=audience.c.active - 1)
        )

    write(town, suspend)
    begin(town, RENAMED)
    carry_all(town, RENAMED)
    assert finish(town, RENAMED)
    assert total(town, "tomio-kita") == 4
    assert found(town, person(1))[0].districts == {"tomio-kita"}
