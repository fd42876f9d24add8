"""A file that says: a restore was begun and not finished. While it is there, nobody is served (protocol 8.6)."""

from pathlib import Path

from gateway.settings import Settings
from storage.engine import StorageTrouble


def place(settings: Settings) -> Path:
    return settings.state_folder / "restore-unfinished"


def see_to_none(settings: Settings) -> None:
    """Raises StorageTrouble where one is there."""
    if (file := place(settings)).exists():
        raise StorageTrouble(f"{file}: a restore was not finished; run the same `mimamori restore` again")
