"""Keys and seals: the only user of ciphers in storage.

A year's master key (32 random octets) lies in a file outside the database, wrapped by the key-encryption key (KEK).
From it come, by HKDF-SHA-256, one key to seal rows, one for each blind index and one for tokens. Destroying the file
ends all that was sealed in that year, in every backup. A year may have more than one master after a rotation: what is
new is sealed under the newest, and the keys of indexes and tokens stay those of the first (protocol 9, [keys]).
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from storage import keyfile, token_uri
from storage.kek import Kek, kek_octets, named
from storage.kek import create_kek as create_kek
from storage.keyfile import KeyFile, Wrap
from storage.private_files import KeyTrouble as KeyTrouble
from storage.private_files import alone, replace_private
from storage.private_files import read_private as read_private
from storage.private_files import write_private as write_private
from storage.token_letters import spelled

KEY_OCTETS = 32
FORMAT = b"\x01"
ID_OCTETS = 8
NONCE_OCTETS = 12  # NIST SP 800-38D section 5.2.1.1
TOKEN_PURPOSES = {"leave": b"l", "bounce": b"b", "letter": b"o", "probe": b"p"}
INDEXES = ("address", "district", "text", "copy")
TOKEN_OCTETS = 64
COPY_ID_OCTETS = 16
ROOT = "root"
MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


class Place(NamedTuple):
    """Where a sealed value lives. What is sealed for one place opens in no other."""

    table: str
    column: str
    row: bytes

    def bound(self, year: int, key_id: bytes) -> bytes:
        return b"%b|%b" % (f"{self.table}|{self.column}|{self.row.hex()}|{year}".encode(), key_id)


@dataclass(frozen=True, slots=True)
class OctetsKek:
    """A KEK whose octets are at hand."""

    octets: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return named(self.octets)

    def wrap(self, secret: bytes) -> bytes:
        return aes_key_wrap(self.octets, secret)

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return aes_key_unwrap(self.octets, wrapped)
        except (InvalidUnwrap, ValueError):
            raise KeyTrouble("another passphrase or KEK; take the one that it was wrapped with") from None


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a key file holds, unwrapped: the masters by key id, the newest last, and what a rotation carried over."""

    masters: Mapping[bytes, bytes] = field(repr=False)
    carried: bytes | None = field(default=None, repr=False)

    @property
    def lasting(self) -> bytes:
        """The keys of indexes and tokens, which no rotation changes; nothing leads from them back to a master."""
        if self.carried is not None:
            return self.carried
        first = next(iter(self.masters.values()))
        return b"".join([*(_derive(first, f"{name} index") for name in INDEXES), _derive(first, "token", TOKEN_OCTETS)])


