"""The counterfoils of what workers handed over last (protocol 5.12)."""

import logging
import stat
from pathlib import Path

import pytest

from gateway.relay.counterfoils import KEPT, Counterfoils, found


def copy_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_each_worker_keeps_its_newest_and_a_new_process_leaves_the_others_alone(tmp_path: Path) -> None:
    file = tmp_path / "counterfoils"
    first, second = Counterfoils(file, 0), Counterfoils(file, 1)
    for number in range(1, KEPT + 3):
        first.add(copy_id(number))
    second.add(copy_id(9_000))
    newest = {copy_id(number) for number in range(3, KEPT + 3)}
    assert found(file) - {bytes(16)} == newest | {copy_id(9_000)}
    Counterfoils(file, 0).add(copy_id(8_000))
    assert found(file) >= {copy_id(8_000), copy_id(9_000)}
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
        kept = Counterfoils(tmp_path / "absent" / "counterfoils", 0)
        kept.add(copy_id(1))
        kept.add(copy_id(2))
    assert [record.message for record in caplog.records] == [
        "counterfoils cannot be kept (No such file or directory): after a kill some copies would be sent twice"
    ]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "counterfoils").mkdir()
    with caplog.at_level(logging.ERROR, "mimamori.relay"):
        assert found(tmp_path / "counterfoils") == set()
    assert "some copies may be sent twice" in caplog.text
