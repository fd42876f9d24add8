"""How a letter is put together from the texts of a language: names, dates, counts, the signature (protocol 6).

What the letters are is said in letters.py and staff_letters.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from handlers import districts
from handlers.texts import en, ja, staff_en, staff_ja
from handlers.town import Language, Town


class Texts(Protocol):
    """What a language has to have: the letters to residents, and words for all letters."""

    LETTERS: dict[str, tuple[str, str]]
    FIELD_NAMES: dict[str, str]
    SIGNATURE: str
    LAST_TODAY: str
    EVERYTHING: str
    DATE: str
    MOMENT: str
    YES: str
    CARRIERS: dict[str, str]
    CHANGE_SETS: str
    CHANGE_ADDS: str
    CHANGE_REMOVES: str
    STATUS_YEAR: str
    STATUS_PSEUDONYM: str
    STATUS_SUSPENDED: str
    STATUS_ASKED: str
    REQUESTS: dict[str, str]
    BETWEEN: str
    WAYS: dict[str, str]


class StaffTexts(Protocol):
    """The letters to staff and to the administrator."""

    LETTERS: dict[str, tuple[str, str]]
    REASONS: dict[str, tuple[str, str]]
    ENDED: dict[str, str]
    UNDER_FIVE: str
    COUNT: str
    ATTACHMENTS_LEFT_OUT: str
    RESEMBLES: str
    TOOK: str
    SLOW: str
    CARRIER: str
    MINUTES: str
    SECONDS: str
    PER_DISTRICT: str
    DRAFT: str
    CHOOSE: str
    HASTE: dict[str, str]
    HOLD_REASONS: dict[str, str]
    PREVIEW_HEADS: dict[str, tuple[str, str]]
    PREVIEW_STEPS: dict[str, str]
    WHY: str
    NOTICED: str
    OUR_WORDS: str
    STOPPED_FIRST: str
    STOPPED_HELD: str
    READERS_OF: str
    UNDER_FIVE_EACH: str


TEXTS: dict[Language, Texts] = {"ja": ja, "en": en}
STAFF_TEXTS: dict[Language, StaffTexts] = {"ja": staff_ja, "en": staff_en}
LETTERS = {language: TEXTS[language].LETTERS | STAFF_TEXTS[language].LETTERS for language in TEXTS}
LIST_LINES = 7  # of the numbered list of districts


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    subject: str = field(repr=False)
    body: str = field(repr=False)


def write(language: Language, letter: str, town: Town, **facts: object) -> Text:
    texts = TEXTS[language]
    subject, body = LETTERS[language][letter]
    known = {
        "organisation": town.organisation,
        "contact": contact_of(town),
        "domain": town.domain,
        "terms": town.terms.text.strip(),
        "version": town.terms.version,
        "hours": town.pending_hours,
        "signature": texts.SIGNATURE.format(organisation=town.organisation, contact=town.contact).rstrip(),
    } | facts
    return Text(subject=subject.format(**known), body=body.format(**known).strip() + "\n")


def field_lines(language: Language, values: Mapping[str, str]) -> str:
    colon = "：" if language == "ja" else ": "
    return "\n".join(f"{TEXTS[language].FIELD_NAMES[name]}{colon}{value}" for name, value in values.items())


def contact_of(town: Town) -> str:
    return town.contact or town.organisation


def district_names(codes: Iterable[str], town: Town) -> str:
    return districts.names(codes, town.districts)


def numbered_districts(town: Town) -> str:
    """3.3  The list of the form; a long one has several in a line, for a letter has 25 lines at most (6)."""
    shown = [f"{number}. {district.name}" for number, district in enumerate(town.districts, start=1)]
    in_a_line = -(-len(shown) // LIST_LINES)
    return "\n".join("　".join(shown[at : at + in_a_line]) for at in range(0, len(shown), in_a_line))


def last_day(language: Language, town: Town, year: int) -> str:
    return written_date(language, town.calendar.last_day(year))


def written_date(language: Language, day: date) -> str:
    return TEXTS[language].DATE.format(day)


def local_time(language: Language, town: Town, moment: datetime) -> str:
    return TEXTS[language].MOMENT.format(moment.astimezone(town.calendar.timezone))