@dataclass(frozen=True, slots=True)
class YearKey:
    """All keys of one fiscal year."""

    year: int
    key_id: bytes  # of the newest master, under which everything new is sealed
    _seals: Mapping[bytes, AESGCM] = field(repr=False)
    _token: AESSIV = field(repr=False)
    _index: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def derive(cls, year: int, key_id: bytes, master: bytes) -> "YearKey":
        return cls.of(year, Secrets({key_id: master}))

    @classmethod
    def of(cls, year: int, secrets: Secrets) -> "YearKey":
        lasting = secrets.lasting
        index = {name: lasting[place * KEY_OCTETS :][:KEY_OCTETS] for place, name in enumerate(INDEXES)}
        seals = {key_id: AESGCM(_derive(master, "seal")) for key_id, master in secrets.masters.items()}
        return cls(year, next(reversed(seals)), seals, AESSIV(lasting[-TOKEN_OCTETS:]), index)

    def seal(self, place: Place, plain: bytes) -> bytes:
        nonce = os.urandom(NONCE_OCTETS)
        bound = place.bound(self.year, self.key_id)
        return FORMAT + self.key_id + nonce + self._seals[self.key_id].encrypt(nonce, plain, bound)

    def open(self, place: Place, sealed: bytes) -> bytes:
        """What was sealed for this place. Raises KeyTrouble where it was not, or under another key."""
        start = len(FORMAT) + ID_OCTETS
        key_id = sealed[len(FORMAT) : start]
        try:
            if sealed[:1] != FORMAT or key_id not in self._seals:
                raise InvalidTag
            nonce, rest = sealed[start : start + NONCE_OCTETS], sealed[start + NONCE_OCTETS :]
            return self._seals[key_id].decrypt(nonce, rest, place.bound(self.year, key_id))
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise KeyTrouble(
                f"{place.table}.{place.column}: a row of {self.year} does not open with that year's key; "
                "it was altered, or sealed under another key: restore both from the same day"
            ) from None

    def blind(self, kind: str, text: str) -> bytes:
        """A digest by which equal texts can be found; `kind` is address, district, text or copy."""
        return hmac.digest(self._index[kind], f"{kind}-v1|{text}".encode(), "sha256")

    def copy_id(self, alert: bytes, row: bytes) -> bytes:
        """What tells the copy of one alert for one row from every other, the same each time. Needs the uuids of both:
        numbers are given again where an older state of the database was put back."""
        return self.blind("copy", f"{alert.hex()}|{row.hex()}")[:COPY_ID_OCTETS]

    def token(self, purpose: str, number: int) -> str:
        """The token of one row for one purpose: the same each time, unguessable, and it does not show its number."""
        data = self._token.encrypt(number.to_bytes(6, "big"), [TOKEN_PURPOSES[purpose]])
        return spelled(data)

    def token_number(self, purpose: str, token: str) -> int | None:
        """The row that a token names, or None where this year never made it for this purpose."""
        try:
            data = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
            return int.from_bytes(self._token.decrypt(data, [TOKEN_PURPOSES[purpose]]), "big")
        except (ValueError, InvalidTag):
            return None


