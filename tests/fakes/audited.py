"""A store whose audit log was signed and given away now and then, and the office over it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.administration.office import Office
from gateway.audit import giving
from gateway.audit.note import SigningKey, new_key, read_key
from gateway.config import load
from gateway.settings import Settings
from storage.keyring import write_private
from storage.records import AuditEvent
from storage.store import Store
from tests.fakes.configuration import LEAST, TERMS
from tests.storage.samples import NOW, write

ORIGIN = "mimamori.example.jp/audit"


def settings_of(folder: Path, mirrors: Sequence[str] = (), more: str = "") -> Settings:
    """The shortest configuration with an audit key and these mirrors."""
    folder.mkdir(exist_ok=True)
    (folder / "terms.ja.txt").write_text(TERMS, "utf-8")
    if not (folder / "audit.key").exists():
        write_private(folder / "audit.key", new_key())
    shown = ", ".join(f'"{each}"' for each in mirrors)
    text = f'{LEAST}\n[audit]\ncheckpoint_key = "audit.key"\nmirror = [{shown}]\n{more}\n'
    (folder / "config.toml").write_text(text, "utf-8")
    return load(folder / "config.toml")


def key_in(folder: Path) -> SigningKey:
    return read_key(folder / "audit.key", ORIGIN)


class Clock:
    """Time that stands until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def office_of(store: Store, folder: Path, mirrors: Sequence[str] = (), more: str = "") -> tuple[Office, Clock]:
    clock = Clock()
    return Office(store, settings_of(folder, mirrors, more), clock), clock


def happen(store: Store, count: int, now: datetime = NOW) -> None:
    """So many entries."""
    for number in range(count):
        event = AuditEvent(event="alert:accepted", subject="2026-0001", detail={"district": "富雄", "n": number})
        write(store, lambda tx, event=event: tx.apply((), (), [event], "m-1"), now)


def signed(store: Store, folder: Path, sizes: Sequence[int]) -> tuple[Office, SigningKey]:
    """A log of the last size, with a checkpoint at each."""
    office, _ = office_of(store, folder)
    key = key_in(folder)
    before = 0
    for size in sizes:
        happen(store, size - before)
        giving.make(office, key)
        before = size
    return office, key
