"""Follow-ups: which alert one follows, and whether this member of staff may (protocol 5.7)."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from handlers.town import StaffMember, Town
from storage.records import Alert, AlertState, Reader, Relation, alert_name

FIELDS = {relation.value.capitalize(): relation for relation in Relation}
NUMBER = re.compile(r"(?:第|no\.?|#)?\s*(\d{4})\s*[-‐‑–−ー―]\s*(\d{1,9})\s*号?\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """How it follows which alert. `first` began the matter; its readers get all that follows."""

    relation: Relation
    cited: Alert
    first: Alert

    @property
    def tells_anew(self) -> bool:
        """Whether it tells of the event again, so that consent and release are asked anew."""
        return self.relation in (Relation.UPDATE, Relation.CORRECTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """Why it cannot follow."""

    cause: Literal[
        "several-follow-ups", "follow-up-addressing", "unknown-alert", "year-over", "first-scope", "not-sent"
    ]
    word: str = ""


def named(fields: Mapping[str, str]) -> tuple[Relation, ...]:
    return tuple(relation for name, relation in FIELDS.items() if name in fields)


def read(
    fields: Mapping[str, str], member: StaffMember, town: Town, now: datetime, reader: Reader
) -> FollowUp | Unfit | None:
    """None where it follows nothing."""
    relations = named(fields)
    if not relations:
        return None
    if len(relations) > 1:
        return Unfit(cause="several-follow-ups")
    # District and category are those of the first; naming them again could only say something else.
    if "District" in fields or "Category" in fields:
        return Unfit(cause="follow-up-addressing")
    relation = relations[0]
    return _found(relation, fields[relation.value.capitalize()], member, town, now, reader)


def _found(
    relation: Relation, value: str, member: StaffMember, town: Town, now: datetime, reader: Reader
) -> FollowUp | Unfit:
    number = NUMBER.match(unicodedata.normalize("NFKC", value).strip())
    cited = reader.alert(alert_name(int(number[1]), int(number[2]))) if number else None
    if number and int(number[1]) < town.calendar.year(now):
        return Unfit(cause="year-over", word=value)
    if cited is None:
        return Unfit(cause="unknown-alert", word=value)
    if not member.covers(cited.districts, cited.category):
        return Unfit(cause="first-scope", word=value)
    first = (reader.alert(cited.follows) if cited.follows else None) or cited
    # A held one can be taken back; nobody has it, so nothing else can follow it.
    waits = cited.state is AlertState.HELD and not relation.stops
    if waits or cited.state is AlertState.REFUSED or cited.given_up:
        return Unfit(cause="not-sent", word=value)
    return FollowUp(relation=relation, cited=cited, first=first)
