"""How a setting is declared: its kind with bounds, its default and its comment, in one place."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gateway.config_values import Kind

REQUIRED = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is known of a setting: how it is read, its default as one would write it, and its comment."""

    kind: Kind
    default: object
    doc: str  # Japanese / English

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def setting(default: object, of: Kind, doc: str, *, secret: bool = False) -> Any:
    """A field of a section. Relative paths in the default count from the current folder until a file is loaded."""
    declared = {"declared": Declared(kind=of, default=default, doc=doc)}
    if default is REQUIRED:
        return field(metadata=declared, repr=not secret)
    return field(default=of.read(default, Path()), metadata=declared, repr=not secret)


def declarations(section: type) -> Iterator[tuple[str, Declared]]:
    """The settings of a section, in the order in which they are declared."""
    for each in fields(section):
        yield each.name, each.metadata["declared"]
