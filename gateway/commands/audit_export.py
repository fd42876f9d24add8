"""`mimamori audit export|prove`: what others can verify without the register. It reads the log and writes one file."""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.administration.client import progress
from gateway.audit import exporting, proofs, witnesses
from gateway.audit.note import NoteError, audit_key
from gateway.audit.proofs import ProofError
from gateway.config import load
from gateway.ground import open_store
from gateway.settings import Settings
from storage.audit import canonical
from storage.store import Store, Transaction


def run(arguments: argparse.Namespace) -> int:
    settings = load(arguments.config)
    if arguments.action == "prove" and (arguments.seq is None) == (arguments.checkpoint is None):
        return _no("give the number of an entry, or --checkpoint FILE", 2)
    store = open_store(settings, read_only=True)
    try:
        return (
            _export(store, Path(arguments.output))
            if arguments.action == "export"
            else _prove(store, settings, arguments)
        )
    except (ProofError, NoteError) as error:
        return _no(str(error))
    except OSError as error:
        return _no(f"{error.filename}: {error.strerror}; name another file")
    finally:
        store.close()


def _export(store: Store, file: Path) -> int:
    size = store.read(datetime.now(UTC), lambda tx: exporting.write(tx, file, progress))
    print(f"{file}: 監査記録 {size} 件 / {size} audit entries")
    print(f"検証 / to verify it elsewhere: mimamori audit verify --export {file} --key …")
    return 0


def _prove(store: Store, settings: Settings, arguments: argparse.Namespace) -> int:
    proof = canonical(store.read(datetime.now(UTC), _proof(settings, arguments)))
    if arguments.output is None:
        print(proof)
        return 0
    with Path(arguments.output).open("x", encoding="utf-8") as stream:
        stream.write(f"{proof}\n")
    print(f"{arguments.output}: 証明 / the proof")
    return 0


def _proof(settings: Settings, arguments: argparse.Namespace) -> Callable[[Transaction], dict[str, Any]]:
    if arguments.seq is not None:
        return lambda tx: proofs.of_entry(tx.connection, arguments.seq, progress)
    key = audit_key(settings)
    if key is None:
        raise ProofError("set [audit] checkpoint_key first; without it no checkpoint is ours")
    *_, (_, older) = witnesses.notes(Path(arguments.checkpoint))
    return lambda tx: proofs.of_growth(tx.connection, older, [key.verifier], progress)


def _no(message: str, code: int = 1) -> int:
    print(f"mimamori: {message}", file=sys.stderr)
    return code
