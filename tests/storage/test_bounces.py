"""Counts of failures, suspension and revival, refusals while relaying (protocol 6.6–6.9), on both engines."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.rounds.refusals import count_some, refused_probe
from handlers.town import BouncePolicy
from storage import audit, bounces, outbox, parcels, subscriptions, tokens
from storage.clock import micros
from storage.keyring import Keyring
from storage.records import (
    FailureDays,
    FailureKind,
    Failures,
    LeaveClaim,
    ReviveSubscription,
    SaveFailures,
    SaveWeather,
    SuspendSubscription,
    Weather,
)
from storage.store import Store
from storage.tables import bounce, letter, subscription
from tests.fakes.village import TOWN
from tests.storage.samples import (
    HOUR,
    NOW,
    an_alert,
    claimed,
    finish,
    found,
    give_back,
    join,
    join_all,
    joining,
    leave,
    next_rows,
    person,
    post,
    read,
    record,
    relay_all,
    write,
)
from tests.storage.samples import letter as a_letter

DAY = date(2026, 6, 1)
GONE = {FailureKind.GONE: FailureDays(days=2, last=DAY)}


def claim_of(store: Store, number: int, year: int = 2026) -> LeaveClaim:
    index = store.keyring.year(year).blind("address", person(number).canonical)
    query = select(subscription.c.id).where(subscription.c.address_index == index, subscription.c.year == year)
    row = read(store, lambda tx: tx.connection.execute(query).scalar_one())
    return LeaveClaim(year=year, subscription_id=row)


def known(store: Store, claim: LeaveClaim) -> Failures:
    return read(store, lambda tx: tx.failures(claim))


def apply(store: Store, *changes: object) -> None:
    write(store, lambda tx: tx.apply(changes, (), (), None))  # type: ignore[arg-type]


def active(store: Store) -> int:
    return read(store, lambda tx: tx.matched(2026, ["tomio"])).total


def counts(store: Store) -> dict[str, object]:
    return read(store, lambda tx: subscriptions.counts(tx.connection, micros(NOW)))


def events(store: Store) -> list[tuple[str, object]]:
    entries = read(store, lambda tx: audit.read(tx.connection, glob="bounce:*"))
    return [(entry.event, entry.value()["subject"]) for entry in entries]


def test_6_6_counts_are_kept_for_a_row_and_replaced(database: Store) -> None:
    join_all(database, [(person(1), ["tomio"]), (person(2), ["tomio"])])
    mine, other = claim_of(database, 1), claim_of(database, 2)
    apply(database, SaveFailures(claim=mine, failures=GONE))
    assert known(database, mine) == GONE
    assert known(database, other) == {}
    asked = {FailureKind.PROBE: FailureDays(days=3, last=DAY)}
    apply(database, SaveFailures(claim=mine, failures=asked))
    assert known(database, mine) == asked


def test_6_6_counts_die_with_the_row(database: Store) -> None:
    join(database, person(1), "tomio")
    apply(database, SaveFailures(claim=claim_of(database, 1), failures=GONE))
    leave(database, person(1))
    assert read(database, lambda tx: tx.connection.scalar(select(func.count()).select_from(bounce))) == 0


def test_6_7_a_suspended_subscriber_gets_no_copies_and_no_one_counts_on_them(database: Store) -> None:
    join_all(database, [(person(number), ["tomio"]) for number in (1, 2, 3)])
    mine = claim_of(database, 1)
    apply(database, SaveFailures(claim=mine, failures=GONE), SuspendSubscription(claim=mine))
    assert active(database) == 2
    assert counts(database) == {"active": 2, "pending": 0, "suspended": 1, "years": {"2026": 2}}
    assert found(database, person(1))[0].suspended
    assert known(database, mine) == {}
    post(database, an_alert())
    assert sorted(relay_all(database)) == [person(2).canonical, person(3).canonical]
    apply(database, SuspendSubscription(claim=mine))  # again: nothing more is taken away
    assert active(database) == 2


def test_6_9_a_revived_subscriber_gets_copies_again_in_every_year(database: Store) -> None:
    for year in (2026, 2027):
        join(database, person(1), "tomio", year=year)
        apply(database, SuspendSubscription(claim=claim_of(database, 1, year)))
    assert counts(database)["suspended"] == 2
    apply(database, ReviveSubscription(address=person(1)))
    assert counts(database) == {"active": 2, "pending": 0, "suspended": 0, "years": {"2026": 1, "2027": 1}}
    assert active(database) == 1
    apply(database, ReviveSubscription(address=person(1)))  # again: nobody is counted twice
    assert active(database) == 1


def test_6_9_whoever_registers_anew_or_changes_districts_is_active_again(database: Store) -> None:
    join(database, person(1), "tomio")
    apply(database, SuspendSubscription(claim=claim_of(database, 1)))
    apply(database, ReviveSubscription(address=person(1)), joining(person(1), "tomio", "asuka", consent=None))
    assert active(database) == 1
    assert not found(database, person(1))[0].suspended


def test_6_7_a_suspended_subscriber_can_leave(database: Store) -> None:
    join_all(database, [(person(1), ["tomio"]), (person(2), ["tomio"])])
    apply(database, SuspendSubscription(claim=claim_of(database, 1)))
    leave(database, person(1))
    assert counts(database) == {"active": 1, "pending": 0, "suspended": 0, "years": {"2026": 1}}
    assert active(database) == 1


def test_6_8_the_weather_counts_the_copies_of_a_day(database: Store) -> None:
    join_all(database, [(person(number), ["tomio"]) for number in (1, 2, 3)])
    post(database, an_alert())
    relay_all(database)
    assert read(database, lambda tx: tx.weather(NOW)) == Weather(copies=3)
    assert read(database, lambda tx: tx.weather(NOW + 25 * HOUR)).copies == 0
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    kept = Weather(hour=hour, failures=7, copies=3, frozen_until=NOW + HOUR)
    apply(database, SaveWeather(weather=kept))
    assert read(database, lambda tx: tx.weather(NOW)) == kept


def test_6_7_a_probe_has_a_return_path_of_its_own_and_dies_with_the_year_of_its_row(database: Store) -> None:
    join(database, person(1), "tomio", year=2027)
    mine = claim_of(database, 1, 2027)
    write(database, lambda tx: tx.apply((), [a_letter(person(1), probe=mine)], (), None))
    row = read(database, lambda tx: tx.connection.execute(select(letter.c.year, letter.c.probe_of)).one())
    assert tuple(row) == (2027, mine.subscription_id)
    token = database.keyring.year(2027).token("probe", mine.subscription_id)
    assert tokens.claim(database.keyring, "bounce", token) == replace(mine, probe=True)
    assert tokens.claim(database.keyring, "leave", token) is None


# --- refused while relaying ---------------------------------------------------------------------


def relayed_but(store: Store, refused: dict[int, int], number: int = 1, later: timedelta = timedelta()) -> None:
    """Relays an alert of which the next hop refuses these people's copies for good, with these codes."""
    now = NOW + later
    post(store, an_alert(number, accepted_at=now, expires_at=now + 4 * HOUR), now)
    chunk = claimed(store, now)
    rows = {claim_of(store, person_).subscription_id: code for person_, code in refused.items()}
    for row in next_rows(store, chunk):
        if row.id in rows:
            chunk.tally.fail(row.id, rows[row.id])
        else:
            chunk.tally.hand(row.id)
    record(store, chunk, now=now)
    give_back(store, chunk)
    finish(store, now)


