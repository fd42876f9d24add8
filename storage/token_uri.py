"""The place of a KEK in a PKCS#11 token, as a URI (RFC 7512) of the few parts that are needed (protocol 9, [keys]).

A PIN never stands in it: that would be a secret in the configuration.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from storage.private_files import KeyTrouble

if TYPE_CHECKING:
    from storage.token_kek import TokenPlace

SCHEME = "pkcs11:"
FORM = "pkcs11:token=TOKEN;object=LABEL?module-path=/usr/lib/….so&pin-source=file:/PATH"
PARTS = ["module-path", "object", "pin-source", "token"]
CREDENTIAL = re.compile(r"credential:(?!\.{1,2}\Z)[A-Za-z0-9_.-]{1,100}")
RENEWED = ".new"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUri:
    """Where the KEK lies, and where the PIN is read."""

    token: str
    label: str
    module: str
    pin_source: str  # file:/PATH or credential:NAME

    @property
    def beside(self) -> str:
        """The label of the KEK that is to take the place of this one."""
        return self.label + RENEWED


def parse(text: str) -> TokenUri:
    """The parts of the URI. Raises ValueError, whose text names the remedy and repeats nothing."""
    path, _, query = text.removeprefix(SCHEME).partition("?")
    parts = [*_parts(path, ";"), *_parts(query, "&")]
    found = dict(parts)
    if "pin-value" in found:
        raise ValueError("no PIN in the configuration; write it into a file and name that by pin-source=file:/PATH")
    if sorted(name for name, _ in parts) != PARTS or not all(found.values()):
        raise ValueError(f'write "{FORM}"')
    pin_source = found["pin-source"]
    if pin_source.startswith("/"):
        pin_source = f"file:{pin_source}"
    if not CREDENTIAL.fullmatch(pin_source) and not _whole(pin_source.removeprefix("file:")):
        raise ValueError("pin-source: write file:/PATH, from the root on, or credential:NAME")
    if not _whole(found["module-path"]):
        raise ValueError("module-path: write the whole path of the module, from the root on")
    return TokenUri(token=found["token"], label=found["object"], module=found["module-path"], pin_source=pin_source)


def place(source: str) -> "TokenPlace":
    """Where the KEK lies in its token. Its package is an extra, imported here. Raises KeyTrouble without it."""
    try:
        from storage.token_kek import TokenPlace
    except ModuleNotFoundError:
        raise KeyTrouble(
            "a KEK in a token needs the package python-pkcs11; install the extra mimamori[pkcs11]"
        ) from None
    return TokenPlace(parse(source))


def _parts(text: str, between: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in text.split(between) if part]
    return [(name, unquote(value)) for name, _, value in pairs]


def _whole(path: str) -> bool:
    return Path(path).is_absolute() and "\0" not in path
