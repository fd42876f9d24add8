"""The keys that are there, and what the audit log tells of those that were (protocol 8.7). No key is opened."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from storage.audit import Entry

NAMES = re.compile(r"[0-9]{4}|root")
UNREADABLE = "?"
Key = tuple[str, str | None]  # the year that it is of, or `root`; its id, where it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """One key. Without `made_at` it is older than the log: made by `mimamori init`."""

    name: str
    id: str | None
    made_at: datetime | None
    destroyed_at: datetime | None


@dataclass(slots=True)
class _Told:
    """What the log says. Not frozen: it grows while the log is read."""

    minted: dict[str, datetime] = field(default_factory=dict)  # of a year whose key has no id in the log yet
    made: dict[Key, datetime] = field(default_factory=dict)
    ended: dict[Key, datetime] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        detail = entry.value()["detail"]
        assert isinstance(detail, dict)
        name = str(detail.get("year", ""))
        match entry.event:
            case "key:minted":
                self.minted[name] = entry.at
            case "key:rotated":
                self.made[name, str(detail["key"])] = entry.at
            case "key:retired":
                self._retired(name, [str(each) for each in detail["keys"]], entry.at)
            case "year:destroyed":
                self._destroyed(name, detail.get("key"), entry.at)

    def _retired(self, name: str, ids: list[str], at: datetime) -> None:
        self.ended |= {(name, key): at for key in ids}
        if ids and (minted := self.minted.pop(name, None)) is not None:  # the oldest is the first one of the year
            self.made.setdefault((name, ids[0]), minted)

    def _destroyed(self, name: str, ids: Any, at: datetime) -> None:
        minted = self.minted.pop(name, None)
        for key in ids if isinstance(ids, list) and ids else [None]:
            self.ended[name, key] = at
            if minted is not None:
                self.made.setdefault((name, key), minted)


def known_keys(directory: Path, acts: Iterable[Entry]) -> list[KeyFacts]:
    """Every key that is in a file or was destroyed, by year and time."""
    told = _Told()
    for entry in acts:
        told.take(entry)
    for key, made in _files(directory):
        at = made or told.minted.get(key[0])
        if at is not None:
            told.made.setdefault(key, at)
        told.ended.pop(key, None)  # it is there: what the log says is of another day than this register
    living = {key for key, _ in _files(directory)}
    facts = [
        KeyFacts(name=name, id=key, made_at=told.made.get((name, key)), destroyed_at=told.ended.get((name, key)))
        for name, key in living | set(told.ended)
    ]
    return sorted(facts, key=lambda one: (one.name, one.made_at.timestamp() if one.made_at else 0.0, one.id or ""))


def _files(directory: Path) -> Iterator[tuple[Key, datetime | None]]:
    """The ids that stand in each key's file beside the wrapped secrets, and when each was made, where it says so."""
    for file in sorted(directory.glob("*.key")):
        if not NAMES.fullmatch(file.stem):
            continue
        try:
            record = json.loads(file.read_text())
            made = {record["id"]: record.get("made")} if "id" in record else record["made"]
            for key, when in made.items():
                yield (file.stem, str(key)), datetime.fromisoformat(when) if when else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            yield (file.stem, UNREADABLE), None
