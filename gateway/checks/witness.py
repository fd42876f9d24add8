"""The audit log before outsiders: a key that signs checkpoints, and a place for them elsewhere (protocol 8.3)."""

from collections.abc import Iterator
from datetime import datetime

from gateway.audit.note import audit_key
from gateway.checks.finding import Finding, failure, ok, trouble, warning
from gateway.settings import Settings
from storage.keyring import KeyTrouble

NAME = "audit"


def look(settings: Settings, _now: datetime) -> Iterator[Finding]:
    try:
        key = audit_key(settings)
    except KeyTrouble as error:
        yield trouble(NAME, "監査の署名鍵が使えません", error)
        return
    if key is None:
        yield warning(
            NAME,
            "監査記録に検印がありません / no key signs checkpoints of the audit log",
            "[audit] checkpoint_key を設定する / set [audit] checkpoint_key (docs/operations.md)",
        )
        return
    yield ok(NAME, f"監査の署名鍵が読めます / the audit key can be read: {key.verifier.id.hex()}")
    yield from _elsewhere(settings)


def _elsewhere(settings: Settings) -> Iterator[Finding]:
    if not any(each.kind in ("file", "mail") for each in settings.audit.mirror):
        yield warning(
            NAME,
            "検印の写し先がありません / checkpoints are given to nobody, and so prove little",
            '[audit] mirror に "file:…" か "mail:…" を書く / add a "file:" or "mail:" to [audit] mirror',
        )
    for each in settings.audit.mirror:
        place = None if each.path is None else each.path.parent if each.kind in ("file", "jsonl") else each.path
        if place is not None and not place.exists():
            yield failure(
                NAME,
                f"監査記録の写し先 {place} がありません / a destination of [audit] mirror is not there",
                "作るか、マウントするか、設定を直す / make it, mount it, or name another",
            )
