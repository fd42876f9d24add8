"""How a command has an action done: by the running server, or, where none runs, by itself."""

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from gateway.administration import door
from gateway.administration.actions import ACTIONS
from gateway.administration.office import Office, Refused, Tell
from gateway.ground import open_store
from gateway.settings import Settings


def administer(settings: Settings, name: str, words: Mapping[str, Any], tell: Tell | None = None) -> dict[str, Any]:
    """The action's answer. Raises Refused with the remedy, or StorageTrouble where the register is not to be had."""
    tell = tell or progress
    try:
        plug = _knock(door.place(settings))
    except (FileNotFoundError, ConnectionRefusedError):
        return _by_ourselves(settings, name, words, tell)
    with plug, plug.makefile("rwb") as stream:
        stream.write(json.dumps({"action": name, "words": dict(words)}).encode() + b"\n")
        stream.flush()
        for line in stream:
            said = json.loads(line)
            if "done" in said:
                tell(said["done"], said["total"], said["what"])
            elif "refused" in said:
                raise Refused(said["refused"])
            else:
                answer: dict[str, Any] = said["answer"]
                return answer
    raise Refused("the server ended before it answered; look at its log, then ask again")


def served(settings: Settings) -> bool:
    """Whether a gateway runs that would do what we ask."""
    try:
        _knock(door.place(settings)).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    return True


def progress(done: int, total: int, what: str) -> None:
    """One line that is written over, on a terminal only."""
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(f"{what}: {done:,}/{total:,}", end="\n" if done >= total else "\r", highlight=False)


def _knock(path: Path) -> socket.socket:
    plug = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with door.short_name(path) as name:
            plug.connect(name)
    except OSError:
        plug.close()
        raise
    return plug


def _by_ourselves(settings: Settings, name: str, words: Mapping[str, Any], tell: Tell) -> dict[str, Any]:
    store = open_store(settings)
    try:
        store.prepare()
        office = Office(store, settings)
        office.refresh()
        return ACTIONS[name](office, words, tell)
    finally:
        store.close()
