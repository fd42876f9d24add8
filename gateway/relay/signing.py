"""Our DKIM signature on what we send (RFC 6376, RFC 8463): relaxed/relaxed, rsa-sha256 or ed25519-sha256.

It signs only what `compose` has made: one instance of each field, lines ended by CRLF. It verifies nothing.
"""

import base64
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from gateway.authentication import canonical
from gateway.authentication.canonical import Form

COVERED = (
    *("from", "to", "reply-to", "subject", "date", "message-id", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding"),
    *("list-id", "list-unsubscribe", "list-unsubscribe-post", "list-help", "list-post"),
    *("auto-submitted", "precedence"),
)
OVERSIGNED = ("from",)  # RFC 6376, 8.15: a second From, added on the way, breaks the signature
RSA_BITS = 2048  # RFC 8301, 3.2

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_FIELD_END = re.compile(rb"\r\n(?![ \t])")


class Signer:
    """A selector's private key, ready to sign."""

    def __init__(
        self, selector: str, domain: str, private_key_pem: bytes, *, now: Callable[[], float] = time.time
    ) -> None:
        """Raises ValueError, with its remedy and without the key, for a key or a name that cannot sign."""
        if not _NAME.fullmatch(selector) or not _NAME.fullmatch(domain):
            raise ValueError("[relay] dkim_selector and [gateway] domain must be DNS names in ASCII")
        self._key = _load(private_key_pem)
        algorithm = "rsa" if isinstance(self._key, rsa.RSAPrivateKey) else "ed25519"
        self._head = f"DKIM-Signature: v=1; a={algorithm}-sha256; c=relaxed/relaxed;\r\n\td={domain}; s={selector};"
        self._now = now

    def __repr__(self) -> str:
        return "<signer>"

    def sign(self, message: bytes, covered: "Covered | None" = None) -> bytes:
        """The message with its signature on top; `covered`: what `covered_by` would find in it, where that is known."""
        names, fields, body_hash = covered or covered_by(message)
        unsigned, canonical_form = _begun(self._head, int(self._now()), names, body_hash)
        signature = self._sign(fields + canonical_form)
        return unsigned + _folded(base64.b64encode(signature)) + b"\r\n" + message

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(hashlib.sha256(data).digest())  # RFC 8463, 3: the hash is what is signed


class Covered(NamedTuple):
    """What a signature covers."""

    names: str  # the value of h=
    fields: bytes  # in their canonical form
    body_hash: bytes  # the value of bh=


def covered_by(message: bytes) -> Covered:
    """What is to be signed of a message."""
    head, _, body = message.partition(b"\r\n\r\n")
    fields = _fields(head)
    names = tuple(name for name in COVERED for _ in fields.get(name, ()))
    return Covered(_name_list(names), b"".join(_canonical(fields)), hash_of_body(body))


@lru_cache(maxsize=64)
def _begun(head: str, now: int, names: str, body_hash: bytes) -> tuple[bytes, bytes]:
    """The field up to the signature itself, and its canonical form: the same for all that is signed in a second."""
    unsigned = f"{head} t={now};\r\n\th={names};\r\n\tbh=".encode("ascii") + body_hash + b";\r\n\tb="
    # RFC 6376, 3.7  The signature covers itself, with b= left empty and without its last line end.
    return unsigned, canonical.header(unsigned, Form.RELAXED).removesuffix(b"\r\n")


def hash_of_body(body: bytes) -> bytes:
    """The value of bh= for a body, in base64."""
    return base64.b64encode(hashlib.sha256(canonical.body(body, Form.RELAXED)).digest())


def _load(pem: bytes) -> rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("[relay] dkim_key: not a private key in PEM without a passphrase") from None
    if isinstance(key, ed25519.Ed25519PrivateKey) or (isinstance(key, rsa.RSAPrivateKey) and key.key_size >= RSA_BITS):
        return key
    raise ValueError(f"[relay] dkim_key: make an RSA key of {RSA_BITS} bits, or an Ed25519 key")


def _fields(head: bytes) -> Mapping[str, Sequence[bytes]]:
    fields: dict[str, list[bytes]] = {}
    for line in _FIELD_END.split(head):
        name = line.partition(b":")[0].strip().decode("ascii", "replace").lower()
        fields.setdefault(name, []).append(line)
    return fields


def _canonical(fields: Mapping[str, Sequence[bytes]]) -> Iterator[bytes]:
    for name in COVERED:
        for line in reversed(fields.get(name, ())):  # RFC 6376, 5.4.2: from the bottom up
            yield canonical.header(line, Form.RELAXED)


def _name_list(names: tuple[str, ...]) -> str:
    """h=, folded behind colons."""
    lines = [""]
    for name in (*names, *OVERSIGNED):
        if len(lines[-1]) + len(name) > 70:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n\t".join(lines).rstrip(":")


def _folded(encoded: bytes) -> bytes:
    return b"\r\n\t".join(encoded[start : start + 72] for start in range(0, len(encoded), 72))
