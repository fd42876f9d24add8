"""What self-tests found of the mail systems of staff (protocol 5.11)."""

from dataclasses import replace
from datetime import datetime

from storage import coverage
from storage.records import CoverageProfile, Quota, SaveCoverage, SeenProfile
from storage.store import Store
from tests.storage.samples import HOUR, NOW, letter, person, read, write

PROFILE = CoverageProfile(
    domain="school.example",
    selector="s1",
    fingerprint="f" * 64,
    algorithm="rsa",
    bits=2048,
    covered=frozenset({"from", "subject"}),
    timed=True,
    expires=False,
)


def save(store: Store, profile: CoverageProfile = PROFILE, now: datetime = NOW) -> None:
    write(store, lambda tx: tx.apply([SaveCoverage(profile=profile)], (), (), None), now)


def profiles(store: Store) -> tuple[SeenProfile, ...]:
    return read(store, lambda tx: coverage.profiles(tx.connection))


def test_5_11_a_profile_is_kept_as_it_was_found(database: Store) -> None:
    assert profiles(database) == ()
    save(database)
    assert profiles(database) == (SeenProfile(profile=PROFILE, seen_at=NOW),)


def test_5_11_the_last_self_test_of_a_selector_counts(database: Store) -> None:
    later = replace(PROFILE, covered=frozenset({"from"}), fingerprint="e" * 64, expires=True, timed=False)
    save(database)
    save(database, later, NOW + HOUR)
    assert profiles(database) == (SeenProfile(profile=later, seen_at=NOW + HOUR),)


def test_5_11_profiles_stand_by_domain_the_last_seen_first_and_eight_at_most(database: Store) -> None:
    for number in range(12):
        save(database, replace(PROFILE, selector=f"s{number}"), NOW + number * HOUR)
    save(database, replace(PROFILE, domain="board.example"))
    shown = [(seen.profile.domain, seen.profile.selector) for seen in profiles(database)]
    assert shown == [("board.example", "s1"), *(("school.example", f"s{number}") for number in range(11, 3, -1))]


def test_5_11_a_profile_makes_no_key_known(database: Store) -> None:
    save(database)
    assert not read(database, lambda tx: tx.key_known(PROFILE.domain, PROFILE.fingerprint))


def test_5_11_self_tests_are_counted_a_day_and_apart_from_other_letters(database: Store) -> None:
    quota = Quota("probe", person(1).canonical)
    counted = letter(person(1), counted=(quota,))
    write(database, lambda tx: tx.apply((), [counted], (), None))
    assert read(database, lambda tx: tx.letters(quota, NOW)) == 1
    assert read(database, lambda tx: tx.letters(Quota("address", person(1).canonical), NOW)) == 0
    assert read(database, lambda tx: tx.letters(quota, NOW + 24 * HOUR)) == 0
