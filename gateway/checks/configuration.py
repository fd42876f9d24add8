"""The configuration beyond its grammar: warnings, who may read it, and who hears of trouble (protocol 9 and 1)."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import make_url

from gateway.checks.finding import Finding, ok, warning
from gateway.checks.permissions import exposed
from gateway.settings import Settings

NAME = "configuration"


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    findings = [*_warnings(settings), *_readers(settings)]
    if not findings:
        findings.append(ok(NAME, "設定に問題はありません / the settings are in order"))
    yield from findings
    yield _admin(settings)


def _warnings(settings: Settings) -> Iterator[Finding]:
    for each in settings.warnings:
        yield warning(NAME, each, f"{settings.path.name} のこの設定を見直す / look at this setting")


def _readers(settings: Settings) -> Iterator[Finding]:
    """A file with a password in it is its owner's alone."""
    if settings.relay.password or make_url(settings.storage.url).password:
        yield from exposed(NAME, settings.path)


def _admin(settings: Settings) -> Finding:
    if settings.gateway.admin is None:
        # RFC 5321 section 4.5.1: every domain that takes mail takes mail to postmaster.
        return warning(
            NAME,
            "管理者の宛先がなく、postmaster@ へのメールを断ります / no administrator: mail to postmaster@ is refused",
            '[gateway] admin = "…" に別ドメインの宛先を / set it to an address at another domain',
        )
    return ok(NAME, "管理者の宛先があります / mail to postmaster@ is passed on")
