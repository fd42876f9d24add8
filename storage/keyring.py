"""Keys and seals: the only user of ciphers in storage.

A year's master key (32 random octets) lies in a file outside the database, wrapped by the key-encryption key (KEK).
From it come, by HKDF-SHA-256, one key to seal rows, one for each blind index and one for tokens. Destroying the file
ends all that was sealed in that year, in every backup (protocol 9, [keys]).
"""

import base64
import hashlib
import hmac
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

KEY_OCTETS = 32
FORMAT = b"\x01"
ID_OCTETS = 8
NONCE_OCTETS = 12  # NIST SP 800-38D section 5.2.1.1
TOKEN_PURPOSES = {"leave": b"l", "bounce": b"b", "letter": b"o", "probe": b"p"}
ROOT = "root"


class KeyTrouble(Exception):
    """A key is absent, unreadable or unsafe. The message names the remedy and no secret."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lives. What is sealed for one place opens in no other."""

    table: str
    column: str
    row: bytes

    def bound(self, year: int, key_id: bytes) -> bytes:
        return b"|".join([self.table.encode(), self.column.encode(), self.row.hex().encode(), b"%d" % year, key_id])


@dataclass(frozen=True, slots=True)
class YearKey:
    """All keys of one fiscal year."""

    year: int
    key_id: bytes
    _seal: AESGCM = field(repr=False)
    _token: AESSIV = field(repr=False)
    _index: dict[str, bytes] = field(repr=False)

    @classmethod
    def derive(cls, year: int, key_id: bytes, master: bytes) -> "YearKey":
        index = {name: _derive(master, f"{name} index") for name in ("address", "district", "text", "copy")}
        return cls(year, key_id, AESGCM(_derive(master, "seal")), AESSIV(_derive(master, "token", 64)), index)

    def seal(self, place: Place, plain: bytes) -> bytes:
        nonce = os.urandom(NONCE_OCTETS)
        bound = place.bound(self.year, self.key_id)
        return FORMAT + self.key_id + nonce + self._seal.encrypt(nonce, plain, bound)

    def open(self, place: Place, sealed: bytes) -> bytes:
        """What was sealed for this place. Raises KeyTrouble where it was not, or under another key."""
        start = len(FORMAT) + ID_OCTETS
        try:
            if sealed[:1] != FORMAT or sealed[1:start] != self.key_id:
                raise InvalidTag
            nonce, rest = sealed[start : start + NONCE_OCTETS], sealed[start + NONCE_OCTETS :]
            return self._seal.decrypt(nonce, rest, place.bound(self.year, self.key_id))
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise KeyTrouble(
                f"{place.table}.{place.column}: a row of {self.year} does not open with that year's key; "
                "it was altered, or sealed under another key: restore both from the same day"
            ) from None

    def blind(self, kind: str, text: str) -> bytes:
        """A digest by which equal texts can be found; `kind` is address, district, text or copy."""
        return hmac.digest(self._index[kind], f"{kind}-v1|{text}".encode(), "sha256")

    def token(self, purpose: str, number: int) -> str:
        """The token of one row for one purpose: the same each time, unguessable, and it does not show its number."""
        data = self._token.encrypt(number.to_bytes(6, "big"), [TOKEN_PURPOSES[purpose]])
        return base64.b32encode(data).decode().rstrip("=").lower()

    def token_number(self, purpose: str, token: str) -> int | None:
        """The row that a token names, or None where this year never made it for this purpose."""
        try:
            data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
            return int.from_bytes(self._token.decrypt(data, [TOKEN_PURPOSES[purpose]]), "big")
        except (ValueError, InvalidTag):
            return None


