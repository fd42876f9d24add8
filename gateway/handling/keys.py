"""The keys that are there, and what the audit log tells of those that were (protocol 8.7). No key is opened."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from storage.audit import Entry

MADE, ENDED = ("key:minted",), ("year:destroyed", "key:destroyed")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """One key, by the year that it is of, or `root`."""

    name: str
    id: str | None  # as its file says; None where the file is gone
    made_at: datetime | None  # None: before the log began, by `mimamori init`
    destroyed_at: datetime | None


def known_keys(directory: Path, acts: Iterable[Entry]) -> list[KeyFacts]:
    """Every key that has a file or an entry in the log, oldest first."""
    made: dict[str, datetime] = {}
    ended: dict[str, datetime] = {}
    ids: dict[str, str] = {}
    for entry in acts:
        detail = entry.value()["detail"]
        assert isinstance(detail, dict)
        name = str(detail.get("year", "root"))
        if entry.event in MADE:
            made[name] = entry.at
        if entry.event in ENDED:
            ended[name] = entry.at
        if isinstance(key_id := detail.get("key_id", detail.get("key")), str):
            ids[name] = key_id
    files = dict(_files(directory))
    names = sorted({*made, *ended, *files})
    return [
        KeyFacts(
            name=name,
            id=files.get(name) or ids.get(name),
            made_at=made.get(name),
            destroyed_at=ended.get(name) if name not in files else None,
        )
        for name in names
    ]


def _files(directory: Path) -> Iterator[tuple[str, str]]:
    """Each key file's name, and the id that stands in it beside the wrapped key."""
    for file in sorted(directory.glob("*.key")):
        try:
            record = json.loads(file.read_text())
            yield file.stem, str(record["id"])
        except (OSError, ValueError, KeyError, TypeError):
            yield file.stem, "?"
