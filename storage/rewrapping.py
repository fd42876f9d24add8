"""Another KEK for every living key, in steps of which each leaves all keys readable (protocol 9, [keys]).

First every file holds its secrets under both KEKs, then the new KEK takes the place of the old, then the old wraps go.
A crash anywhere is mended by doing it again.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from storage import token_uri
from storage.kek import Kek, NotRenewable, create_kek
from storage.keyfile import Wrap
from storage.keyring import Keyring, KeyTrouble, read_kek, wrap
from storage.private_files import BESIDE, destroy_private, move_private


class Place(Protocol):
    """Where a KEK lies that can be replaced there."""

    def found_or_made(self) -> Kek:
        """The KEK there, which is made where there is none."""

    def fresh(self) -> Kek:
        """The new KEK beside the old one, the same when asked again. Raises NotRenewable where there can be none."""

    def promote(self) -> None:
        """Puts the new KEK in the place of the old, which is destroyed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The names of the KEK before and after; neither tells anything of the KEK itself."""

    old: str
    new: str


def add_wraps(keyring: Keyring, kek: Kek) -> None:
    """Every living key under this KEK as well."""
    with keyring.alone():
        _add_wraps(keyring, kek)


def drop_wraps(keyring: Keyring) -> None:
    """Every living key under the configured KEK alone. Raises KeyTrouble, before anything is changed, where one is not
    under it: a key that was made after `add_wraps`, as on 1 March, is under the old KEK only."""
    with keyring.alone():
        _drop_wraps(keyring)


def _add_wraps(keyring: Keyring, kek: Kek) -> None:
    for name in keyring.names():
        found = keyring.read(name)
        if any(each.kek == kek.id for each in found.wraps):
            continue
        known = replace(found, wraps=(*_named(keyring, name), wrap(keyring.secrets(name), kek)))
        keyring.replace(name, known)


def _drop_wraps(keyring: Keyring) -> None:
    kek = read_kek(keyring.kek_source)
    if missing := without(keyring, kek):
        raise KeyTrouble(
            f"{', '.join(missing)}: the configured KEK does not open this; nothing was changed. Set [keys] kek back to "
            "the KEK of before, restart, run `mimamori keys rewrap --to` the new one again, and go on from there"
        )
    for name in keyring.names():
        found = keyring.read(name)
        if [each.kek for each in found.wraps] == [kek.id]:
            continue
        keyring.replace(name, replace(found, wraps=(wrap(keyring.secrets(name), kek),)))


def half_done(keyring: Keyring) -> bool:
    """Whether a key lies under more than one KEK."""
    return any(len(keyring.read(name).wraps) > 1 for name in keyring.names())


def without(keyring: Keyring, kek: Kek) -> tuple[str, ...]:
    """The key files that this KEK does not open."""
    missing = []
    for name in keyring.names():
        try:
            keyring.secrets(name, kek)
        except KeyTrouble:
            missing.append(keyring.file(name).name)
    return tuple(missing)


def renew(keyring: Keyring, old: str) -> Renewed:
    """A new KEK in the place of the one named `old`, which is destroyed. May be done again.

    Raises NotRenewable, and has changed nothing, where that cannot be.
    """
    place = _place(keyring.kek_source)
    if place is None:
        raise NotRenewable(
            f"{keyring.kek_source}: only a KEK in a file or a token can be renewed in its place; use keys rewrap"
        )
    if not os.access(keyring.directory, os.W_OK):
        raise NotRenewable(f"{keyring.directory}: cannot be written to; `serve` needs to, as its user")
    with keyring.alone():
        if read_kek(keyring.kek_source).id == old:
            _add_wraps(keyring, place.fresh())
            place.promote()
        _drop_wraps(keyring)
    return Renewed(old=old, new=read_kek(keyring.kek_source).id)


def found_or_made(source: str) -> Kek:
    """The KEK of this source, which is made where a file or a token has none."""
    place = _place(source)
    return read_kek(source) if place is None else place.found_or_made()


def kek_file(keyring: Keyring) -> Path | None:
    """The file of the configured KEK, where it is in one."""
    kind, _, name = keyring.kek_source.partition(":")
    return Path(name) if kind == "file" else None


class FilePlace:
    """A file, in which one KEK follows another."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._beside = file.with_name(file.name + BESIDE)

    def found_or_made(self) -> Kek:
        if not self._file.exists():
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            create_kek(self._file)
        return read_kek(f"file:{self._file}")

    def fresh(self) -> Kek:
        """One that was left half-written is made anew."""
        if not os.access(self._file.parent, os.W_OK):
            raise NotRenewable(f"{self._file.parent}: cannot be written to, so the KEK in it stays as it is")
        try:
            return read_kek(f"file:{self._beside}")
        except KeyTrouble:
            destroy_private(self._beside)
        create_kek(self._beside)
        return read_kek(f"file:{self._beside}")

    def promote(self) -> None:
        move_private(self._beside, self._file)


def _place(source: str) -> Place | None:
    if source.startswith(token_uri.SCHEME):
        return token_uri.place(source)
    kind, _, name = source.partition(":")
    return FilePlace(Path(name)) if kind == "file" else None


def _named(keyring: Keyring, name: str) -> tuple[Wrap, ...]:
    """The wraps of a key's file, each with the name of its KEK; an old file does not say it."""
    kek = read_kek(keyring.kek_source).id
    return tuple(replace(each, kek=each.kek or kek) for each in keyring.read(name).wraps)
