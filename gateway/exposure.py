"""Files of the gateway that others may read: `serve` refuses to start while there is one (protocol 9)."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from gateway.checks.finding import Finding
from gateway.checks.permissions import exposed
from gateway.relay import counterfoils
from gateway.settings import Settings
from gateway.year_end import certificate
from storage.engine import StorageTrouble

NAME = "files"


def refuse_exposed(settings: Settings) -> None:
    """Raises StorageTrouble with the remedy for the first file that is not its owner's alone."""
    for finding in findings(settings):
        raise StorageTrouble(f"{finding.message}; {finding.remedy}")


def findings(settings: Settings) -> Iterator[Finding]:
    """Every file with a password, a key, a sealed row or a certificate in it that others may use."""
    for path in _private(settings):
        if path.exists():
            yield from exposed(NAME, path)


def _private(settings: Settings) -> Iterator[Path]:
    url = make_url(settings.storage.url)
    if settings.relay.password or url.password:
        yield settings.path
    yield settings.keys.directory
    yield settings.state_folder / counterfoils.NAME
    if url.get_backend_name() == "sqlite" and url.database:
        file = Path(url.database)
        yield from (file, file.with_suffix(".lock"), Path(f"{file}-wal"), Path(f"{file}-shm"))
    folder = certificate.folder(settings)
    yield folder
    if folder.is_dir():
        yield from folder.iterdir()
