"""Another KEK for every living key, in steps of which each leaves all keys readable (protocol 9, [keys]).

First every file holds its secrets under both KEKs, then the new KEK takes the place of the old, then the old wraps go.
A crash anywhere is mended by doing it again.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from storage.keyfile import Wrap
from storage.keyring import Keyring, KeyTrouble, create_kek, kek_id, read_kek, wrap
from storage.private_files import BESIDE, destroy_private, move_private


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """The names of the KEK before and after; neither tells anything of the KEK itself."""

    old: str
    new: str


def add_wraps(keyring: Keyring, kek: bytes) -> None:
    """Every living key under this KEK as well."""
    with keyring.alone():
        _add_wraps(keyring, kek)


def drop_wraps(keyring: Keyring) -> None:
    """Every living key under the configured KEK alone. Raises KeyTrouble, before anything is changed, where one is not
    under it: a key that was made after `add_wraps`, as on 1 March, is under the old KEK only."""
    with keyring.alone():
        _drop_wraps(keyring)


def _add_wraps(keyring: Keyring, kek: bytes) -> None:
    for name in keyring.names():
        found = keyring.read(name)
        if any(each.kek == kek_id(kek) for each in found.wraps):
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
        if [each.kek for each in found.wraps] == [kek_id(kek)]:
            continue
        keyring.replace(name, replace(found, wraps=(wrap(keyring.secrets(name), kek),)))


def half_done(keyring: Keyring) -> bool:
    """Whether a key lies under more than one KEK."""
    return any(len(keyring.read(name).wraps) > 1 for name in keyring.names())


def without(keyring: Keyring, kek: bytes) -> tuple[str, ...]:
    """The key files that this KEK does not open."""
    missing = []
    for name in keyring.names():
        try:
            keyring.secrets(name, kek)
        except KeyTrouble:
            missing.append(keyring.file(name).name)
    return tuple(missing)


def renew(keyring: Keyring, old: str) -> Renewed:
    """A new KEK in the place of the file that holds the one named `old`, which is destroyed. May be done again."""
    file = kek_file(keyring)
    if file is None:
        raise KeyTrouble(f"{keyring.kek_source}: only a KEK in a file can be renewed in its place; use keys rewrap")
    beside = file.with_name(file.name + BESIDE)
    with keyring.alone():
        if kek_id(read_kek(keyring.kek_source)) == old:
            _add_wraps(keyring, _fresh(beside))
            move_private(beside, file)
        _drop_wraps(keyring)
    return Renewed(old=old, new=kek_id(read_kek(keyring.kek_source)))


def kek_file(keyring: Keyring) -> Path | None:
    """The file of the configured KEK, where it is in one."""
    kind, _, name = keyring.kek_source.partition(":")
    return Path(name) if kind == "file" else None


def _fresh(file: Path) -> bytes:
    """The new KEK beside the old one; one that was left half-written is made anew."""
    try:
        return read_kek(f"file:{file}")
    except KeyTrouble:
        destroy_private(file)
    create_kek(file)
    return read_kek(f"file:{file}")


def _named(keyring: Keyring, name: str) -> tuple[Wrap, ...]:
    """The wraps of a key's file, each with the name of its KEK; an old file does not say it."""
    kek = kek_id(read_kek(keyring.kek_source))
    return tuple(replace(each, kek=each.kek or kek) for each in keyring.read(name).wraps)
