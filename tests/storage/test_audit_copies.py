"""Copies of the log (protocol 8.3): nothing is left out over restarts and failures, and nothing waits for them."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from gateway.audit import copying
from gateway.audit.copying import Copying
from gateway.config_mirrors import Mirror
from gateway.settings import AuditSettings
from storage.audit_walk import value_of
from storage.store import Store
from storage.tables import audit as log
from storage.tables import audit_mirror, audit_tree
from tests.fakes.audited import happen
from tests.storage.samples import HOUR, NOW, read, write


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of a machine's log."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plug:
        plug.bind(str(tmp_path / "socket"))
        plug.settimeout(5)
        yield plug


def lines_of(store: Store, folder: Path) -> Copying:
    return Copying(store, Mirror(kind="jsonl", path=folder / "log.jsonl"), AuditSettings())


def numbers(file: Path) -> list[int]:
    return [value_of(line)["seq"] for line in file.read_text().splitlines()]


def test_each_entry_is_copied_once_over_restarts(
    database: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "AT_ONCE", 4)
    happen(database, 10)
    first = lines_of(database, tmp_path)
    assert (first.catch_up(NOW), first.catch_up(NOW)) == (10, 0)
    happen(database, 3)
    assert lines_of(database, tmp_path).catch_up(NOW) == 3
    assert numbers(tmp_path / "log.jsonl") == [*range(1, 14)]


def test_a_copy_that_was_written_and_not_recorded_is_not_written_twice(database: Store, tmp_path: Path) -> None:
    happen(database, 5)
    lines_of(database, tmp_path).catch_up(NOW)
    write(database, lambda tx: tx.connection.execute(update(audit_mirror).values(seq=2)))
    assert lines_of(database, tmp_path).catch_up(NOW) == 0
    assert numbers(tmp_path / "log.jsonl") == [1, 2, 3, 4, 5]


def test_files_that_were_taken_away_are_not_copied_again(database: Store, tmp_path: Path) -> None:
    happen(database, 5)
    lines_of(database, tmp_path).catch_up(NOW)
    (tmp_path / "log.jsonl").unlink()
    happen(database, 1)
    assert lines_of(database, tmp_path).catch_up(NOW) == 1
    assert numbers(tmp_path / "log.jsonl") == [6]


def test_a_register_that_was_taken_back_to_an_older_day_gets_a_file_of_its_own(database: Store, tmp_path: Path) -> None:
    happen(database, 3)
    lines_of(database, tmp_path).catch_up(NOW)
    ends = read(database, lambda tx: tx.connection.execute(select(audit_tree)).one())
    happen(database, 4)
    lines_of(database, tmp_path).catch_up(NOW)

    write(database, lambda tx: tx.connection.execute(delete(log).where(log.c.seq > 3)))
    write(database, lambda tx: tx.connection.execute(update(audit_tree).values(ends._mapping)))
    write(database, lambda tx: tx.connection.execute(update(audit_mirror).values(seq=3)))
    happen(database, 6, NOW + HOUR)
    assert lines_of(database, tmp_path).catch_up(NOW) == 6
    assert numbers(tmp_path / "log.jsonl.000000000007") == [1, 2, 3, 4, 5, 6, 7]
    assert numbers(tmp_path / "log.jsonl") == [4, 5, 6, 7, 8, 9]


def test_a_copy_that_cannot_be_written_is_caught_up_later(database: Store, tmp_path: Path) -> None:
    happen(database, 2)
    copy = lines_of(database, tmp_path / "mounted")
    with pytest.raises(FileNotFoundError):
        copy.catch_up(NOW)
    happen(database, 2)
    (tmp_path / "mounted").mkdir()
    assert copy.catch_up(NOW) == 4
    assert numbers(tmp_path / "mounted" / "log.jsonl") == [1, 2, 3, 4]


def test_syslog_takes_each_entry_as_a_line_of_the_audit_facility(
    database: Store, tmp_path: Path, plug: socket.socket
) -> None:
    happen(database, 2)
    copy = Copying(database, Mirror(kind="syslog", path=tmp_path / "socket"), AuditSettings())
    assert copy.catch_up(NOW) == 2
    lines = [plug.recv(65_536).decode() for _ in range(2)]
    assert [line.partition(": ")[0] for line in lines] == ["<110>mimamori-audit"] * 2
    assert [value_of(line.partition(": ")[2])["seq"] for line in lines] == [1, 2]


def test_the_journal_takes_each_entry_with_its_number(database: Store, tmp_path: Path, plug: socket.socket) -> None:
    happen(database, 1)
    mirror = Mirror(kind="journald", path=tmp_path / "socket")
    Copying(database, mirror, AuditSettings()).catch_up(NOW)
    fields = dict(line.split("=", 1) for line in plug.recv(65_536).decode().splitlines())
    assert value_of(fields.pop("MESSAGE"))["seq"] == 1
    assert fields == {"PRIORITY": "6", "SYSLOG_IDENTIFIER": "mimamori-audit", "MIMAMORI_SEQ": "1"}
    happen(database, 1)
    assert Copying(database, mirror, AuditSettings()).catch_up(NOW) == 1  # a restart repeats nothing


def test_a_log_that_is_not_there_loses_nothing(database: Store, tmp_path: Path) -> None:
    happen(database, 2)
    copy = Copying(database, Mirror(kind="syslog", path=tmp_path / "socket"), AuditSettings())
    with pytest.raises(OSError, match="No such file"):
        copy.catch_up(NOW)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plug:
        plug.bind(str(tmp_path / "socket"))
        assert copy.catch_up(NOW) == 2


def test_no_destination_is_stored_but_as_a_keyed_digest(database: Store, tmp_path: Path) -> None:
    happen(database, 1)
    lines_of(database, tmp_path).catch_up(NOW)
    (row,) = read(database, lambda tx: tx.connection.execute(select(audit_mirror)).all())
    assert len(row.key) == 32
    assert row.seq == 1


def test_a_round_that_was_called_off_and_the_last_one_do_not_write_at_once(
    database: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "AT_ONCE", 3)
    happen(database, 40)
    copy = lines_of(database, tmp_path)
    with ThreadPoolExecutor(3) as threads:
        done = sum(threads.map(lambda _: copy.catch_up(NOW), range(3)))
    assert done == 40
    assert numbers(tmp_path / "log.jsonl") == [*range(1, 41)]
