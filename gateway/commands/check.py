"""`mimamori check`: the doctor. It looks at everything that can be wrong and names a remedy for each failure.

Exit code 0 where nothing fails (warnings are allowed), 1 where something does, 2 for a bad configuration (protocol 8).
"""

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

from gateway import hardening
from gateway.checks import (
    certificate,
    configuration,
    database,
    interpreter,
    keys,
    name_servers,
    next_hop,
    signature,
    web,
    witness,
    years,
)
from gateway.checks.bounds import examine
from gateway.checks.finding import Check, Finding, Status
from gateway.commands import showing
from gateway.config import load
from gateway.settings import Settings

CHECKS = (
    Check(name=configuration.NAME, title="設定 / configuration", look=configuration.look),
    Check(name=interpreter.NAME, title="Python", look=interpreter.look),
    Check(name=keys.NAME, title="鍵 / keys", look=keys.look),
    Check(name=database.NAME, title="データベース / database", look=database.look),
    Check(name=witness.NAME, title="監査記録 / audit log", look=witness.look),
    Check(name=years.NAME, title="年度 / years", look=years.look),
    Check(name=certificate.NAME, title="証明書 / certificate", look=certificate.look),
    Check(name=next_hop.NAME, title="送信先 / next hop", look=next_hop.look),
    Check(name=name_servers.NAME, title="DNS", look=name_servers.look),
    Check(name=signature.NAME, title="DKIM", look=signature.look),
    Check(name=web.NAME, title="ウェブ / web", look=web.look),
)
MARKS = {Status.OK: ("✓", "green"), Status.WARNING: ("!", "yellow"), Status.FAILURE: ("✗", "bold red")}


def run(arguments: argparse.Namespace) -> int:
    hardening.protect()
    settings = load(arguments.config)
    now = datetime.now(UTC)
    if arguments.json:
        findings = list(diagnose(settings, now))
        showing.as_json([facts(finding) for finding in findings])
    else:
        findings = shown(settings, now)
    return 1 if any(finding.status is Status.FAILURE for finding in findings) else 0


def diagnose(
    settings: Settings,
    now: datetime,
    checks: Iterable[Check] = CHECKS,
    begin: Callable[[str], None] = lambda title: None,
) -> Iterator[Finding]:
    """Every finding, as soon as its check is over; `begin` hears which one is under way."""
    for check in checks:
        begin(check.title)
        yield from examine(check, settings, now)


def shown(settings: Settings, now: datetime) -> list[Finding]:
    """Prints the findings as they come; on a terminal with colours, and with what is being looked at."""
    console = Console(highlight=False, soft_wrap=True)
    findings: list[Finding] = []
    with console.status("") if console.is_terminal else nullcontext() as status:
        begin = (lambda title: status.update(f"点検中 / checking: {title}")) if status else (lambda title: None)
        for finding in diagnose(settings, now, begin=begin):
            findings.append(finding)
            console.print(line(finding))
    count = {status: sum(finding.status is status for finding in findings) for status in Status}
    failures, warnings = count[Status.FAILURE], count[Status.WARNING]
    console.print(f"失敗 {failures} 件、注意 {warnings} 件 / {failures} failures, {warnings} warnings")
    return findings


def line(finding: Finding) -> Text:
    """The finding, and below it its remedy."""
    mark, style = MARKS[finding.status]
    text = Text.assemble((mark, style), f" {finding.message}")
    return text.append(f"\n    → {finding.remedy}") if finding.remedy else text


def facts(finding: Finding) -> dict[str, str]:
    """The finding for programs."""
    return {
        "check": finding.check,
        "status": finding.status.value,
        "message": finding.message,
        "remedy": finding.remedy,
    }
