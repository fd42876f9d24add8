"""The key-encryption key (KEK): what it has to do, and where its octets come from (protocol 9, [keys]). No cipher here.

Nobody but the KEK itself needs its octets, so that it may as well lie in a token which gives none out.
"""

import base64
import hashlib
import os
from pathlib import Path
from typing import Protocol

from storage.private_files import KeyTrouble, read_private, write_private

KEK_OCTETS = 32
ID_DIGITS = 16


class Kek(Protocol):
    """Wraps and unwraps secrets by AES key wrap (RFC 3394)."""

    @property
    def id(self) -> str:
        """The name of the KEK: it stands beside what the KEK wraps, and tells nothing of it."""

    def wrap(self, secret: bytes) -> bytes:
        """The secret, wrapped."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """What was wrapped. Raises KeyTrouble where another KEK did it."""


class NotRenewable(KeyTrouble):
    """A KEK that cannot be replaced in its place, and lives on as it is."""


def named(told: bytes) -> str:
    """The name of the KEK that this is, or that this comes from alone."""
    return hashlib.sha256(b"mimamori kek|" + told).hexdigest()[:ID_DIGITS]


def create_kek(file: Path) -> None:
    """A new KEK of 32 random octets. Raises FileExistsError."""
    write_private(file, base64.b64encode(os.urandom(KEK_OCTETS)) + b"\n")


def kek_octets(source: str) -> bytes:
    """The KEK of `file:PATH`, `credential:NAME` or `env:NAME`: 32 octets in base64."""
    kind, _, name = source.partition(":")
    if kind == "env":
        text, where = os.environ.get(name, "").encode(), f"${name}"
    else:
        text, where = secret_text(source), Path(name).name
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEK_OCTETS:
        raise KeyTrouble(f"{where}: the KEK must be 32 octets in base64; put back the one that `mimamori init` made")
    return key


def secret_text(source: str) -> bytes:
    """What stands in `file:PATH` or `credential:NAME`."""
    kind, _, name = source.partition(":")
    if kind == "file":
        return read_private(Path(name))
    return read_private(Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / name, strict=False)
