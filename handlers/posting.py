"""Reads an alert's fields from what its author's signature covers, and from nothing else (protocol 2.2, 5.2–5.5)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from handlers import districts
from handlers.fields import KNOWN, VICTIM_YES, Line, read_head, read_line, repeated
from handlers.folding import fold
from handlers.mail import Proof
from handlers.own_text import alert_text
from handlers.town import Category, StaffMember, Town

FOLLOW_UPS = ("Update", "Correction", "Cancellation", "Resolved")
DRILL_WORDS = (fold("訓練"), "drill")
LONGEST_LIFE = timedelta(hours=48)  # as long as replays are remembered (5.8)
REPLY_PREFIX = re.compile(r"\A(?:(?:re|fwd?|転送|返信)\s*[:：]\s*)+", re.IGNORECASE)
CLOCK = re.compile(r"(?:(\d{4})[-/](\d{1,2})[-/](\d{1,2})\s+)?(\d{1,2})[:時](\d{2})分?\Z")

Cause = Literal[
    "html-only", "no-text", "field-not-signed", "unknown-field", "field-repeated", "fields-differ", "field-below",
    "drill-word", "drill-not-yet", "follow-up-not-yet", "no-district", "unknown-district", "district-scope",
    "no-category", "unknown-category", "category-scope", "no-victim-consent", "bad-value", "too-many-recipients",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What could be read of a posting that is refused: the material of the draft."""

    codes: tuple[str, ...] = ()
    codes_missing: bool = False  # it named districts that are not known
    category: Category | None = None
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """5.3  Why nothing is relayed. `word` is the author's own, for the letter to them alone."""

    cause: Cause
    word: str = field(default="", repr=False)
    known: Known = Known()


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An alert that may be relayed."""

    codes: tuple[str, ...]
    category: Category
    victim_consent: bool
    subject: str = field(repr=False)
    text: str = field(repr=False)
    expires_at: datetime


def read(proof: Proof, member: StaffMember, town: Town, now: datetime) -> Posting | Refusal:
    """The posting, or the first thing that is wrong with it."""
    # 5.9  HTML alone is not relayed.
    if proof.text is None:
        return Refusal(cause="html-only")
    head = read_head(alert_text(proof.text), unknown_below=False)
    text = head.rest
    fields, refusal = _fields(head.lines, proof)
    known = _known(fields, text, town)
    refusal = refusal or _stray(proof, fields, text) or _addressing(fields, known, member, town)
    if refusal is not None:
        return Refusal(cause=refusal.cause, word=refusal.word, known=_within_scope(known, member))
    assert known.category is not None

    # 5.4  A category that needs the victim's consent is never relayed without it.
    consent = fields.get("Victim-Consent")
    if known.category.victim_consent and (consent is None or fold(consent) not in VICTIM_YES):
        return Refusal(cause="no-victim-consent", known=known)
    if consent is not None and fold(consent) not in VICTIM_YES:
        return Refusal(cause="bad-value", word="Victim-Consent", known=known)
    expires_at = _expires(fields.get("Expires"), town, now)
    if expires_at is None:
        return Refusal(cause="bad-value", word="Expires", known=known)
    return Posting(
        codes=known.codes,
        category=known.category,
        victim_consent=consent is not None,
        subject=REPLY_PREFIX.sub("", proof.subject.strip()).strip(),
        text=text,
        expires_at=expires_at,
    )


def _fields(lines: tuple[Line, ...], proof: Proof) -> tuple[Mapping[str, str], Refusal | None]:
    """5.2  Lines of the signed text and signed headers; together only where they are equal.

    What is not in doubt is read in any case, for the draft.
    """
    signed = {known: value for name, value in proof.signed_fields.items() if (known := KNOWN.get(fold(name)))}
    written = signed | {line.name: line.value for line in lines if line.name}
    again = repeated(lines)
    differing = {name for name, value in signed.items() if fold(written[name]) != fold(value)}
    doubtful = differing | ({again.name} if again else set())
    found = {name: value for name, value in written.items() if name not in doubtful}
    for name in sorted(proof.unsigned_fields):
        if fold(name) in KNOWN:
            return found, Refusal(cause="field-not-signed", word=f"X-{name}")
    for line in lines:
        if line.name is None:
            return found, Refusal(cause="unknown-field", word=line.word)
    if again is not None:
        return found, Refusal(cause="field-repeated", word=again.word)
    if differing:
        return found, Refusal(cause="fields-differ", word=f"X-{min(differing)}")
    return found, None


def _stray(proof: Proof, fields: Mapping[str, str], text: str) -> Refusal | None:
    """2.2  A field below the fields, a drill that does not say so; and what this version does not send yet."""
    for row in text.split("\n"):
        if (line := read_line(row)) is not None and line.name is not None:
            return Refusal(cause="field-below", word=line.word)
    if any(name in fields for name in FOLLOW_UPS):
        return Refusal(cause="follow-up-not-yet")
    if "Drill" in fields:
        return Refusal(cause="drill-not-yet")
    if any(word in fold(proof.subject) for word in DRILL_WORDS):
        return Refusal(cause="drill-word")
    return None if text.strip() else Refusal(cause="no-text")


def _addressing(fields: Mapping[str, str], known: Known, member: StaffMember, town: Town) -> Refusal | None:
    """5.3  District and category are needed, known, and within what this member of staff may post."""
    if not fields.get("District"):
        return Refusal(cause="no-district")
    if unknown := districts.choose(fields["District"], town.districts).unknown:
        return Refusal(cause="unknown-district", word=unknown[0])
    if not known.codes:
        return Refusal(cause="no-district")
    if strange := set(known.codes) - set(_within_scope(known, member).codes):
        return Refusal(cause="district-scope", word=districts.names(strange, town.districts))
    if not fields.get("Category"):
        return Refusal(cause="no-category")
    if known.category is None:
        return Refusal(cause="unknown-category", word=fields["Category"])
    if _within_scope(known, member).category is None:
        return Refusal(cause="category-scope")
    return None


def _known(fields: Mapping[str, str], text: str, town: Town) -> Known:
    word = fold(fields.get("Category", ""))
    category = next(
        (kind for kind in town.categories if word in map(fold, (kind.code, kind.name, *kind.aliases))), None
    )
    chosen = districts.choose(fields.get("District", ""), town.districts)
    return Known(codes=chosen.codes, codes_missing=bool(chosen.unknown), category=category, text=text)


def _within_scope(known: Known, member: StaffMember) -> Known:
    """5.3  What of it this member of staff may post; a draft proposes nothing else."""
    codes = tuple(code for code in known.codes if {"*", code} & set(member.districts))
    allowed = known.category is not None and {"*", known.category.code} & set(member.categories)
    return replace(known, codes=codes, category=known.category if allowed else None)


def _expires(value: str | None, town: Town, now: datetime) -> datetime | None:
    """Minutes from now, or a local time (the next one of that name); None where it is neither, past, or too far."""
    if value is None:
        return now + timedelta(minutes=town.expires_minutes)
    folded = fold(value).removesuffix("minutes").removesuffix("分").strip()
    if folded.isdecimal() and len(folded) <= 5:
        expires_at = now + timedelta(minutes=int(folded))
    elif (clock := CLOCK.match(fold(value))) is not None:
        if (found := _local_time(clock, town, now)) is None:
            return None
        expires_at = found
    else:
        return None
    return expires_at if now < expires_at <= now + LONGEST_LIFE else None


def _local_time(clock: re.Match[str], town: Town, now: datetime) -> datetime | None:
    year, month, day, hour, minute = clock.groups()
    local = now.astimezone(town.calendar.timezone)
    try:
        time = local.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        if year is not None:
            return time.replace(year=int(year), month=int(month), day=int(day))
    except ValueError:
        return None
    return time if time > local else time + timedelta(days=1)
