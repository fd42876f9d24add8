"""How long mail takes to a carrier: sent, come back, told (protocol 11.4)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from storage import canaries
from storage.canaries import Delay
from storage.records import Address, Canary, Flight, Letter, NoteReturn
from storage.store import Store
from storage.tables import letter
from tests.storage.samples import MINUTE, NOW, SECOND, an_alert, post, read, write

BOX = Address("canary@carrier.example")
DAY = timedelta(days=1)


def send(store: Store, carrier: str = "docomo", now: datetime = NOW, alert_id: int | None = None) -> None:
    measured = Canary(carrier=carrier, alert_id=alert_id)
    check = Letter(to=BOX, subject="check", text="check", canary=measured)
    write(store, lambda tx: tx.apply((), (check,), (), None), now)


def comes_back(store: Store, number: int, now: datetime) -> None:
    write(store, lambda tx: tx.apply((NoteReturn(letter=number),), (), (), None), now)


def letters(store: Store) -> list[int]:
    """The numbers of all letters that wait, oldest first."""
    return list(read(store, lambda tx: tx.connection.scalars(select(letter.c.id).order_by(letter.c.id)).all()))


def delays(store: Store, now: datetime = NOW + MINUTE) -> list[Delay]:
    return read(store, lambda tx: canaries.delays(tx.connection, now))


def test_11_4_the_first_return_ends_the_measurement(database: Store) -> None:
    send(database)
    assert delays(database) == [Delay(carrier="docomo", sent=1, returned=0, median=None, slow=None)]
    (number,) = letters(database)
    comes_back(database, number, NOW + 12 * SECOND)
    comes_back(database, number, NOW + 30 * SECOND)
    assert delays(database) == [Delay(carrier="docomo", sent=1, returned=1, median=12.0, slow=12.0)]


def test_11_4_what_comes_back_of_another_letter_changes_nothing(database: Store) -> None:
    write(database, lambda tx: tx.apply((), (Letter(to=BOX, subject="s", text="t"),), (), None))
    send(database)
    ordinary, _ = letters(database)
    comes_back(database, ordinary, NOW + SECOND)
    comes_back(database, 9_999, NOW + SECOND)
    assert delays(database)[0].returned == 0


def test_11_4_median_and_the_slow_end_are_of_the_last_week_and_by_carrier(database: Store) -> None:
    send(database, now=NOW - 8 * DAY)
    for _ in range(21):
        send(database)
    send(database, "au")
    numbers = letters(database)
    for seconds, number in enumerate(numbers[1:22]):
        comes_back(database, number, NOW + seconds * SECOND)
    au, docomo = delays(database)
    assert (au.carrier, au.sent, au.returned, au.median) == ("au", 1, 0, None)
    assert (docomo.sent, docomo.returned, docomo.median, docomo.slow) == (21, 21, 10.0, 19.0)


def test_11_4_an_alert_is_measured_once_and_only_when_it_goes_out(database: Store) -> None:
    def unmeasured(now: datetime = NOW) -> list[int]:
        return read(database, lambda tx: canaries.unmeasured(tx.connection, now))

    post(database, an_alert(1))
    post(database, an_alert(2, release="author", held_until=NOW + 60 * MINUTE))
    (direct,) = unmeasured()
    assert unmeasured(NOW + 11 * MINUTE) == []
    send(database, alert_id=direct)
    assert unmeasured() == []
    flights = read(database, lambda tx: canaries.of_alert(tx.connection, direct))
    assert flights == [Flight(carrier="docomo", sent_at=NOW, returned_at=None)]


@pytest.mark.parametrize(("days", "kept"), [(399, 1), (401, 0)])
def test_11_4_measurements_are_forgotten(database: Store, days: int, kept: int) -> None:
    send(database)
    database.tidy(NOW + days * DAY)
    assert len(read(database, lambda tx: canaries.delays(tx.connection, NOW + SECOND))) == kept
