"""5.10  All checks over one alert, in the order in which the letter to the author names what they found."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from handlers.haste import actions, contacts, events, moments, people, places
from handlers.haste.finding import KINDS, Finding, Kind
from handlers.haste.statements import plain, statements
from handlers.town import Town

EVERY: frozenset[str] = frozenset(KINDS)
REVEALING: Mapping[Kind, Callable[[str, Town], str | None]] = {
    "telephone": contacts.telephone,
    "address": contacts.address,
    "name": people.full_name,
    "house-number": contacts.house_number,
}
MOST_SIGNS = 20_000  # no alert is longer that anybody reads


def noticed(
    subject: str, text: str, received_at: datetime, town: Town, checks: frozenset[str] = EVERY
) -> tuple[Finding, ...]:
    """What haste may have done to this alert, of the kinds in `checks` only."""
    if not checks:  # each check reads the whole text, and families wait
        return ()
    subject, text = subject[:MOST_SIGNS], text[:MOST_SIGNS]
    found = (
        *_missing(subject, text, town),
        *_too_much(f"{subject}\n{text}", town),
        *_late(subject, text, received_at, town),
    )
    return tuple(finding for finding in found if finding.kind in checks)


def _missing(subject: str, text: str, town: Town) -> Iterator[Finding]:
    said = statements(subject, text)
    matter = events.matter(said)
    if not moments.given(said, matter):
        yield Finding(kind="time")
    if not places.given(said, matter, town):
        yield Finding(kind="place")
    if not actions.given(said, matter):
        yield Finding(kind="action")


def _too_much(text: str, town: Town) -> Iterator[Finding]:
    text = plain(text)
    for kind, find in REVEALING.items():
        if word := find(text, town):
            yield Finding(kind=kind, word=word)


def _late(subject: str, text: str, received_at: datetime, town: Town) -> Iterator[Finding]:
    if word := moments.old(subject, text, received_at.astimezone(town.calendar.timezone)):
        yield Finding(kind="age", word=word)
