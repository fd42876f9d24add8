"""Proofs in files of their own: that an entry is in the log, and that the log of one day begins with that of another.

Whoever has the file and the public key of the log needs nothing else (RFC 9162, 2.1.3 and 2.1.4; protocol 8.3).
"""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from gateway.audit import checkpoint
from gateway.audit.note import NoteError, Verifier
from gateway.audit.verifying import WHAT, Tell
from storage import audit_walk, checkpoints
from storage.audit import BATCH
from storage.checkpoints import Kept
from storage.merkle import (
    Frontier,
    Range,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    prove,
    verify_consistency,
    verify_inclusion,
)

INCLUSION = "mimamori inclusion proof 1"
CONSISTENCY = "mimamori consistency proof 1"


class ProofError(Exception):
    """There is no such proof, or it proves nothing. The message says why."""


def of_entry(connection: Connection, seq: int, tell: Tell) -> dict[str, Any]:
    """The proof that entry `seq` is under the newest checkpoint. Raises ProofError."""
    newest = _newest(connection)
    if not 1 <= seq <= newest.size:
        raise ProofError(
            f"no entry {seq} under the newest checkpoint; run `mimamori audit checkpoint`, then this again"
        )
    nodes = _proof(connection, inclusion_ranges(seq - 1, newest.size), newest.size, tell)
    row = next(audit_walk.rows(connection, seq - 1))
    return {"format": INCLUSION, "entry": row.entry, "index": seq - 1, "proof": nodes, "checkpoint": newest.note}


def of_growth(connection: Connection, older: str, keys: Sequence[Verifier], tell: Tell) -> dict[str, Any]:
    """The proof that the newest checkpoint continues an older one. Raises ProofError, NoteError."""
    size, newest = checkpoint.opened(older, keys).size, _newest(connection)
    if not 0 < size <= newest.size:
        raise ProofError("the older checkpoint is empty, or larger than the newest one of this log")
    nodes = _proof(connection, consistency_ranges(size, newest.size), newest.size, tell)
    return {"format": CONSISTENCY, "older": older, "proof": nodes, "checkpoint": newest.note}


def verified(text: str, keys: Sequence[Verifier]) -> dict[str, Any]:
    """What a proof proves. Raises ProofError."""
    try:
        proof = json.loads(text)
        nodes = [base64.b64decode(node, validate=True) for node in proof["proof"]]
        newest = checkpoint.opened(proof["checkpoint"], keys)
        if proof["format"] == INCLUSION:
            holds = verify_inclusion(
                proof["index"], newest.size, leaf_hash(proof["entry"].encode()), nodes, newest.root
            )
            shown = {"entry": json.loads(proof["entry"]), "size": newest.size}
        elif proof["format"] == CONSISTENCY:
            older = checkpoint.opened(proof["older"], keys)
            holds = verify_consistency(older.size, newest.size, older.root, newest.root, nodes)
            shown = {"from": older.size, "size": newest.size}
        else:
            raise ProofError("not a proof of this kind of log")
    except NoteError as error:
        raise ProofError(f"the checkpoint in the proof: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error, RecursionError):
        raise ProofError("not a proof, or a damaged one") from None
    if not holds:
        raise ProofError("the proof does not lead to the root that was signed")
    return shown


def _newest(connection: Connection) -> Kept:
    if (newest := checkpoints.newest(connection)) is None:
        raise ProofError("there is no checkpoint yet; run `mimamori audit checkpoint`")
    return newest


def _proof(connection: Connection, ranges: Sequence[Range], size: int, tell: Tell) -> list[str]:
    """The nodes of a proof, in one passage over the entries."""
    trees = {each: Frontier() for each in ranges}
    waiting = sorted(ranges)
    for row in audit_walk.rows(connection, 0):
        if row.seq > size:
            break
        if waiting and row.seq > waiting[0][1]:
            del waiting[0]
        if waiting and row.seq > waiting[0][0]:
            trees[waiting[0]].append(leaf_hash(row.entry.encode(errors="surrogatepass")))
        if row.seq % BATCH == 0 or row.seq == size > BATCH:
            tell(row.seq, size, WHAT)
    nodes = prove(ranges, lambda low, high: trees[low, high].root())
    return [base64.b64encode(node).decode() for node in nodes]
