"""The fields of an alert: lines of the signed text and signed headers, and nothing else (protocol 5.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from handlers.fields import KNOWN, Line, repeated
from handlers.folding import fold
from handlers.mail import Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why the fields do not hold. `word` is the author's own."""

    cause: Literal["field-not-signed", "unknown-field", "field-repeated", "fields-differ"]
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedFields:
    """What is not in doubt, for a draft in any case; and the doubt, if there is one."""

    values: Mapping[str, str]
    doubt: Doubt | None


def read(lines: tuple[Line, ...], proof: Proof) -> SignedFields:
    """Lines and headers together only where they are equal."""
    signed = {known: value for name, value in proof.signed_fields.items() if (known := KNOWN.get(fold(name)))}
    written = signed | {line.name: line.value for line in lines if line.name}
    again = repeated(lines)
    differing = {name for name, value in signed.items() if fold(written[name]) != fold(value)}
    doubtful = differing | ({again.name} if again else set())
    values = {name: value for name, value in written.items() if name not in doubtful}
    return SignedFields(values=values, doubt=_doubt(lines, proof, again, differing))


def _doubt(lines: tuple[Line, ...], proof: Proof, again: Line | None, differing: set[str]) -> Doubt | None:
    for name in sorted(proof.unsigned_fields):
        if fold(name) in KNOWN:
            return Doubt(cause="field-not-signed", word=f"X-{name}")
    for line in lines:
        if line.name is None:
            return Doubt(cause="unknown-field", word=line.word)
    if again is not None:
        return Doubt(cause="field-repeated", word=again.word)
    return Doubt(cause="fields-differ", word=f"X-{min(differing)}") if differing else None