class Keyring:
    """The keys of the open years and the gateway's own, read from their files when first needed and when they change.

    A key whose file is gone is gone from here as well: what was destroyed opens nothing more in any process.
    """

    def __init__(self, directory: Path, kek: str) -> None:
        self.directory = directory
        self.kek_source = kek
        self._years: dict[int, tuple[tuple[int, int, int], YearKey]] = {}
        self._own: dict[str, bytes] = {}

    def __repr__(self) -> str:
        return "<sealed>"

    def year(self, year: int) -> YearKey:
        return self._held(year, str(year))

    def years(self) -> tuple[int, ...]:
        """The years whose key is at hand, oldest first."""
        return tuple(sorted(int(file.stem) for file in self.directory.glob("[0-9][0-9][0-9][0-9].key")))

    def own(self, purpose: str, data: bytes) -> bytes:
        """A keyed digest under the gateway's own key, which no year's end destroys (5.8)."""
        if purpose not in self._own:
            (root,) = self.secrets(ROOT).masters.values()
            self._own[purpose] = _derive(root, purpose)
        return hmac.digest(self._own[purpose], data, "sha256")

    def standing(self) -> YearKey:
        """The gateway's own key, as a key that seals what no year's end destroys; it goes by the year 0."""
        return self._held(0, ROOT)

    def mint(self, year: int, made: str | None = None) -> None:
        """Makes the key of a year that has none; `made` says when."""
        secrets = Secrets({os.urandom(ID_OCTETS): os.urandom(KEY_OCTETS)})
        with self.alone():
            write_private(self.file(str(year)), _wrapped(secrets, made, read_kek(self.kek_source)).render())

    def alone(self) -> AbstractContextManager[None]:
        """For who reads key files or the KEK in order to write: otherwise a key could end under a KEK that is gone."""
        return alone(self.directory)

    def file(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def names(self) -> tuple[str, ...]:
        """Every living key: the years and the gateway's own."""
        return (*map(str, self.years()), ROOT)

    def read(self, name: str) -> KeyFile:
        """The key's file as it stands, still wrapped."""
        file = self.file(name)
        try:
            return keyfile.parse(read_private(file))
        except MALFORMED:
            raise _does_not_open(file) from None

    def secrets(self, name: str, kek: Kek | None = None) -> Secrets:
        """What the key's file holds. Raises KeyTrouble where this KEK, or the configured one, does not open it."""
        for _ in range(2):  # file and KEK may both be replaced between the two readings
            found = self.read(name)
            with_kek = kek if kek is not None else read_kek(self.kek_source)
            for wrap in found.wrapped_for(with_kek.id):
                try:
                    return unwrapped(wrap, with_kek)
                except KeyTrouble:
                    continue
        raise _does_not_open(self.file(name)) from None

    def replace(self, name: str, content: KeyFile) -> None:
        """Puts another content in the place of a key's file, whole or not at all."""
        replace_private(self.file(name), content.render())

    def forget_gone(self) -> None:
        """Lets go of keys whose file is gone, also where nobody asks for them any more."""
        for year in list(self._years):
            if not self.file(str(year) if year else ROOT).exists():
                self._years.pop(year, None)

    def _held(self, year: int, name: str) -> YearKey:
        stamp = self._stamp(name)
        known = self._years.get(year)
        if known is None or known[0] != stamp:
            self._years.pop(year, None)
            known = (stamp, YearKey.of(year, self.secrets(name)))
            self._years[year] = known
        return known[1]

    def _stamp(self, name: str) -> tuple[int, int, int]:
        try:
            facts = os.lstat(f"{self.directory}/{name}.key")  # asked all the time: a Path takes twice as long
        except OSError:
            read_private(self.file(name))  # says what is wrong with it, and the remedy
            raise
        return facts.st_ino, facts.st_mtime_ns, facts.st_size


def create_keys(directory: Path, kek_file: Path, year: int, made: str | None = None) -> None:
    """The first keys: KEK, the open year's key and the gateway's own. What exists already is never overwritten."""
    for folder in {directory, kek_file.parent}:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    create_kek(kek_file)
    kek = read_kek(f"file:{kek_file}")
    for name in (str(year), ROOT):
        secrets = Secrets({os.urandom(ID_OCTETS): os.urandom(KEY_OCTETS)})
        write_private(directory / f"{name}.key", _wrapped(secrets, made, kek).render())


def read_kek(source: str) -> Kek:
    """The KEK of `file:PATH`, `credential:NAME`, `env:NAME`, or of a token by its URI."""
    return token_uri.place(source).read() if source.startswith(token_uri.SCHEME) else OctetsKek(kek_octets(source))


def fingerprint(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def wrap(secrets: Secrets, kek: Kek) -> Wrap:
    """Every secret under the KEK."""
    keys = {name.hex(): kek.wrap(master) for name, master in secrets.masters.items()}
    return Wrap(kek.id, keys, kek.wrap(secrets.carried) if secrets.carried is not None else None)


def master_fingerprint(master: bytes) -> str:
    """By which a master can be recognised, should a copy of it turn up; nothing leads from it to the master."""
    return _derive(master, "fingerprint").hex()


def _wrapped(secrets: Secrets, made: str | None, kek: Kek) -> KeyFile:
    return KeyFile({name.hex(): made for name in secrets.masters}, (wrap(secrets, kek),))


def unwrapped(wrap: Wrap, kek: Kek) -> Secrets:
    """What was wrapped. Raises KeyTrouble where another KEK did it."""
    masters = {bytes.fromhex(name): kek.unwrap(wrapped) for name, wrapped in wrap.keys.items()}
    return Secrets(masters, kek.unwrap(wrap.carried) if wrap.carried is not None else None)


def _does_not_open(file: Path) -> KeyTrouble:
    return KeyTrouble(f"{file.name}: the KEK does not open this key; put back the KEK it was made with")


def _derive(master: bytes, purpose: str, length: int = KEY_OCTETS) -> bytes:
    return HKDFExpand(SHA256(), length, f"mimamori v1 {purpose}".encode()).derive(master)
