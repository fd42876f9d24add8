"""Proofs of inclusion and consistency that others made, right and wrong (transparency-dev/merkle, testdata)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from storage.merkle import verify_consistency, verify_inclusion


def octets(text: str | None) -> bytes:
    return base64.b64decode(text or "", validate=True)


def accepted(vector: dict[str, Any]) -> bool:
    """What our verifier says; the names of a vector tell its kind."""
    proof = [octets(each) for each in vector["proof"] or ()]
    if "leafIdx" in vector:
        leaf, root = octets(vector["leafHash"]), octets(vector["root"])
        return verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, proof, root)
    roots = octets(vector["root1"]), octets(vector["root2"])
    return verify_consistency(vector["size1"], vector["size2"], *roots, proof)


def test_exactly_the_proofs_that_are_said_to_hold_hold(corpora: Path) -> None:
    files = sorted((corpora / "merkle-rfc6962").rglob("*.json"))
    if not files:
        pytest.skip("MIMAMORI_CORPORA has no merkle-rfc6962: its proofs were not tried")
    vectors = {str(file.relative_to(corpora)): json.loads(file.read_text()) for file in files}
    wrong = [name for name, vector in vectors.items() if accepted(vector) == vector["wantErr"]]
    assert wrong == []
    assert {vector["wantErr"] for vector in vectors.values()} == {True, False}
