"""`mimamori check`: how it runs and prints, and what it says of the settings and of Python (protocol 8)."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gateway.checks import configuration, interpreter
from gateway.checks.bounds import examine
from gateway.checks.finding import Check, Finding, Status, failure, ok, warning
from gateway.commands.check import diagnose, facts, line
from gateway.config import load
from gateway.settings import Settings
from tests.e2e.town import merged, settings, write_settings

NOW = datetime(2026, 11, 23, tzinfo=UTC)
BAD = failure("keys", "鍵がありません / no key", "戻す / put it back")


def configured(folder: Path, **sections: Any) -> Settings:
    return load(write_settings(folder / "town", merged(settings("maildir:var/outbox", pinned=False), sections)))


def statuses(findings: Iterator[Finding]) -> list[Status]:
    return [finding.status for finding in findings]


def test_a_check_that_hangs_is_given_up_and_what_it_found_counts(tmp_path: Path) -> None:
    over = threading.Event()

    def hang(settings: Settings, now: datetime) -> Iterator[Finding]:
        yield ok("slow", "…")
        over.wait(30)

    found = list(examine(Check(name="slow", title="", look=hang), configured(tmp_path), NOW, seconds=0.2))
    over.set()
    assert [finding.status for finding in found] == [Status.OK, Status.WARNING]
    assert "0.2 s" in found[1].message


def test_a_check_that_breaks_is_a_failure_without_the_text_of_its_error(tmp_path: Path) -> None:
    def breaks(settings: Settings, now: datetime) -> Iterator[Finding]:
        yield ok("broken", "…")
        raise LookupError("parent@family.example")

    (good, bad) = examine(Check(name="broken", title="", look=breaks), configured(tmp_path), NOW)
    assert (good.status, bad.status) == (Status.OK, Status.FAILURE)
    assert "LookupError" in bad.message
    assert "family.example" not in bad.message + bad.remedy


def test_findings_come_in_the_order_of_the_checks_and_each_is_announced(tmp_path: Path) -> None:
    announced: list[str] = []
    checks = [
        Check(name=name, title=name.upper(), look=lambda settings, now, name=name: [ok(name, "…")])
        for name in ("b", "a")
    ]
    found = [finding.check for finding in diagnose(configured(tmp_path), NOW, checks, announced.append)]
    assert (found, announced) == (["b", "a"], ["B", "A"])


def test_a_line_has_a_mark_the_message_and_the_remedy_below() -> None:
    assert line(BAD).plain == "✗ 鍵がありません / no key\n    → 戻す / put it back"
    assert line(ok("x", "よし / good")).plain == "✓ よし / good"
    assert line(warning("x", "さて / well", "様子を見る / wait")).plain.startswith("! さて")


def test_colours_are_for_terminals_only() -> None:
    for terminal in (True, False):
        out = StringIO()
        Console(file=out, force_terminal=terminal, highlight=False, soft_wrap=True, _environ={}).print(line(BAD))
        assert ("\x1b[" in out.getvalue()) is terminal


def test_programs_get_four_facts_of_each_finding() -> None:
    assert facts(BAD) == {
        "check": "keys",
        "status": "failure",
        "message": "鍵がありません / no key",
        "remedy": "戻す / put it back",
    }


def test_settings_in_order_are_said_to_be(tmp_path: Path) -> None:
    assert statuses(configuration.look(configured(tmp_path), NOW)) == [Status.OK, Status.OK]


def test_a_setting_that_this_version_ignores_is_a_warning(tmp_path: Path) -> None:
    ignored = configured(tmp_path, limits={"mime_depth": 9})
    (first, *_) = configuration.look(ignored, NOW)
    assert first.status is Status.WARNING
    assert "[limits] mime_depth" in first.message


def test_without_an_administrator_mail_to_postmaster_is_warned_about(tmp_path: Path) -> None:
    found = list(configuration.look(configured(tmp_path, gateway={"admin": ""}), NOW))
    assert found[-1].status is Status.WARNING
    assert "[gateway] admin" in found[-1].remedy


@pytest.mark.parametrize(
    "sections",
    [
        {"relay": {"username": "us", "password": "hushhush"}},
        {"storage": {"url": "postgresql+psycopg://us:hushhush@127.0.0.1/town"}},
    ],
)
def test_a_configuration_with_a_password_is_its_owners_alone(tmp_path: Path, sections: dict[str, Any]) -> None:
    secret = configured(tmp_path, **sections)
    secret.path.chmod(0o640)
    (first, *_) = configuration.look(secret, NOW)
    assert (first.status, first.remedy) == (Status.FAILURE, f"chmod 600 {secret.path}")
    assert "hushhush" not in first.message
    secret.path.chmod(0o600)
    assert Status.FAILURE not in statuses(configuration.look(secret, NOW))


def test_a_configuration_without_a_password_may_be_read_by_others(tmp_path: Path) -> None:
    open_to_all = configured(tmp_path)
    open_to_all.path.chmod(0o644)
    assert Status.FAILURE not in statuses(configuration.look(open_to_all, NOW))


def test_the_python_that_runs_us_is_examined_and_never_fails_the_check(tmp_path: Path) -> None:
    (found,) = interpreter.look(configured(tmp_path), NOW)
    missing = [name for name, fixed in interpreter.FIXES.items() if not fixed()]
    assert found.status is (Status.WARNING if missing else Status.OK)
    assert all(name in found.message for name in missing)


def test_each_missing_fix_of_the_email_package_is_named() -> None:
    found = interpreter.judged((3, 11, 7), ["CVE-2", "CVE-3"])
    assert found.status is Status.WARNING
    assert "CVE-2, CVE-3" in found.message
    assert interpreter.judged((3, 11, 7), []).status is Status.OK


def test_a_python_that_is_too_old_is_a_failure() -> None:
    assert interpreter.judged((3, 10, 99), []).status is Status.FAILURE
    assert interpreter.judged((3, 11, 0), []).status is Status.OK