class Keyring:
    """The keys of the open years and the gateway's own, read from their files when first needed."""

    def __init__(self, directory: Path, kek: str) -> None:
        self._directory = directory
        self._kek_source = kek
        self._years: dict[int, YearKey] = {}
        self._own: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return "<sealed>"

    def year(self, year: int) -> YearKey:
        if year not in self._years:
            key_id, master = self._read(str(year))
            self._years[year] = YearKey.derive(year, key_id, master)
        return self._years[year]

    def years(self) -> tuple[int, ...]:
        """The years whose key is at hand, oldest first."""
        return tuple(sorted(int(file.stem) for file in self._directory.glob("[0-9][0-9][0-9][0-9].key")))

    def own(self, purpose: str, data: bytes) -> bytes:
        """A keyed digest under the gateway's own key, which no year's end destroys (5.8)."""
        if purpose not in self._own:
            self._own[purpose] = _derive(self._read(ROOT)[1], purpose)
        return hmac.digest(self._own[purpose], data, "sha256")

    def standing(self) -> YearKey:
        """The gateway's own key, as a key that seals what no year's end destroys; it goes by the year 0."""
        if 0 not in self._years:
            key_id, master = self._read(ROOT)
            self._years[0] = YearKey.derive(0, key_id, master)
        return self._years[0]

    def mint(self, year: int) -> None:
        """Makes the key of a year that has none."""
        _write_key(self._directory, str(year), read_kek(self._kek_source))

    def _read(self, name: str) -> tuple[bytes, bytes]:
        file = self._directory / f"{name}.key"
        try:
            record = json.loads(read_private(file))
            wrapped = base64.b64decode(record["wrapped"], validate=True)
            return bytes.fromhex(record["id"]), aes_key_unwrap(read_kek(self._kek_source), wrapped)
        except (ValueError, KeyError, TypeError, InvalidUnwrap):
            raise KeyTrouble(
                f"{file.name}: the KEK does not open this key; put back the KEK it was made with"
            ) from None


def create_keys(directory: Path, kek_file: Path, year: int) -> None:
    """The first keys: KEK, the open year's key and the gateway's own. What exists already is never overwritten."""
    for folder in {directory, kek_file.parent}:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    write_private(kek_file, base64.b64encode(os.urandom(KEY_OCTETS)) + b"\n")
    kek = read_kek(f"file:{kek_file}")
    for name in (str(year), ROOT):
        _write_key(directory, name, kek)


def read_kek(source: str) -> bytes:
    """The key-encryption key: 32 octets in base64, from `file:PATH`, `credential:NAME` or `env:NAME`."""
    kind, _, name = source.partition(":")
    if kind == "env":
        text = os.environ.get(name, "").encode()
        where = f"${name}"
    else:
        file = Path(name) if kind == "file" else Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / name
        text = read_private(file, strict=kind == "file")
        where = file.name
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_OCTETS:
        raise KeyTrouble(f"{where}: the KEK must be 32 octets in base64; put back the one that `mimamori init` made")
    return key


def read_private(file: Path, strict: bool = True) -> bytes:
    """The content of a file that only its owner may read. Raises KeyTrouble where others could."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise KeyTrouble(f"{file}: no such key; run `mimamori init`, or put it back from your safe") from None
    except OSError as error:
        raise KeyTrouble(f"{file}: cannot be read ({error.strerror}); it must be a plain file of this user") from None
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise KeyTrouble(f"{file}: cannot be read; it must be a plain file of this user")
    with os.fdopen(descriptor, "rb") as stream:
        if strict and stat.S_IMODE(facts.st_mode) & 0o077:
            raise KeyTrouble(f"{file}: others may read this key; run `chmod 600 {file}`")
        if strict and facts.st_uid not in (os.geteuid(), 0):
            raise KeyTrouble(f"{file}: belongs to another user; run `chown {os.geteuid()} {file}`")
        return stream.read(65_536)


def write_private(file: Path, content: bytes) -> None:
    """Writes a new file that only its owner may read, and sees it onto the disk. Raises FileExistsError."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def fingerprint(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _write_key(directory: Path, name: str, kek: bytes) -> None:
    wrapped = base64.b64encode(aes_key_wrap(kek, os.urandom(KEY_OCTETS))).decode()
    record = {"format": 1, "id": os.urandom(ID_OCTETS).hex(), "wrapped": wrapped}
    write_private(directory / f"{name}.key", json.dumps(record).encode() + b"\n")


def _derive(master: bytes, purpose: str, length: int = KEY_OCTETS) -> bytes:
    return HKDFExpand(SHA256(), length, f"mimamori v1 {purpose}".encode()).derive(master)
