"""The plain kinds of value that a setting may have: what each accepts, becomes, and says when it does not fit.

Every kind reads once, at the edge; behind it nobody parses again (protocol 9).
No message repeats an address or a secret.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST_TEXT = 500  # characters


class UnfitError(Exception):
    """A value that does not fit its setting; the message says what would."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting accepts, in words (`says`), and the function that reads it, given the file's folder."""

    says: str
    read: Callable[[object, Path], Any]


def string(value: object) -> str:
    if not isinstance(value, str):
        raise UnfitError('a text in quotation marks is needed, as "…"')
    if CONTROL.search(value):
        raise UnfitError("one line without control characters is needed")
    if len(value) > LONGEST_TEXT:
        raise UnfitError(f"too long; the most is {LONGEST_TEXT} characters")
    return value.strip()


def worded(says: str, read: Callable[[str, Path], Any]) -> Kind:
    return Kind(says, lambda value, folder: read(string(value), folder))


def optional(kind: Kind) -> Kind:
    """The same, and "" for none."""
    return Kind(f'{kind.says}; "" for none', lambda value, folder: None if value == "" else kind.read(value, folder))


def empty_or(kind: Kind) -> Kind:
    """The same text, and "" for none, which stays ""."""
    return Kind(f'{kind.says}; "" for none', lambda value, folder: "" if value == "" else kind.read(value, folder))


def each(kind: Kind) -> Kind:
    """A list of these, which becomes a tuple."""

    def read(value: object, folder: Path) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise UnfitError('a list is needed, as ["…", "…"], or [] for none')
        return tuple(kind.read(item, folder) for item in value)

    return Kind(f"a list, each {kind.says}", read)


def whole(at_least: int, at_most: int) -> Kind:
    """A whole number within bounds."""

    def read(value: object, _folder: Path) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise UnfitError("a whole number without quotation marks is needed")
        if not at_least <= value <= at_most:
            raise UnfitError(f"out of bounds; it must be from {at_least} to {at_most}")
        return value

    return Kind(f"a whole number from {at_least} to {at_most}", read)


def one_of(*choices: str) -> Kind:
    """One of a few words."""
    shown = " or ".join(f'"{choice}"' for choice in choices)

    def read(text: str, _folder: Path) -> str:
        if text not in choices:
            raise UnfitError(f"it must be {shown}")
        return text

    return worded(shown, read)


def _switch(value: object, _folder: Path) -> bool:
    if not isinstance(value, bool):
        raise UnfitError("true or false is needed, without quotation marks")
    return value


def read_filled(text: str, _folder: Path) -> str:
    if not text:
        raise UnfitError("it must not be empty")
    return text


def _code(text: str, _folder: Path) -> str:
    if not CODE.match(text):
        raise UnfitError("a code has 1 to 40 of the letters a-z, digits, and . _ - (it stands in mail addresses)")
    return text


def _timezone(text: str, _folder: Path) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise UnfitError('not a time zone; write it as "Asia/Tokyo"') from None


def _month_day(text: str, _folder: Path) -> tuple[int, int]:
    try:
        if not re.fullmatch(r"[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        day = date.fromisoformat(f"2001-{text}")  # a common year: 02-29 does not come every year
    except ValueError:
        raise UnfitError('not a day of every year; write month and day as "03-31"') from None
    return day.month, day.day


def read_path(text: str, folder: Path) -> Path:
    return (folder / read_filled(text, folder)).absolute()  # not resolved: whether a key is a link is checked later


def _secret(value: object, _folder: Path) -> str:
    if not isinstance(value, str) or CONTROL.search(value):
        raise UnfitError('a text of one line in quotation marks is needed, as "…"')
    return value


switch = Kind("true or false", _switch)
text = worded("a text of one line", lambda text, _folder: text)
filled = worded("a text of one line", read_filled)
secret = Kind("a text of one line", _secret)
code = worded("a code of letters, digits and . _ -", _code)
timezone = worded("a time zone", _timezone)
month_day = worded("month and day as MM-DD", _month_day)
path = worded("a path, relative to this file", read_path)
