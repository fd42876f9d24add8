"""What is remembered for a while (protocol 3.6, 5.8): replays, mails answered, letters counted, keys seen, wordings."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select

from storage import memory
from storage.records import Quota, RememberKey, SaveAlert
from storage.store import Store, Transaction
from storage.tables import handled, quota, replay
from tests.storage.samples import HOUR, MINUTE, NOW, SECOND, an_alert, letter, person, read, write

KEY, OTHER = b"k" * 32, b"o" * 32


def accept(store: Store, *, number: int = 1, now: datetime = NOW, **rest: Any) -> None:
    new = an_alert(number, accepted_at=now, **rest)
    write(store, lambda tx: tx.apply([SaveAlert(alert=new)], (), (), None), now)


def test_a_replay_is_known_for_48_hours(database: Store) -> None:
    accept(database, number=42, replay_key=KEY)

    def known(key: bytes, now: datetime) -> str | None:
        return read(database, lambda tx: tx.replayed(key, now))

    assert known(KEY, NOW) == "2026-0042"
    assert known(KEY, NOW + 48 * HOUR - SECOND) == "2026-0042"
    assert known(KEY, NOW + 48 * HOUR) is None
    assert known(OTHER, NOW) is None


def test_the_same_mail_may_be_an_alert_again_after_48_hours(database: Store) -> None:
    accept(database, number=1, replay_key=KEY)
    accept(database, number=2, replay_key=KEY, now=NOW + 48 * HOUR)
    assert read(database, lambda tx: tx.replayed(KEY, NOW + 49 * HOUR)) == "2026-0002"


def test_the_same_text_is_recognised_for_48_hours_and_the_latest_is_named(database: Store) -> None:
    accept(database, number=1, text_key=KEY)
    accept(database, number=2, text_key=KEY, now=NOW + HOUR)

    def resembles(key: bytes, now: datetime) -> str | None:
        return read(database, lambda tx: tx.resembling(key, now))

    assert resembles(KEY, NOW + HOUR) == "2026-0002"
    assert resembles(KEY, NOW + 49 * HOUR) is None
    assert resembles(OTHER, NOW) is None


def test_alerts_of_an_author_are_counted_since_a_moment(database: Store) -> None:
    accept(database, number=1, now=NOW - HOUR)
    accept(database, number=2, now=NOW - MINUTE)
    accept(database, number=3, now=NOW - MINUTE, author="somebody-else")
    assert read(database, lambda tx: tx.alerts_since("teacher", NOW - HOUR)) == 1
    assert read(database, lambda tx: tx.alerts_since("teacher", NOW - 2 * HOUR)) == 2


def test_alerts_are_numbered_from_one_in_each_year(database: Store) -> None:
    def following(year: int) -> int:
        return write(database, lambda tx: tx.next_alert_number(year))

    assert following(2026) == 1
    accept(database, number=1)
    accept(database, number=2)
    accept(database, number=1, year=2027, replay_key=KEY)
    assert (following(2026), following(2027)) == (3, 2)


def test_a_dry_run_may_ask_for_the_number_without_writing(database: Store) -> None:
    accept(database, number=1)
    assert read(database, lambda tx: tx.next_alert_number(2026)) == 2


def test_alerts_accepted_at_once_have_numbers_of_their_own(database: Store) -> None:
    def post(number: int) -> int:
        def work(tx: Transaction) -> int:
            mine = tx.next_alert_number(2026)
            tx.apply([SaveAlert(alert=an_alert(mine, replay_key=number.to_bytes(32, "big")))], (), (), None)
            return mine

        return write(database, work)

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(post, range(12))) == list(range(1, 13))


def test_a_mail_that_was_answered_is_remembered_for_48_hours(database: Store) -> None:
    def known(now: datetime) -> bool:
        return read(database, lambda tx: memory.was_handled(tx.connection, KEY, now))

    assert not known(NOW)
    write(database, lambda tx: memory.remember_handled(tx.connection, KEY, NOW))
    write(database, lambda tx: memory.remember_handled(tx.connection, KEY, NOW + HOUR))
    assert known(NOW + 49 * HOUR - SECOND)
    assert not known(NOW + 49 * HOUR)


def test_letters_are_counted_for_each_quota_and_span(database: Store) -> None:
    address, everybody = Quota("address", person(1).canonical), Quota("all")
    for _ in range(3):
        write(database, lambda tx: tx.apply((), [letter(person(1), counted=(address, everybody))], (), None))
    write(database, lambda tx: tx.apply((), [letter(person(1))], (), None))

    def used(wanted: Quota, now: datetime = NOW) -> int:
        return read(database, lambda tx: tx.letters(wanted, now))

    assert (used(address), used(everybody)) == (3, 3)
    assert used(Quota("address", person(2).canonical)) == used(Quota("domain", person(1).canonical)) == 0
    assert (used(address, NOW + HOUR), used(everybody, NOW + HOUR)) == (3, 0)
    assert used(address, NOW + 24 * HOUR) == 0


def test_letters_counted_at_once_are_all_counted(database: Store) -> None:
    def one(_: int) -> None:
        write(database, lambda tx: tx.apply((), [letter(person(1), counted=(Quota("all"),))], (), None))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(one, range(16)))
    assert read(database, lambda tx: tx.letters(Quota("all"), NOW)) == 16


def test_a_signing_key_is_known_once_it_was_seen(database: Store) -> None:
    seen = RememberKey(domain="school.example", fingerprint="ab" * 32)
    write(database, lambda tx: tx.apply([seen], (), (), None))

    def known(domain: str, fingerprint: str) -> bool:
        return read(database, lambda tx: tx.key_known(domain, fingerprint))

    assert known("school.example", "ab" * 32)
    assert not known("school.example", "cd" * 32)
    assert not known("other.example", "ab" * 32)


def test_each_wording_is_kept_once_and_as_it_was(database: Store) -> None:
    for text in ("first text", "another text under the same digest"):
        write(
            database,
            lambda tx, text=text: memory.keep_wording(tx.connection, "2026-04-01", "ab" * 32, text, NOW),
        )
    assert read(database, lambda tx: tx.wording("ab" * 32)) == "first text"
    assert read(database, lambda tx: tx.wording("cd" * 32)) is None


@pytest.mark.parametrize(("table", "life"), [(replay, 48 * HOUR), (handled, 48 * HOUR), (quota, 24 * HOUR)])
def test_what_is_over_is_forgotten_and_nothing_before(database: Store, table: Table, life: timedelta) -> None:
    accept(database, replay_key=KEY)
    write(database, lambda tx: memory.remember_handled(tx.connection, KEY, NOW))
    write(database, lambda tx: tx.apply((), [letter(person(1), counted=(Quota("all"),))], (), None))

    def rows() -> int:
        return len(read(database, lambda tx: tx.connection.execute(select(table)).all()))

    database.tidy(NOW + life)
    assert rows() == 1
    database.tidy(NOW + life + SECOND)
    assert rows() == 0


def test_keyed_digests_of_texts_die_with_the_year_and_others_do_not(database: Store) -> None:
    first = read(database, lambda tx: (tx.keyed("text", b"same"), tx.keyed("replay", b"same")))
    following = read(
        database,
        lambda tx: (tx.keyed("text", b"same"), tx.keyed("replay", b"same")),
        datetime.fromisoformat("2027-04-01T00:00:00+09:00"),
    )
    assert first[0] != following[0]
    assert first[1] == following[1]
    assert len({*first, *following}) == 3
