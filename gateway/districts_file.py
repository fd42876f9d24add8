"""Writes the file of the districts, and points the configuration to it (protocol 9, `[registration] districts_file`).

Each file is replaced at one stroke, with the old one kept beside it as `.bak`; nothing is ever written halfway.
"""

import os
import re
import stat
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gateway.config_lines import Lines
from gateway.example import toml
from gateway.settings import Settings
from handlers.town import District
from storage.keyring import write_private

DEFAULT = "districts.toml"
PRIVATE = 0o600
HEADLINE = """\
# 地区一覧。mimamori districts import が書いたものです。手で直したら mimamori check で確かめてください。
# The districts, as written by `mimamori districts import`. It may be edited by hand; then run `mimamori check`.
"""
MOVED = "# 地区は {name} にあります / the districts stand in {name}\n"
SETTING = "districts_file"
TABLE = re.compile(r"\s*\[\[\s*districts\s*\]\]")
HEADER = re.compile(r"\s*\[")
COMMENTED = re.compile(rf"#\s*{SETTING}\s*=[^\n]*\n")


def place(settings: Settings) -> Path:
    """Where the list stands, or would stand."""
    return settings.registration.districts_file or settings.path.parent / DEFAULT


def render(districts: Sequence[District]) -> str:
    """The text of the file."""
    return "\n".join([HEADLINE, *map(_table, districts)])


def write(settings: Settings, districts: Sequence[District]) -> bool:
    """Replaces the list, and then points the configuration to it; False where that is left to the administrator."""
    file, config = place(settings), settings.path
    replace(file, render(districts).encode(), PRIVATE, owner=config)
    if settings.registration.districts_file is not None:
        return True
    octets = config.read_bytes()
    document = pointed(octets.decode("utf-8-sig").replace("\r\n", "\n"), file.name)
    if document is None:
        return False
    document = document.replace("\n", "\r\n") if b"\r\n" in octets else document
    with suppress(OSError):
        replace(config, document.encode(), stat.S_IMODE(config.stat().st_mode), owner=config)
        return True
    return False


def pointed(document: str, name: str) -> str | None:
    """The configuration with the setting in place of its [[districts]]; None where it is written in some other way."""
    wanted = tomllib.loads(document)
    count = len(wanted.pop("districts", []))
    try:
        left = _without_districts(document, count, name)
        if left is None or tomllib.loads(left) != wanted:
            return None
        moved = _with_setting(left, name)
        wanted.setdefault("registration", {})[SETTING] = name
        return moved if tomllib.loads(moved) == wanted else None
    except tomllib.TOMLDecodeError:
        return None


def replace(file: Path, content: bytes, mode: int, *, owner: Path) -> None:
    """Writes the file anew at one stroke, for whom `owner` belongs to. The old one stays as `.bak`."""
    file = file.resolve()
    fresh, kept = (file.with_name(f".{file.name}.{os.getpid()}.{end}") for end in ("new", "old"))
    for left in (fresh, kept):
        left.unlink(missing_ok=True)
    try:
        write_private(fresh, content)
        fresh.chmod(mode)
        if os.geteuid() == 0:  # what root writes must stay readable for the service
            facts = owner.stat()
            os.chown(fresh, facts.st_uid, facts.st_gid)
        if file.exists():
            kept.hardlink_to(file)
            kept.replace(f"{file}.bak")
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    _sync(file.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _table(district: District) -> str:
    values = {"code": district.code, "name": district.name, "kana": district.kana}
    several = {"aliases": list(district.aliases), "schools": list(district.schools)}
    written = {name: value for name, value in (values | several).items() if value}
    return "".join(["[[districts]]\n", *(f"{name} = {toml(value)}\n" for name, value in written.items())])


def _without_districts(document: str, count: int, name: str) -> str | None:
    """Takes out each table up to its last setting: a comment below belongs to what follows."""
    rows, lines = document.split("\n"), Lines(document)
    starts = [lines.of(("districts", number)) - 1 for number in range(count)]
    if not all(TABLE.match(rows[start]) for start in starts):
        return None
    for start in reversed(starts):
        end = next((at for at in range(start + 1, len(rows)) if HEADER.match(rows[at])), len(rows))
        while not rows[end - 1].strip() or rows[end - 1].lstrip().startswith("#"):
            end -= 1
        while end < len(rows) and not rows[end].strip():
            end += 1
        rows[start:end] = [MOVED.format(name=name)] if start == starts[0] else []
    return "\n".join(rows)


def _with_setting(document: str, name: str) -> str:
    setting, lines = f"{SETTING} = {toml(name)}\n", Lines(document)
    if not lines.has(("registration",)):
        return f"{document.rstrip()}\n\n[registration]\n{setting}"
    rows = document.split("\n")
    at = lines.of(("registration",))
    head, rest = "\n".join(rows[:at]) + "\n", "\n".join(rows[at:])
    end = next((found.start() for found in re.finditer(r"^\[", rest, re.MULTILINE)), len(rest))
    if found := COMMENTED.search(rest, 0, end):
        return head + rest[: found.start()] + setting + rest[found.end() :]
    return head + setting + rest
