"""`[audit] mirror` (protocol 8.3, 9): what may be named, what the doctor says of it, and no address in any message."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.checks import witness
from gateway.checks.finding import Status
from gateway.config_mirrors import Mirror, mirror
from gateway.config_values import UnfitError
from gateway.settings import Settings
from storage.records import Address
from tests.fakes.audited import settings_of
from tests.fakes.configuration import LEAST, Complain

FOLDER = Path("/town")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("file:var/notes", Mirror(kind="file", path=Path("/town/var/notes"))),
        ("jsonl:/srv/log.jsonl", Mirror(kind="jsonl", path=Path("/srv/log.jsonl"))),
        ("mail:auditor@outside.example", Mirror(kind="mail", address=Address("auditor@outside.example"))),
        ("syslog:", Mirror(kind="syslog", path=Path("/dev/log"))),
        ("syslog:/run/other", Mirror(kind="syslog", path=Path("/run/other"))),
        ("journald:", Mirror(kind="journald", path=Path("/run/systemd/journal/socket"))),
    ],
)
def test_a_destination_is_read_once(written: str, becomes: Mirror) -> None:
    assert mirror.read(written, FOLDER) == becomes


@pytest.mark.parametrize("written", ["", "file:", "jsonl:", "mail:", "mail:nobody", "ftp:x", "syslog", "/srv/log", 7])
def test_what_is_no_destination_is_refused(written: object) -> None:
    with pytest.raises(UnfitError):
        mirror.read(written, FOLDER)


def test_a_destination_does_not_print_an_address() -> None:
    assert "outside" not in repr(mirror.read("mail:auditor@outside.example", FOLDER))


def test_checkpoints_go_nowhere_without_a_key(complain: Complain) -> None:
    (line,) = complain(f'{LEAST}\n[audit]\nmirror = ["file:notes", "mail:auditor@outside.example"]\n')
    assert "[audit] mirror" in line
    assert "set checkpoint_key" in line
    assert "outside" not in line


def test_a_letter_to_ourselves_would_come_back(complain: Complain) -> None:
    (line,) = complain(f'{LEAST}\n[audit]\ncheckpoint_key = "k"\nmirror = ["mail:me@mimamori.example.jp"]\n')
    assert "name one at another domain" in line


# --- the doctor ---------------------------------------------------------------------------------


def said(settings: Settings) -> list[tuple[Status, str]]:
    return [(each.status, each.message + each.remedy) for each in witness.look(settings, NOW)]


def test_a_key_and_a_witness_outside_are_well(tmp_path: Path) -> None:
    found = said(settings_of(tmp_path / "town", ["mail:auditor@outside.example"]))
    assert [status for status, _ in found] == [Status.OK]
    assert "outside" not in str(found)


def test_a_log_that_nobody_outside_knows_is_warned_about(tmp_path: Path) -> None:
    found = said(settings_of(tmp_path / "town", [f"jsonl:{tmp_path}/log.jsonl"]))
    assert [status for status, _ in found] == [Status.OK, Status.WARNING]


def test_a_folder_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    found = said(settings_of(tmp_path / "town", [f"file:{tmp_path}/worm/notes"]))
    assert [status for status, _ in found] == [Status.OK, Status.FAILURE]
    assert f"{tmp_path}/worm" in found[1][1]


def test_a_key_that_others_may_read_is_a_failure(tmp_path: Path) -> None:
    town = settings_of(tmp_path / "town")
    (tmp_path / "town" / "audit.key").chmod(0o640)
    ((status, words),) = said(town)
    assert status is Status.FAILURE
    assert "chmod 600" in words
