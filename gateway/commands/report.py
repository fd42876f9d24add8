"""`mimamori report`: the handling report for the privacy council, as text, as a PDF to file, or for programs.

It only reads, beside a running server. Its numbers are explained in protocol 8.7.
"""

import argparse
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from gateway.administration.client import progress
from gateway.commands import showing
from gateway.config import load
from gateway.ground import open_store
from gateway.handling import chapters, figures_json, period
from gateway.handling.document import Document
from gateway.handling.figures import gather
from gateway.handling.period import Period
from gateway.handling.plain import plain
from handlers.town import Calendar

FORMATS = (".pdf", ".txt")
PRIVATE = 0o600


def run(arguments: argparse.Namespace) -> int:
    output = Path(arguments.output) if arguments.output else None
    if output is not None and output.suffix.lower() not in FORMATS:
        return _misused(f"-o {output}: unknown format; let the name end in {' or '.join(FORMATS)}")
    if output is not None and not output.parent.is_dir():
        return _misused(f"-o {output}: there is no folder {output.parent}; make it, or name another")
    settings, now = load(arguments.config), datetime.now(UTC)
    try:
        span = wanted(arguments, settings.town.calendar, now)
    except ValueError as error:
        return _misused(str(error))
    store = open_store(settings, read_only=True)
    try:
        figures = gather(store, settings, span, now, progress)
    finally:
        store.close()
    if arguments.json:
        showing.as_json(figures_json.as_value(figures))
        return 0
    return _written(chapters.document(figures), output, now)


def wanted(arguments: argparse.Namespace, calendar: Calendar, now: datetime) -> Period:
    """The days that were asked for; without any, the fiscal year of now. Raises ValueError."""
    if arguments.year is not None and (arguments.since or arguments.until):
        raise ValueError("--year and --since/--until: give one or the other")
    if arguments.since or arguments.until:
        span = period.between(calendar, _day(arguments.since), _day(arguments.until), now)
    else:
        span = period.of_year(calendar, calendar.year(now) if arguments.year is None else arguments.year)
    if span.last < span.first:
        raise ValueError(f"{span.first} to {span.last}: the last day is before the first")
    return span


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is not a day; write it as 2026-04-01') from None


def _misused(message: str) -> int:
    print(f"mimamori: {message}", file=sys.stderr)
    return 2


def _written(document: Document, output: Path | None, now: datetime) -> int:
    if output is None:
        print(plain(document), end="")
        return 0
    if output.suffix.lower() == ".txt":
        return _kept(output, plain(document).encode())
    try:
        from gateway.handling.pdf import pdf
        from gateway.typography.typeface import UnprintableError
    except ModuleNotFoundError as missing:
        print(f"mimamori: this needs the package {missing.name}; install the extra mimamori[poster]", file=sys.stderr)
        return 1
    try:
        return _kept(output, pdf(document, now))
    except UnprintableError as error:
        print(f"mimamori: {error}", file=sys.stderr)
        return 1


def _kept(file: Path, octets: bytes) -> int:
    """The file is for its owner alone until they pass it on."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as stream:
        stream.write(octets)
    print(f"{file}: {len(octets):,} octets")
    return 0
