"""Letters that wait (protocol 6): nobody sends one twice, urgent ones go first, and none waits for ever."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import outbox, parcels
from storage.keyring import Keyring, KeyTrouble
from storage.parcels import Opened, Waiting
from storage.records import Letter, RequestKind
from storage.store import Store
from storage.tables import letter as letters
from tests.storage.samples import HOUR, MINUTE, NOW, SECOND, asking, letter, person, read, write

NEXT_YEAR = datetime.fromisoformat("2027-04-01T00:00:00+09:00")


def put(store: Store, *new: Letter, now: datetime = NOW) -> None:
    write(store, lambda tx: tx.apply((), new, (), None), now)


def claim(store: Store, now: datetime = NOW, most: int = 10) -> list[Waiting]:
    return write(store, lambda tx: outbox.claim(tx.connection, tx.keyring, now, most), now)


def texts(store: Store, claimed: list[Waiting]) -> list[str]:
    return [parcels.opened(store.keyring, each).text for each in claimed]


def waiting(store: Store) -> int:
    return read(store, lambda tx: outbox.waiting(tx.connection))


def next_due(store: Store, now: datetime = NOW) -> datetime | None:
    return read(store, lambda tx: outbox.next_due(tx.connection, tx.keyring, now))


def test_a_letter_comes_out_as_it_was_put_in(database: Store) -> None:
    new = letter(person(1), "本文", in_reply_to="<m@town.example>", attached=b"\x00raw\xff", local_part="postmaster")
    put(database, new)
    (claimed,) = claim(database)
    assert parcels.opened(database.keyring, claimed) == Opened(
        to=person(1),
        subject="subject",
        text="本文",
        local_part="postmaster",
        in_reply_to="<m@town.example>",
        attached=b"\x00raw\xff",
        written_at=NOW.isoformat(),
    )


@pytest.mark.parametrize(("kind", "local_part"), [(RequestKind.CONFIRM_LEAVE, "confirm"), (RequestKind.FORM, "form")])
def test_a_letter_that_asks_carries_the_token_of_its_request(
    database: Store, kind: RequestKind, local_part: str
) -> None:
    put(database, letter(person(1), request=asking(person(1), kind)))
    (claimed,) = claim(database)
    name, _, token = parcels.opened(database.keyring, claimed).local_part.partition("+")
    found = read(database, lambda tx: tx.request(token))
    assert found is not None
    assert (name, found.kind, found.address) == (local_part, kind, person(1))


def test_urgent_letters_go_first_and_then_the_oldest(database: Store) -> None:
    put(database, letter(person(1), "second"), now=NOW - MINUTE)
    put(database, letter(person(2), "third"))
    put(database, letter(person(3), "first", urgent=True))
    assert texts(database, claim(database, most=2)) == ["first", "second"]
    assert texts(database, claim(database)) == ["third"]


def test_a_claimed_letter_is_nobody_elses_until_the_lease_ends(database: Store) -> None:
    put(database, letter(person(1)))
    (first,) = claim(database)
    assert claim(database) == []
    assert claim(database, NOW + outbox.LEASE - SECOND) == []
    (second,) = claim(database, NOW + outbox.LEASE)
    assert (second.id, second.fence) == (first.id, first.fence + 1)


def test_a_letter_that_was_sent_is_erased(database: Store) -> None:
    put(database, letter(person(1)), letter(person(2)))
    first, second = claim(database)
    write(database, lambda tx: outbox.sent(tx.connection, [(first.id, first.fence)]))
    rows = read(database, lambda tx: tx.connection.scalars(select(letters.c.id)).all())
    assert rows == [second.id]


def test_a_late_senders_report_changes_nothing(database: Store) -> None:
    put(database, letter(person(1)))
    (late,) = claim(database)
    (current,) = claim(database, NOW + outbox.LEASE)
    write(database, lambda tx: outbox.sent(tx.connection, [(late.id, late.fence)]))
    assert write(database, lambda tx: outbox.later(tx.connection, late, NOW + outbox.LIFE + HOUR))
    assert waiting(database) == 1
    assert next_due(database) == NOW + 2 * outbox.LEASE
    assert write(database, lambda tx: outbox.later(tx.connection, current, NOW + HOUR))


def test_a_letter_that_must_wait_is_not_claimed_before_its_time(database: Store) -> None:
    put(database, letter(person(1)))
    (first,) = claim(database)
    assert write(database, lambda tx: outbox.later(tx.connection, first, NOW + HOUR))
    assert claim(database, NOW + 59 * MINUTE) == []
    (again,) = claim(database, NOW + HOUR)
    assert again.attempts == 1


def test_a_letter_is_given_up_after_two_days(database: Store) -> None:
    put(database, letter(person(1)))
    (first,) = claim(database)
    assert write(database, lambda tx: outbox.later(tx.connection, first, NOW + outbox.LIFE))
    (again,) = claim(database, NOW + outbox.LIFE)
    assert not write(database, lambda tx: outbox.later(tx.connection, again, NOW + outbox.LIFE + SECOND))
    assert waiting(database) == 0


def test_the_next_letter_that_is_due_is_known(database: Store) -> None:
    assert next_due(database) is None
    put(database, letter(person(1)), now=NOW + HOUR)
    assert next_due(database) == NOW + HOUR
    put(database, letter(person(2)))
    assert next_due(database) == NOW
    claim(database)
    assert next_due(database) == NOW + outbox.LEASE


def test_a_restart_of_the_only_process_frees_what_was_claimed(database: Store) -> None:
    put(database, letter(person(1)))
    (lost,) = claim(database)
    write(database, lambda tx: outbox.release_all(tx.connection))
    (again,) = claim(database)
    assert again.id == lost.id
    assert again.fence > lost.fence


def test_a_letter_opens_in_its_own_row_only(database: Store) -> None:
    put(database, letter(person(1)), letter(person(2)))
    first, second = claim(database)
    swapped = Waiting(id=first.id, uuid=first.uuid, year=first.year, body=second.body, attempts=0, fence=first.fence)
    with pytest.raises(KeyTrouble, match=r"letter\.body"):
        parcels.opened(database.keyring, swapped)


def test_a_letter_is_sealed_under_the_key_of_the_year_in_which_it_was_written(database: Store) -> None:
    put(database, letter(person(1)), now=datetime.fromisoformat("2027-03-31T23:59:59+09:00"))
    put(database, letter(person(2)), now=NEXT_YEAR)
    claimed = claim(database, NEXT_YEAR)
    assert [each.year for each in claimed] == [2026, 2027]
    assert [parcels.opened(database.keyring, each).to for each in claimed] == [person(1), person(2)]


def test_a_letter_of_a_destroyed_year_holds_nobody_up(database: Store, tmp_path: Path) -> None:
    put(database, letter(person(1)))
    put(database, letter(person(2)), now=NEXT_YEAR)
    (tmp_path / "keys" / "2026.key").unlink()
    database.keyring = Keyring(tmp_path / "keys", f"file:{tmp_path}/keys/kek")
    assert next_due(database) == NEXT_YEAR
    assert [each.year for each in claim(database, NEXT_YEAR)] == [2027]


def test_claimers_at_the_same_time_never_get_the_same_letter(database: Store) -> None:
    put(database, *(letter(person(number)) for number in range(60)))

    def take(_: int) -> list[int]:
        taken = []
        while batch := claim(database, most=4):
            taken += [each.id for each in batch]
            time.sleep(0.001)
        return taken

    with ThreadPoolExecutor(6) as threads:
        taken = [number for each in threads.map(take, range(6)) for number in each]
    assert len(taken) == len(set(taken)) == 60
