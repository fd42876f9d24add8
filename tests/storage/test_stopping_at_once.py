"""A stop that comes while another node releases or ends the same alert (protocol 5.7)."""

import threading

from storage import alerts
from storage.records import AlertState, ReleaseAlert
from storage.store import Store, Transaction
from tests.storage.samples import HOUR, NOW, an_alert, join, person, post, read, write


def test_5_7_a_stop_during_a_release_stops_what_was_released(database: Store) -> None:
    join(database, person(1), "tomio")
    post(database, an_alert(release="author", held_until=NOW + HOUR))
    released, go_on = threading.Event(), threading.Event()

    def release(tx: Transaction) -> None:
        change = ReleaseAlert(name="2026-0001", by="teacher", expires_at=NOW + HOUR)
        alerts.release(tx.connection, tx.keyring, change, NOW)
        released.set()
        go_on.wait(1)

    first = database.write(NOW, release)
    assert released.wait(10)
    second = database.write(NOW, lambda tx: alerts.stop(tx.connection, "2026-0001", NOW))
    first.result(30), second.result(30)
    (found,) = read(database, lambda tx: alerts.alerts(tx.connection))
    assert found.state is AlertState.STOPPED
    write(database, lambda tx: alerts.finish(tx.connection, NOW))
