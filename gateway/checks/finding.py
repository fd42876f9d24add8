"""What a check has found: a plain value with its remedy. Texts are Japanese first, English beside it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.settings import Settings


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor. `check` is the name of what was looked at."""

    check: str
    status: Status
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A subject, its name for people, and the function that looks at it."""

    name: str
    title: str
    look: Callable[[Settings, datetime], Iterable[Finding]]


def ok(check: str, message: str, remedy: str = "") -> Finding:
    return Finding(check=check, status=Status.OK, message=message, remedy=remedy)


def warning(check: str, message: str, remedy: str) -> Finding:
    return Finding(check=check, status=Status.WARNING, message=message, remedy=remedy)


def failure(check: str, message: str, remedy: str) -> Finding:
    return Finding(check=check, status=Status.FAILURE, message=message, remedy=remedy)


def trouble(check: str, japanese: str, error: Exception) -> Finding:
    """A failure out of an exception that says what is wrong and, after a semicolon, the remedy."""
    what, _, remedy = str(error).partition("; ")
    return failure(check, f"{japanese} / {what}", remedy)
