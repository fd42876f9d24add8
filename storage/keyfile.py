"""What stands in the file of a key: wrapped secrets with their names. It knows no cipher (protocol 9, [keys]).

A file holds one key, or after a rotation several, the newest last, with the keys of indexes and tokens carried over.
While the KEK is being changed each secret is wrapped twice, so that at no moment neither KEK opens it.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Wrap:
    """All secrets of the file under one KEK, which is named by its id; "" where the file does not say."""

    kek: str
    keys: Mapping[str, bytes] = field(repr=False)
    carried: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file, read. `made` tells for each key id when the key was made, where that is known."""

    made: Mapping[str, str | None]  # in order, the newest last
    wraps: tuple[Wrap, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.made)

    def wrapped_for(self, kek: str) -> tuple[Wrap, ...]:
        """The wraps that this KEK may open: its own, or those of files that do not name theirs."""
        return tuple(wrap for wrap in self.wraps if wrap.kek in (kek, ""))

    def render(self) -> bytes:
        if len(self.made) == len(self.wraps) == 1 and self.wraps[0].carried is None:
            ((name, made),) = self.made.items()
            wrap = self.wraps[0]
            plain = {"format": 1, "id": name, "made": made, "kek": wrap.kek, "wrapped": _text(wrap.keys[name])}
            return json.dumps(plain).encode() + b"\n"
        wraps = [
            {
                "kek": wrap.kek,
                "keys": {name: _text(secret) for name, secret in wrap.keys.items()},
                "carried": _text(wrap.carried) if wrap.carried is not None else None,
            }
            for wrap in self.wraps
        ]
        return json.dumps({"format": 2, "made": dict(self.made), "wraps": wraps}, indent=1).encode() + b"\n"


def parse(content: bytes) -> KeyFile:
    """The key file. Raises ValueError, KeyError, TypeError or AttributeError where it is none."""
    record: dict[str, Any] = json.loads(content)
    if record["format"] == 1:
        name = _checked(record["id"])
        wrap = Wrap(record.get("kek", ""), {name: _octets(record["wrapped"])})
        return KeyFile({name: record.get("made")}, (wrap,))
    made = {_checked(name): when for name, when in record["made"].items()}
    return KeyFile(made, tuple(_wrap(each, made) for each in record["wraps"]))


def _wrap(record: dict[str, Any], made: Mapping[str, str | None]) -> Wrap:
    carried = _octets(record["carried"]) if record["carried"] is not None else None
    return Wrap(record["kek"], {name: _octets(record["keys"][name]) for name in made}, carried)


def _checked(name: str) -> str:
    bytes.fromhex(name)
    return name


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _octets(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
