"""Residents' rows (protocol 3, 4): found, changed, erased and counted; each year under its own key."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, update

from storage import requests, subscriptions
from storage.clock import micros
from storage.keyring import KeyTrouble
from storage.records import Address, Consent, LeaveClaim, Matched, RequestKind
from storage.store import Store, Transaction
from storage.tables import audience, request, subscription
from tests.storage.samples import (
    CONSENT,
    HOUR,
    NOW,
    asking,
    found,
    join,
    join_all,
    joining,
    leave,
    person,
    read,
    write,
)


def counts(store: Store) -> dict[str, object]:
    return read(store, lambda tx: subscriptions.counts(tx.connection, micros(NOW)))


def matched(store: Store, *districts: str, year: int = 2026) -> Matched:
    return read(store, lambda tx: tx.matched(year, districts))


def number_of(store: Store, year: int = 2026) -> int:
    query = select(subscription.c.id).where(subscription.c.year == year)
    return int(read(store, lambda tx: tx.connection.execute(query).scalar_one()))


def test_a_saved_subscription_is_found_as_it_was_saved(database: Store) -> None:
    join(database, person(1), "tomio", "asuka")
    (saved,) = found(database, person(1))
    assert (saved.year, saved.address, saved.districts, saved.consent) == (
        2026,
        person(1),
        {"tomio", "asuka"},
        CONSENT,
    )
    assert saved.pseudonym.startswith("r-")
    assert found(database, person(2)) == []


def test_other_districts_keep_number_pseudonym_and_consent(database: Store) -> None:
    join(database, person(1), "tomio")
    (before,), number = found(database, person(1)), number_of(database)
    write(database, lambda tx: tx.apply([joining(person(1), "asuka", consent=None)], (), (), None))
    (after,) = found(database, person(1))
    assert after.districts == {"asuka"}
    assert (after.pseudonym, after.consent, number_of(database)) == (before.pseudonym, CONSENT, number)


def test_a_new_consent_replaces_the_one_before(database: Store) -> None:
    anew = Consent(version="2026-09-01", digest="cd" * 32, at=NOW + HOUR, way="form")
    join(database, person(1), "tomio")
    write(database, lambda tx: tx.apply([joining(person(1), "tomio", consent=anew)], (), (), None))
    assert found(database, person(1))[0].consent == anew


def test_nobody_is_registered_without_the_evidence_of_consent(database: Store) -> None:
    with pytest.raises(ValueError, match="consent"):
        write(database, lambda tx: tx.apply([joining(person(1), "tomio", consent=None)], (), (), None))
    assert counts(database)["active"] == 0
    assert matched(database, "tomio").total == 0


def test_erasing_takes_the_rows_of_every_year(database: Store) -> None:
    join(database, person(1), "tomio")
    join(database, person(1), "tomio", year=2027)
    join(database, person(2), "tomio")
    leave(database, person(1))
    assert found(database, person(1)) == []
    assert len(found(database, person(2))) == 1
    assert matched(database, "tomio").total == 1
    assert matched(database, "tomio", year=2027).total == 0


def test_a_number_is_never_given_twice(database: Store) -> None:
    join(database, person(1), "tomio")
    before = number_of(database)
    leave(database, person(1))
    join(database, person(2), "tomio")
    assert number_of(database) > before


def test_erasing_somebody_unknown_changes_nothing(database: Store) -> None:
    join(database, person(1), "tomio")
    leave(database, person(2))
    assert matched(database, "tomio").total == 1


def test_the_same_pseudonym_stands_in_both_years(database: Store) -> None:
    join(database, person(1), "tomio")
    join(database, person(1), "tomio", year=2027)
    this, following = found(database, person(1))
    assert (this.year, following.year) == (2026, 2027)
    assert this.pseudonym == following.pseudonym


def test_whoever_comes_back_has_another_pseudonym(database: Store) -> None:
    join(database, person(1), "tomio")
    (before,) = found(database, person(1))
    leave(database, person(1))
    join(database, person(1), "tomio")
    assert found(database, person(1))[0].pseudonym != before.pseudonym


def test_the_pseudonym_of_the_request_becomes_that_of_the_registration(database: Store) -> None:
    write(database, lambda tx: requests.mint(tx.connection, tx.keyring, asking(person(1))))
    early = read(database, lambda tx: subscriptions.pseudonym(tx.connection, tx.keyring, person(1)))
    join(database, person(1), "tomio")
    assert early is not None
    assert found(database, person(1))[0].pseudonym == early


def test_years_are_sealed_under_keys_of_their_own(database: Store) -> None:
    join(database, person(1), "tomio")
    join(database, person(1), "tomio", year=2027)
    rows = read(database, lambda tx: tx.connection.execute(select(subscription)).all())
    assert len({row.address_index for row in rows}) == 2
    for row in rows:
        other = database.keyring.year({2026: 2027, 2027: 2026}[row.year])
        with pytest.raises(KeyTrouble):
            other.open(subscriptions.place("address", row.uuid), row.address)


def test_a_person_in_several_of_the_districts_counts_once(database: Store) -> None:
    join_all(database, [(person(1), ["tomio", "asuka"]), (person(2), ["tomio"]), (person(3), ["minami"])])
    assert matched(database, "tomio", "asuka", "heijo") == Matched(
        total=2, by_district={"tomio": 2, "asuka": 1, "heijo": 0}
    )
    assert matched(database) == Matched(total=0, by_district={})


def test_the_suspended_do_not_count_and_count_again_once_they_confirm(database: Store) -> None:
    join(database, person(1), "tomio")

    def suspend(tx: Transaction) -> None:
        tx.connection.execute(update(subscription).values(state="suspended"))
        tx.connection.execute(update(audience).values(active=0))

    write(database, suspend)
    assert (counts(database)["active"], counts(database)["suspended"]) == (0, 1)
    join(database, person(1), "tomio")
    assert counts(database)["active"] == matched(database, "tomio").total == 1
    write(database, suspend)
    leave(database, person(1))
    assert matched(database, "tomio").total == 0


def test_the_count_tells_active_pending_and_years(database: Store) -> None:
    join_all(database, [(person(1), ["tomio"]), (person(2), ["tomio"])])
    join(database, person(1), "tomio", year=2027)
    for kind, expires_at in (
        (RequestKind.CONFIRM_SUBSCRIBE, NOW + HOUR),
        (RequestKind.CONFIRM_SUBSCRIBE, NOW),
        (RequestKind.CONFIRM_LEAVE, NOW + HOUR),
    ):
        new = asking(person(3), kind, expires_at=expires_at)
        write(database, lambda tx, new=new: requests.mint(tx.connection, tx.keyring, new))
    assert counts(database) == {"active": 3, "pending": 1, "suspended": 0, "years": {"2026": 2, "2027": 1}}


def test_districts_are_counted_over_all_years_and_strangers_are_found(database: Store) -> None:
    join_all(database, [(person(1), ["tomio", "gone"]), (person(2), ["gone", "lost"]), (person(3), ["tomio"])])
    join(database, person(3), "asuka", year=2027)

    def strangers(*known: str) -> int:
        return read(database, lambda tx: subscriptions.strangers(tx.connection, tx.keyring, known))

    found_counts = read(
        database, lambda tx: subscriptions.district_counts(tx.connection, tx.keyring, ["tomio", "asuka", "heijo"])
    )
    assert found_counts == {"tomio": 2, "asuka": 1, "heijo": 0}
    assert strangers("tomio", "asuka") == 2
    assert strangers("tomio", "asuka", "gone") == 1
    assert strangers("tomio", "asuka", "gone", "lost") == 0
    leave(database, person(2))
    assert strangers("tomio", "asuka", "gone") == 0


def test_the_rows_of_a_year_come_in_order_and_in_parts(database: Store) -> None:
    join_all(database, [(person(number), ["tomio"]) for number in range(5)])
    join(database, person(9), "tomio", year=2027)

    def after(number: int) -> list[tuple[int, str]]:
        rows = read(database, lambda tx: subscriptions.after(tx.connection, tx.keyring, 2026, number, 3))
        return [(row, each.address.canonical) for row, each in rows]

    first = after(0)
    rest = after(first[-1][0])
    assert [address for _, address in first + rest] == [person(number).canonical for number in range(5)]
    assert after(rest[-1][0]) == []


def test_a_claim_finds_its_own_row_only(database: Store) -> None:
    join(database, person(1), "tomio")
    number = number_of(database)

    def holder(year: int, row: int) -> object:
        found_row = read(database, lambda tx: tx.subscriber(LeaveClaim(year=year, subscription_id=row)))
        return found_row.address if found_row is not None else None

    assert holder(2026, number) == person(1)
    assert holder(2027, number) is None
    assert holder(2026, number + 1) is None
    assert holder(2026, 0) is None


def test_many_changes_of_the_same_people_at_once_leave_exact_counts(database: Store) -> None:
    chance, districts = random.Random(7), ["tomio", "asuka", "heijo"]
    changes = [(person(chance.randrange(3)), chance.sample(districts, chance.randrange(4))) for _ in range(120)]

    def one(change: tuple[Address, list[str]]) -> None:
        address, chosen = change
        if chosen:
            join(database, address, *chosen)
        else:
            leave(database, address)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(one, changes))
    remaining = [each for number in range(3) for each in found(database, person(number))]
    expected = {code: sum(code in each.districts for each in remaining) for code in districts}
    assert matched(database, *districts) == Matched(total=len(remaining), by_district=expected)
    total = read(database, lambda tx: tx.connection.scalar(select(func.sum(audience.c.active))))
    assert total == len(remaining)


def test_what_is_read_in_order_to_be_changed_is_not_changed_by_others_meanwhile(database: Store) -> None:
    join(database, person(1), "home")

    def add(number: int) -> None:
        def work(tx: Transaction) -> None:
            (mine,) = tx.subscriptions(person(1))
            tx.apply([joining(person(1), *mine.districts, f"district{number}")], (), (), None)

        write(database, work)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(add, range(16)))
    assert found(database, person(1))[0].districts == {"home", *(f"district{number}" for number in range(16))}


def test_4_3_the_pseudonym_of_a_resident_who_is_staff_too_dies_with_their_row(database: Store) -> None:
    join(database, person(1), "tomio")
    name = found(database, person(1))[0].pseudonym
    release = asking(person(1), RequestKind.RELEASE, districts=frozenset(), alert="2026-0001")
    write(database, lambda tx: requests.mint(tx.connection, tx.keyring, release))
    leave(database, person(1))
    assert read(database, lambda tx: subscriptions.pseudonym(tx.connection, tx.keyring, person(1))) is None
    assert name not in read(database, lambda tx: tx.connection.scalars(select(request.c.pseudonym)).all())
    join(database, person(1), "tomio")
    assert found(database, person(1))[0].pseudonym != name