def count_all(store: Store, later: timedelta = timedelta()) -> None:
    while write(store, lambda tx: count_some(tx, TOWN), NOW + later):
        pass


def test_6_6_what_the_next_hop_refused_is_counted_once(database: Store) -> None:
    join_all(database, [(person(number), ["tomio"]) for number in range(1, 6)])
    relayed_but(database, {1: 550, 2: 552, 3: 554})
    count_all(database)
    count_all(database)
    on = TOWN.calendar.today(NOW)
    kinds = {1: FailureKind.GONE, 2: FailureKind.FULL, 3: FailureKind.OTHER}
    for number, kind in kinds.items():
        assert known(database, claim_of(database, number)) == {kind: FailureDays(days=1, last=on)}
    assert known(database, claim_of(database, 4)) == {}
    subjects = [found(database, person(number))[0].pseudonym for number in kinds]
    assert events(database) == [("bounce:counted", subject) for subject in subjects]


def test_6_6_an_alert_that_still_runs_is_not_counted_yet(database: Store) -> None:
    join(database, person(1), "tomio")
    post(database, an_alert())
    chunk = claimed(database)
    chunk.tally.fail(claim_of(database, 1).subscription_id, 550)
    record(database, chunk)
    assert not write(database, lambda tx: count_some(tx, TOWN))


def test_6_6_who_has_left_meanwhile_is_not_counted(database: Store) -> None:
    join_all(database, [(person(1), ["tomio"]), (person(2), ["tomio"])])
    relayed_but(database, {1: 550})
    leave(database, person(1))
    count_all(database)
    assert events(database) == []


def test_6_7_refused_on_three_days_and_the_probe_refused_too(database: Store) -> None:
    join_all(database, [(person(number), ["tomio"]) for number in range(1, 6)])
    mine = claim_of(database, 1)
    for day in range(3):
        relayed_but(database, {1: 550}, number=day + 1, later=timedelta(days=day))
        count_all(database, timedelta(days=day))
    now = NOW + timedelta(days=2)
    [waiting] = write(database, lambda tx: outbox.claim(tx.connection, tx.keyring, now, 10), now)
    assert waiting.probe_of == mine.subscription_id
    assert parcels.opened(database.keyring, waiting).to == person(1)
    write(database, lambda tx: refused_probe(tx, waiting, 550, TOWN), now)
    assert counts(database)["suspended"] == 1
    assert [event for event, _ in events(database)] == [*["bounce:counted"] * 3, "bounce:probed", "bounce:suspended"]


@pytest.mark.parametrize("least", [3, 4])
def test_6_8_an_alert_that_fails_for_a_fifth_of_a_town_counts_against_nobody(database: Store, least: int) -> None:
    town = replace(TOWN, bounces=BouncePolicy(freeze_least=least))
    join_all(database, [(person(number), ["tomio"]) for number in range(1, 6)])
    relayed_but(database, {1: 550, 2: 550, 3: 550})
    while write(database, lambda tx: count_some(tx, town)):
        pass
    if least == 3:
        assert events(database) == [("bounce:frozen", "2026-0001")]
        [waiting] = write(database, lambda tx: outbox.claim(tx.connection, tx.keyring, NOW, 10))
        assert parcels.opened(database.keyring, waiting).to == TOWN.admin
    else:
        assert [event for event, _ in events(database)] == ["bounce:counted"] * 3


def test_6_6_refusals_of_a_year_whose_key_is_gone_hold_nobody_up(database: Store, tmp_path: Path) -> None:
    join_all(database, [(person(1), ["tomio"]), (person(2), ["tomio"])])
    relayed_but(database, {1: 550})
    assert write(database, lambda tx: bounces.refusals(tx.connection, tx.keyring)) is not None
    (tmp_path / "keys" / "2026.key").unlink()
    database.keyring = Keyring(tmp_path / "keys", f"file:{tmp_path}/keys/kek")
    assert write(database, lambda tx: bounces.refusals(tx.connection, tx.keyring)) is None
