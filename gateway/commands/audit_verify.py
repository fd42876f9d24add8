"""`mimamori audit verify`: whether the log, an export or a proof is what was written. It only reads (protocol 8.3)."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.administration.client import progress
from gateway.audit import proofs, verifying, witnesses
from gateway.audit.note import NoteError, Verifier, audit_key, verify_note
from gateway.audit.proofs import ProofError
from gateway.audit.verifying import Verdict
from gateway.config import load
from gateway.ground import open_store
from gateway.settings import Settings
from gateway.year_end import certificate
from storage.audit import canonical
from storage.audit_walk import Fault

NO_KEY = "no key to verify signatures with; give --key, as `mimamori audit checkpoint --key` prints it"
OTHERS = "a proof is verified with --proof, a certificate of destruction with --certificate"
# What may be wrong, for people in Japanese; in English and for programs, it is what stands on the left.
FAULTS = {
    "entry altered": "記録が書き換えられています",
    "entry missing": "記録が抜けています",
    "entry added": "記録が書き加えられています",
    "entry out of order": "記録の順番が入れ替わっています",
    "entries missing at the end": "末尾の記録が切り取られています",
    "link altered": "記録の横のハッシュが書き換えられています",
    "line altered": "行が書き換えられています",
    "columns differ from the entry": "行の欄が記録の本文と違います",
    "counter lowered": "件数が少なく書き換えられています",
    "end of the log damaged": "末尾の控え(木)が壊れています",
    "checkpoint altered": "検印が書き換えられています",
    "checkpoint missing": "検印が抜けています",
    "differs from a checkpoint": "検印の時と内容が違います",
    "first line missing": "一行目の控えがありません",
    "differs from the first line": "一行目の控えと内容が違います",
}


def run(arguments: argparse.Namespace) -> int:
    try:
        given = [Verifier.parse(text) for text in arguments.key]
    except NoteError as error:
        return _misuse(str(error))
    # Whoever verifies elsewhere has the key and a file, and no configuration.
    elsewhere = bool(given) and (arguments.export or arguments.proof or arguments.certificate)
    settings = None if elsewhere else load(arguments.config)
    keys = given or (_own_keys(settings) if settings is not None else None)
    if keys is None and (arguments.proof or arguments.checkpoint or arguments.certificate):
        return _misuse(NO_KEY)
    try:
        if arguments.proof:
            return _proof(Path(arguments.proof), keys or [], arguments)
        if arguments.certificate:
            return _certificate(Path(arguments.certificate), keys or [], as_json=arguments.json)
        for name in arguments.checkpoint:
            if witnesses.tells_nothing(Path(name)):
                return _misuse(f"{name}: not a checkpoint; {OTHERS}")
        verdict = _verdict(settings, keys, arguments)
    except OSError as error:
        return _misuse(f"{error.filename}: cannot be read ({error.strerror})")
    _tell(verdict, as_json=arguments.json)
    return 0 if verdict.fault is None else 1


def _verdict(settings: Settings | None, keys: Sequence[Verifier] | None, arguments: argparse.Namespace) -> Verdict:
    kept = [Path(name) for name in arguments.checkpoint]
    if arguments.export:
        return verifying.exported([Path(name) for name in arguments.export], keys, kept, progress)
    assert settings is not None  # only an export does without
    store = open_store(settings, read_only=True)
    try:
        return store.read(datetime.now(UTC), lambda tx: verifying.register(tx, keys, kept, progress))
    finally:
        store.close()


def _own_keys(settings: Settings) -> list[Verifier] | None:
    key = audit_key(settings)
    return None if key is None else [key.verifier]


def _proof(file: Path, keys: Sequence[Verifier], arguments: argparse.Namespace) -> int:
    try:
        shown = proofs.verified(file.read_text(encoding="utf-8", errors="replace"), keys)
    except ProofError as error:
        print(
            canonical({"ok": False, "why": str(error)}) if arguments.json else f"証明になりません / no proof: {error}"
        )
        return 1
    size = shown["size"]
    if arguments.json:
        print(canonical({"ok": True, **shown}))
    elif "entry" in shown:
        print(f"この記録は監査記録 {size} 件に含まれます / this entry is in the log of {size} entries:")
        print(json.dumps(shown["entry"], ensure_ascii=False))
    else:
        print(f"{size} 件の記録は {shown['from']} 件の記録の続きです")
        print(f"the log of {size} entries continues that of {shown['from']}")
    return 0


def _certificate(file: Path, keys: Sequence[Verifier], *, as_json: bool) -> int:
    """3.10  Whether a certificate of destruction is as it was signed."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if not certificate.is_one(text):
        return _misuse(f"{file}: not a certificate of destruction; take the file from var/certificates")
    try:
        verify_note(text, keys)
    except NoteError as error:
        told = f"証明書の署名が確かめられません / the certificate does not hold: {error}"
        print(canonical({"ok": False, "why": str(error)}) if as_json else told)
        return 1
    told = "証明書は署名された時のままです / the certificate is as it was signed"
    print(canonical({"ok": True}) if as_json else told)
    return 0


def _tell(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print(canonical(facts(verdict)))
        return
    fault = verdict.fault
    if fault is not None:
        print(f"改変があります / the log was changed {place(fault)}: {FAULTS[fault.what]} / {fault.what}")
        if fault.where:
            print(f"  {fault.where}")
        return
    print(f"改変はありません / nothing was changed: {verdict.entries} entries")
    print(f"検印 / checkpoints: {verdict.checkpoints}; 外部の控え / kept elsewhere: {verdict.witnesses}")
    if not verdict.signed:
        print("署名は確かめていません / signatures were not verified: [audit] checkpoint_key is not set")


def place(fault: Fault) -> str:
    return (
        f"at entry {fault.seq}" if fault.last in (None, fault.seq) else f"at an entry from {fault.seq} to {fault.last}"
    )


def facts(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs."""
    if verdict.fault is not None:
        fault = {name: value for name, value in asdict(verdict.fault).items() if value is not None}
        return {"ok": False, "fault": fault}
    return {
        "ok": True,
        "entries": verdict.entries,
        "checkpoints": verdict.checkpoints,
        "witnesses": verdict.witnesses,
        "signed": verdict.signed,
    }


def _misuse(message: str) -> int:
    print(f"mimamori: {message}", file=sys.stderr)
    return 2
