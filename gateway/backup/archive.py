"""The file of a backup: a tar of plain files, written at one stroke, and read with every digest compared."""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from gateway.administration.office import Refused, Tell
from gateway.backup import manifest
from gateway.backup.manifest import Held, Manifest

PIECE = 1_048_576  # octets
LONGEST_MANIFEST = 1_048_576
PRIVATE = 0o600
PACKING = "書庫を作っています / packing"
CHECKING = "書庫を確かめています / checking the archive"


def held(name: str, file: Path) -> Held:
    """What a manifest says of this file."""
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Held(name=name, of=file.name, octets=file.stat().st_size, sha256=digest)


def write(goal: Path, told: Manifest, files: Mapping[str, Path], tell: Tell) -> None:
    """Writes a new archive for its owner alone; it is not there before it is whole. Raises FileExistsError."""
    part = goal.with_name(f".{goal.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                _add(tar, manifest.NAME, told.text().encode(), told)
                for count, (name, file) in enumerate(files.items(), start=1):
                    _add(tar, name, file, told)
                    tell(count, len(files), PACKING)
            stream.flush()
            os.fsync(stream.fileno())
        goal.hardlink_to(part)  # fails where a file of that name is there already
    finally:
        part.unlink()


def _add(tar: tarfile.TarFile, name: str, content: bytes | Path, told: Manifest) -> None:
    facts = tarfile.TarInfo(name)
    facts.mode = PRIVATE
    facts.mtime = int(told.made_at.timestamp())
    if isinstance(content, bytes):
        facts.size = len(content)
        tar.addfile(facts, io.BytesIO(content))
        return
    with content.open("rb") as stream:
        facts.size = content.stat().st_size
        tar.addfile(facts, stream)


def unpack(file: Path, folder: Path, tell: Tell) -> Manifest:
    """Writes the files into the folder, under their names in the archive. Raises Refused where one is not whole."""
    try:
        with tarfile.open(file, mode="r:") as tar:
            told = _manifest(tar)
            for count, each in enumerate(told.files, start=1):
                _extract(tar, each, folder / each.name)
                tell(count, len(told.files), CHECKING)
            return told
    except (tarfile.TarError, EOFError, KeyError):
        raise Refused(f"{file}: not a whole backup of mimamori; take another one") from None


def _manifest(tar: tarfile.TarFile) -> Manifest:
    stream = tar.extractfile(manifest.NAME)
    if stream is None:
        raise KeyError(manifest.NAME)
    try:
        told = manifest.parsed(stream.read(LONGEST_MANIFEST).decode())
    except ValueError as error:
        said = f"its {manifest.NAME} cannot be read ({error}); take another backup, or the version that made it"
        raise Refused(said) from None
    strange = [each.name for each in told.files if Path(each.name).name != each.name or each.name.startswith(".")]
    if strange:
        raise Refused("it names files outside of itself; it was not made by mimamori")
    return told


def _extract(tar: tarfile.TarFile, each: Held, goal: Path) -> None:
    source = tar.extractfile(each.name)
    if source is None:
        raise KeyError(each.name)
    digest = hashlib.sha256()
    descriptor = os.open(goal, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(descriptor, "wb") as stream:
        for piece in _pieces(source):
            digest.update(piece)
            stream.write(piece)
        stream.flush()
        os.fsync(stream.fileno())
    if digest.hexdigest() != each.sha256:
        raise Refused(f"{each.name} in it is not as it was when the backup was made; take another backup")


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.read(PIECE), b"")
