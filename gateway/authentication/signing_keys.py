"""The public key of a signature: from the configuration, or from its TXT record, and only if it is fit (protocol 5.1b).

Size and exponent are looked at before anything is calculated: a key of a stranger's choice can cost seconds.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from gateway.authentication.causes import Cause
from gateway.authentication.signatures import Signature, decoded
from gateway.authentication.tags import tag_list, words

SHORTEST = 2048  # bits of an RSA key, RFC 8301
SHORTEST_PINNED = 1024  # still in use; whoever pins it has looked at it
LONGEST = 4096
EXPONENT = 65537
LARGEST_KEY = 1024  # octets; an RSA key of 4096 bits has 550
LARGEST_RECORD = 4096  # octets

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that may verify a signature."""

    public: PublicKey
    octets: bytes = field(repr=False)  # what stands, decoded, in p=
    pinned: bool = False

    @property
    def kind(self) -> str:
        """As in k=."""
        return "rsa" if isinstance(self.public, rsa.RSAPublicKey) else "ed25519"

    @property
    def fingerprint(self) -> str:
        """SHA-256 of p=, hexadecimal."""
        return hashlib.sha256(self.octets).hexdigest()

    @property
    def record(self) -> bytes:
        """A TXT record that holds this key and no conditions."""
        return f"v=DKIM1; k={self.kind}; p=".encode() + base64.b64encode(self.octets)


def published(texts: Sequence[bytes], signature: Signature) -> SigningKey | Cause:
    """The key in the TXT records that were found, if it may be used for `signature`."""
    if not texts:
        return Cause.NO_KEY
    if len(texts) > 1:
        return Cause.SEVERAL_KEYS
    key = from_record(texts[0], signature)
    return key if isinstance(key, Cause) else _fit(key, SHORTEST)


def from_record(text: bytes, signature: Signature) -> SigningKey | Cause:
    """The key of one TXT record under the record's own conditions, whatever its size."""
    tags = tag_list(text) if len(text) <= LARGEST_RECORD else None
    if tags is None or "p" not in tags:
        return Cause.KEY_GRAMMAR
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != b"DKIM1"):
        return Cause.KEY_GRAMMAR
    flags = words(tags.get("t", b""))
    if b"y" in flags:
        return Cause.KEY_TESTING
    if not tags["p"]:
        return Cause.KEY_REVOKED
    if not {b"*", b"email"} & set(words(tags.get("s", b"*"))) or b"sha256" not in words(tags.get("h", b"sha256")):
        return Cause.KEY_PURPOSE
    if b"s" in flags and signature.identity != signature.domain:
        return Cause.KEY_IDENTITY
    kind = tags.get("k", b"rsa").decode("ascii")
    if kind != _kind_of(signature):
        return Cause.KEY_TYPE
    octets = decoded(tags["p"])
    return Cause.KEY_GRAMMAR if octets is None else _loaded(octets, kind)


def pinned(pins: Sequence[str], signature: Signature) -> SigningKey | Cause:
    """5.1b  The key among `pins` (SELECTOR:BASE64) that the signature names; no other counts, and none is asked for."""
    kind = _kind_of(signature)
    for pin in pins:
        selector, _, text = pin.partition(":")
        octets = decoded(text.strip().encode("ascii", "replace"))
        if selector.strip().lower() != signature.selector or octets is None:
            continue
        key = _loaded(octets, kind, pinned=True)
        if isinstance(key, SigningKey):
            return _fit(key, SHORTEST_PINNED)
    return Cause.NOT_PINNED


def _kind_of(signature: Signature) -> str:
    return signature.algorithm.removesuffix("-sha256")


def _loaded(octets: bytes, kind: str, *, pinned: bool = False) -> SigningKey | Cause:
    if len(octets) > LARGEST_KEY:
        return Cause.KEY_TOO_LONG
    try:
        if kind == "ed25519":
            return SigningKey(ed25519.Ed25519PublicKey.from_public_bytes(octets), octets, pinned)
        public = serialization.load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        return Cause.KEY_GRAMMAR
    return SigningKey(public, octets, pinned) if isinstance(public, rsa.RSAPublicKey) else Cause.KEY_TYPE


def _fit(key: SigningKey, shortest: int) -> SigningKey | Cause:
    if not isinstance(key.public, rsa.RSAPublicKey):
        return key
    if key.public.key_size < shortest:
        return Cause.KEY_TOO_SHORT
    if key.public.key_size > LONGEST:
        return Cause.KEY_TOO_LONG
    return key if key.public.public_numbers().e == EXPONENT else Cause.KEY_EXPONENT
