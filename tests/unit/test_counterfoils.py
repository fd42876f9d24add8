"""The counterfoils of what workers handed over last (protocol 5.12)."""

import logging
import os
import stat
from pathlib import Path

import pytest

from gateway.config import load
from gateway.relay.allowance import WINDOW
from gateway.relay.counterfoils import KEPT, PAGE_OCTETS, Counterfoils, found, prepare
from gateway.relay.relay import FEWEST_SYNCED, unsynced
from tests.e2e.minato import merged, settings, write_settings


def copy_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_each_worker_keeps_its_newest_and_a_new_process_leaves_the_others_alone(tmp_path: Path) -> None:
    file = tmp_path / "counterfoils"
    prepare(file, 2)
    first, second = Counterfoils(file, 0, 0), Counterfoils(file, 1, 0)
    for number in range(1, KEPT + 3):
        first.add(copy_id(number))
    second.add(copy_id(90_000))
    newest = {copy_id(number) for number in range(3, KEPT + 3)}
    assert found(file) - {bytes(16)} == newest | {copy_id(90_000)}
    Counterfoils(file, 0, 0).add(copy_id(80_000))
    assert found(file) >= {copy_id(80_000), copy_id(90_000)}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_nothing_is_found_where_nothing_was_kept(tmp_path: Path) -> None:
    assert found(tmp_path / "counterfoils") == set()


def test_half_a_counterfoil_at_the_end_counts_for_nothing(tmp_path: Path) -> None:
    file = tmp_path / "counterfoils"
    file.write_bytes(copy_id(1) + copy_id(2)[:9])
    assert found(file) == {copy_id(1)}


def test_where_none_can_be_kept_the_log_says_so_once_and_copies_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "mimamori.relay"):
        kept = Counterfoils(tmp_path / "absent" / "counterfoils", 0, 1)
        kept.add(copy_id(1))
        kept.add(copy_id(2))
    assert not kept.kept
    assert [record.message for record in caplog.records] == [
        "counterfoils cannot be kept (No such file or directory): after a kill some copies would be sent twice"
    ]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "counterfoils").mkdir()
    with caplog.at_level(logging.ERROR, "mimamori.relay"):
        assert found(tmp_path / "counterfoils") == set()
    assert "some copies may be sent twice" in caplog.text


def test_5_12_so_many_are_on_the_disk_before_more_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "counterfoils"
    prepare(file, 1)
    on_the_disk: list[frozenset[bytes]] = [frozenset()]
    real = os.fdatasync

    def synced(descriptor: int) -> None:
        real(descriptor)
        on_the_disk.append(found(file))

    monkeypatch.setattr(os, "fdatasync", synced)
    kept = Counterfoils(file, 0, 46)
    for number in range(1, 1_000):
        kept.add(copy_id(number))
        assert number - len(on_the_disk[-1] - {bytes(16)}) < 46
    assert len(on_the_disk) == 1 + 999 // 46


def test_a_disk_that_fails_when_it_is_to_sync_keeps_no_counterfoils(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fails)
    kept = Counterfoils(tmp_path / "counterfoils", 0, 2)
    kept.add(copy_id(1))
    assert kept.kept
    with caplog.at_level(logging.ERROR, "mimamori.relay"):
        kept.add(copy_id(2))
    assert not kept.kept
    assert "counterfoils cannot be kept (Input/output error)" in caplog.text


def test_the_file_is_made_as_long_as_it_will_be_and_what_is_in_it_stays(tmp_path: Path) -> None:
    file = tmp_path / "state" / "counterfoils"
    prepare(file, 1)
    assert file.stat().st_size == PAGE_OCTETS
    Counterfoils(file, 0, 0).add(copy_id(1))
    prepare(file, 3)
    assert file.stat().st_size == 3 * PAGE_OCTETS
    assert found(file) == {copy_id(1), bytes(16)}
    prepare(file, 2)
    assert file.stat().st_size == 3 * PAGE_OCTETS


def test_a_file_that_cannot_be_made_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "counterfoils").mkdir()
    with caplog.at_level(logging.ERROR, "mimamori.relay"):
        prepare(tmp_path / "counterfoils", 1)
    assert "cannot be made (Is a directory)" in caplog.text


@pytest.mark.parametrize(
    ("relay", "connections", "together"),
    [
        ({"smarthost": "smtp://127.0.0.1:9", "connections": 4}, 4, 1),
        ({"smarthost": "maildir:outbox", "connections": 4}, 4, 4),
        ({"smarthost": "smtp://127.0.0.1:9", "connections": 4, "pace": ["docomo", "slow.example 1/s"]}, 10, 1),
    ],
)
def test_5_12_what_is_under_way_and_what_waits_for_the_disk_are_the_window_together(
    tmp_path: Path, relay: dict[str, object], connections: int, together: int
) -> None:
    config = write_settings(tmp_path / "town", merged(settings("smtp://127.0.0.1:9"), {"relay": relay}))
    assert unsynced(load(config).relay) == WINDOW - connections * together


def test_5_12_however_many_connections_there_are_some_are_synced_together(tmp_path: Path) -> None:
    many = {"relay": {"connections": 80}}
    config = write_settings(tmp_path / "town", merged(settings("smtp://127.0.0.1:9"), many))
    assert unsynced(load(config).relay) == FEWEST_SYNCED
