"""Signed notes: a text and, below it, the Ed25519 signature of a named key (C2SP signed-note).

Checkpoints and certificates of destruction are such notes, signed by the audit key. Nothing here reads the database,
and a private key neither prints nor leaves its object (protocol 8.3).
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.settings import Settings
from storage.keyring import KeyTrouble, read_private

ED25519 = b"\x01"  # the type of key and signature, C2SP signed-note
PUBLIC_OCTETS = 32
ID_OCTETS = 4
MOST_SIGNATURES = 100
MARK = "\u2014 "  # an em dash and a space begin each line of a signature
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
SIGNATURE_LINE = re.compile(r"\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class NoteError(Exception):
    """A text that no trusted key has signed, or a key that is none. The message says which, and no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """The public half of a key that signs notes, with the name it signs under."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:ID_OCTETS]

    def __str__(self) -> str:
        """The form in which it is published: name, hash and key, with a plus between."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Reads the published form. Raises NoteError."""
        name, _, rest = text.strip().partition("+")
        shown_id, _, encoded = rest.partition("+")
        key = _decoded(encoded)
        if not fit_name(name) or key[:1] != ED25519 or len(key) != 1 + PUBLIC_OCTETS:
            raise NoteError("not a verifier key; copy the whole line that `mimamori audit checkpoint --key` prints")
        found = cls(name=name, public=key[1:])
        if str(found) != text.strip() or shown_id != found.id.hex():
            raise NoteError("a verifier key whose parts do not belong together; copy the whole line again")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The audit key, ready to sign."""

    name: str
    _key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def load(cls, pem: bytes, name: str) -> "SigningKey":
        """Raises NoteError for what is not an Ed25519 key in PEM."""
        try:
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise NoteError("not an Ed25519 key in PEM; make one: openssl genpkey -algorithm ed25519")
        return cls(name=name, _key=key)

    @property
    def verifier(self) -> Verifier:
        return Verifier(name=self.name, public=self._key.public_key().public_bytes_raw())

    def sign(self, text: bytes) -> bytes:
        return self._key.sign(text)


def sign_note(text: str, key: SigningKey) -> str:
    """The note: the text, an empty line, and the signature. The text ends with a line end and has no control codes."""
    if not text.endswith("\n") or CONTROL.search(text) or not fit_name(key.name):
        raise ValueError("a note is made of whole lines, and the name of its key has neither blanks nor +")
    signature = base64.b64encode(key.verifier.id + key.sign(text.encode())).decode()
    return f"{text}\n{MARK}{key.name} {signature}\n"


def verify_note(note: str, keys: Sequence[Verifier]) -> str:
    """The text of a note that one of these keys has signed. Raises NoteError.

    Signatures of other keys are passed over; a wrong one of a known key spoils the note.
    """
    text, signatures = _parts(note)
    known = {(key.name, key.id): key for key in keys}
    signed = False
    for name, data in signatures:
        if (key := known.get((name, data[:ID_OCTETS]))) is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(data[ID_OCTETS:], text.encode())
        except (InvalidSignature, ValueError):
            raise NoteError("the signature does not belong to the text") from None
        signed = True
    if not signed:
        raise NoteError("not signed by a key that is known here")
    return text


def signers(note: str) -> tuple[str, ...]:
    """The names under which a note says it is signed; nothing is verified. Raises NoteError."""
    return tuple(name for name, _ in _parts(note)[1])


def fit_name(name: str) -> bool:
    return bool(name) and not re.search(r"[\s+]", name) and not CONTROL.search(name)


def new_key() -> bytes:
    """A fresh audit key, PEM in PKCS#8."""
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def audit_key(settings: Settings) -> SigningKey | None:
    """The configured audit key under the name of this log; None where none is configured. Raises KeyTrouble."""
    if settings.audit.checkpoint_key is None:
        return None
    return read_key(settings.audit.checkpoint_key, origin(settings))


def read_key(file: Path, name: str) -> SigningKey:
    """The audit key in a file that only its owner may read. Raises KeyTrouble."""
    if not file.exists():
        raise KeyTrouble(
            f"{file}: no audit key; put it back from your safe, "
            f"or make a new one: openssl genpkey -algorithm ed25519 -out {file}"
        )
    try:
        return SigningKey.load(read_private(file), name)
    except NoteError as error:
        raise KeyTrouble(f"{file}: {error}") from None


def origin(settings: Settings) -> str:
    """The name of this town's log, and of the key that signs for it."""
    return f"{settings.gateway.domain}/audit"


def _parts(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    text, empty, below = note.rpartition("\n\n")
    text += "\n"
    lines = below.splitlines(keepends=True)
    if not empty or not text.strip("\n") or CONTROL.search(note) or not 1 <= len(lines) <= MOST_SIGNATURES:
        raise NoteError("not a signed note")
    return text, [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes]:
    match = SIGNATURE_LINE.fullmatch(line.removesuffix("\n")) if line.endswith("\n") else None
    data = _decoded(match[2]) if match else b""
    if match is None or len(data) <= ID_OCTETS:
        raise NoteError("a line of the signature is damaged")
    return match[1], data


def _decoded(text: str) -> bytes:
    """The octets, or none where they are not written in base64 in its one proper way."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if base64.b64encode(data).decode() == text else b""
