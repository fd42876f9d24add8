"""Makes a backup: the copy of the database, the configuration with what it points to, and a manifest; never a key."""

import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from gateway import cli
from gateway.administration.office import Refused, Tell
from gateway.backup import archive, copying
from gateway.backup.manifest import DATABASES, Manifest
from gateway.settings import Settings

ROOM = 2.2  # of the database's size: the copy, and the archive with it


def place(settings: Settings, wanted: Path, now: datetime) -> Path:
    """The file to write: as named, or named by the time in a folder. Raises Refused where it may not be there."""
    if wanted.is_dir():
        wanted = wanted / f"mimamori-{now:%Y%m%dT%H%M%SZ}.backup"
    if os.path.lexists(wanted):
        raise Refused(f"{wanted}: is there already; choose another name")
    if not wanted.parent.is_dir():
        raise Refused(f"{wanted.parent}: no such folder; make it, for this user alone")
    if beside_keys(settings, wanted):
        raise Refused(f"{wanted}: lies where the keys are; a backup and its keys must never be in one place")
    return wanted


def files(settings: Settings) -> dict[str, Path]:
    """What goes in beside the database, by its name in the backup. Raises Refused where one lies among the keys."""
    found = {"config.toml": settings.path, "terms.txt": settings.registration.terms}
    if settings.registration.districts_file is not None:
        found["districts.toml"] = settings.registration.districts_file
    for file in found.values():
        if beside_keys(settings, file):
            raise Refused(f"{file}: lies where the keys are; move it out of there, so that no key gets into a backup")
    return found


def beside_keys(settings: Settings, file: Path) -> bool:
    """Whether a file is in the folder of the keys, or deeper, or beside a KEK that has a folder of its own."""
    folders = {settings.keys.directory.resolve()}
    kind, _, name = settings.keys.kek.partition(":")
    if kind == "file" and Path(name).resolve().parent != settings.path.parent.resolve():
        folders.add(Path(name).resolve().parent)
    return any(folder in file.resolve().parents for folder in folders)


def make(settings: Settings, goal: Path, now: datetime, tell: Tell) -> Manifest:
    """Writes the backup and returns its manifest."""
    beside = files(settings)
    engine = make_url(settings.storage.url).get_backend_name()
    _see_to_room(settings, goal.parent)
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=goal.parent) as folder:
        database = Path(folder) / DATABASES[engine]
        facts = copying.copy(settings, database, tell)
        content = {database.name: database, **beside}
        told = Manifest(
            made_at=now,
            version=cli.version(),
            domain=settings.gateway.domain,
            engine=engine,
            facts=facts,
            files=tuple(archive.held(name, file) for name, file in content.items()),
        )
        archive.write(goal, told, content, tell)
    return told


def _see_to_room(settings: Settings, folder: Path) -> None:
    url = make_url(settings.storage.url)
    if url.get_backend_name() != "sqlite" or not (file := Path(url.database or "")).exists():
        return
    wanted = int(file.stat().st_size * ROOM)
    if shutil.disk_usage(folder).free < wanted:
        raise Refused(f"{folder}: {wanted:,} octets are needed and not free; make room, or choose another folder")
