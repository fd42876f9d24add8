"""`mimamori check` as administrators call it: beside a running server and without one (protocol 8)."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Start
from tests.e2e.town import ADMIN, BOARD, ROOT, SCHOOL, merged, mimamori, run, settings, write_settings
from tests.fakes.dns import DnsServer

MARKS = ("✓", "!", "✗", "    →")


@pytest.fixture
def dns() -> Iterator[dict[str, Any]]:
    with DnsServer() as server:
        yield {"nameservers": [server.address]}


def written(folder: Path, dns: dict[str, Any], **sections: Any) -> Path:
    chosen = merged(settings("maildir:var/outbox", pinned=False), {"dns": dns, **sections})
    return write_settings(folder / "town", chosen)


def findings(config: Path, code: int) -> list[dict[str, str]]:
    ran = run("check", "--json", "--config", str(config))
    assert ran.returncode == code, ran.stdout + ran.stderr
    found: list[dict[str, str]] = json.loads(ran.stdout)
    return found


def test_a_running_town_is_in_order_and_so_it_is_when_it_has_stopped(gateway: Start, dns: dict[str, Any]) -> None:
    town = gateway(dns=dns)
    for _ in range(2):
        found = findings(town.config, 0)
        assert {finding["check"] for finding in found} == {
            *("configuration", "python", "keys", "database", "audit", "years", "web", "tls", "relay", "dns", "dkim")
        }
        assert all(finding["status"] in ("ok", "warning") for finding in found)
        town.stop()


def test_before_the_first_start_nothing_fails_and_nothing_is_written(tmp_path: Path, dns: dict[str, Any]) -> None:
    config = written(tmp_path, dns)
    before = set(config.parent.rglob("*"))
    findings(config, 0)
    assert set(config.parent.rglob("*")) == before


def test_people_get_a_line_a_finding_with_remedies_in_both_languages_and_no_colours(
    tmp_path: Path, dns: dict[str, Any]
) -> None:
    config = written(tmp_path, dns)
    (config.parent / "keys" / "root.key").chmod(0o644)
    ran = run("check", "--config", str(config))
    assert ran.returncode == 1
    *lines, last = ran.stdout.splitlines()
    assert all(line.startswith(MARKS) for line in lines)
    failed = next(number for number, line in enumerate(lines) if line.startswith("✗"))
    assert lines[failed + 1].endswith(f"chmod 600 {config.parent}/keys/root.key`")
    assert last.startswith("失敗 1 件")
    assert "\x1b" not in ran.stdout
    for address in (ADMIN, BOARD, SCHOOL):
        assert address not in ran.stdout


def test_a_terminal_gets_colours_and_sees_what_is_under_way(tmp_path: Path, dns: dict[str, Any]) -> None:
    config = written(tmp_path, dns)
    shown = on_a_terminal("check", "--config", str(config))
    assert "\x1b[32m✓" in shown
    assert "checking" in shown


def test_keys_beside_the_database_of_a_public_listener_are_a_failure(tmp_path: Path, dns: dict[str, Any]) -> None:
    config = written(tmp_path, dns, listener={"host": "0.0.0.0"})
    failed = [finding for finding in findings(config, 1) if finding["status"] == "failure"]
    assert [finding["check"] for finding in failed] == ["keys"]


def test_a_bad_configuration_ends_with_2_and_its_line(tmp_path: Path, dns: dict[str, Any]) -> None:
    config = written(tmp_path, dns, listener={"require_tls": "all"})
    ran = run("check", "--config", str(config))
    assert ran.returncode == 2
    assert "[listener] require_tls" in ran.stderr
    assert ran.stdout == ""


def on_a_terminal(*words: str) -> str:
    """What a command shows to somebody who sits before it."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(mimamori(*words), cwd=ROOT, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b"".join(pieces(ours))
    os.close(ours)
    assert process.returncode == 0
    return shown.decode()


def pieces(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # Linux says so when nobody is left at the other end
            return
        if not piece:
            return
        yield piece
