"""Reads an alert from what its author's signature covers, and from nothing else (protocol 2.2, 5.2–5.5, 5.7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from handlers import districts, expiry, following, signed_fields
from handlers.expiry import Expiry
from handlers.fields import VICTIM_YES, YES, read_head, read_line
from handlers.folding import fold
from handlers.following import FollowUp
from handlers.mail import Proof
from handlers.own_text import alert_text
from handlers.town import Category, StaffMember, Town
from storage.records import Reader, Relation

LONGEST_TEXT = 20_000  # characters; nobody reads more on a telephone, and each resident would get it
DRILL_WORDS = (fold("訓練"), "drill")
REPLY_PREFIX = re.compile(r"\A(?:(?:re|fwd?|転送|返信)\s*[:：]\s*)+", re.IGNORECASE)

Cause = Literal[
    "html-only", "no-text", "text-too-long", "field-not-signed", "unknown-field", "field-repeated", "fields-differ",
    "field-below", "drill-word", "drill-follow-up", "several-follow-ups", "follow-up-addressing", "unknown-alert",
    "year-over", "not-sent", "first-scope", "no-district", "unknown-district", "district-scope", "no-category",
    "unknown-category", "category-scope", "no-victim-consent", "bad-value", "nobody-to-second",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What could be read of a posting that is refused: the material of the draft."""

    codes: tuple[str, ...] = ()
    codes_missing: bool = False  # it named districts that are not known
    category: Category | None = None
    text: str = field(default="", repr=False)
    follows: tuple[Relation, str] | None = None  # a follow-up names no districts
    drill: bool = False


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
    expiry: Expiry
    follow_up: FollowUp | None = None
    drill: bool = False


def read(proof: Proof, member: StaffMember, town: Town, now: datetime, reader: Reader) -> Posting | Refusal:
    """The posting, or the first thing that is wrong with it."""
    # 5.9  HTML alone is not relayed.
    if proof.text is None:
        return Refusal(cause="html-only")
    if len(proof.text) > LONGEST_TEXT:
        return Refusal(cause="text-too-long")
    head = read_head(alert_text(proof.text), unknown_below=False)
    signed = signed_fields.read(head.lines, proof)
    fields = signed.values
    known = _known(fields, head.rest, town)
    if signed.doubt is not None:
        return _refused(Refusal(cause=signed.doubt.cause, word=signed.doubt.word), known, member)
    refusal = _stray(proof, fields, head.rest)
    follow_up = following.read(fields, member, town, now, reader)
    if refusal is None and isinstance(follow_up, following.Unfit):
        refusal = Refusal(cause=follow_up.cause, word=follow_up.word)
    if refusal is None and follow_up is None:
        refusal = _addressing(fields, known, member, town)
    if refusal is not None or isinstance(follow_up, following.Unfit):
        return _refused(refusal, known, member)
    if follow_up is not None:
        known = replace(known, codes=follow_up.first.districts, category=town.category(follow_up.first.category))
    return _declared(fields, known, follow_up, proof, town, now)


def _declared(
    fields: Mapping[str, str],
    known: Known,
    follow_up: FollowUp | None,
    proof: Proof,
    town: Town,
    now: datetime,
) -> Posting | Refusal:
    """5.4  A category that needs the victim's consent is never relayed without it; then the posting is whole."""
    category = known.category
    if category is None:
        return Refusal(cause="unknown-category", known=known)
    consent = fields.get("Victim-Consent")
    asked = category.victim_consent and (follow_up is None or follow_up.tells_anew)
    if asked and (consent is None or fold(consent) not in VICTIM_YES):
        return Refusal(cause="no-victim-consent", known=known)
    if consent is not None and fold(consent) not in VICTIM_YES:
        return Refusal(cause="bad-value", word="Victim-Consent", known=known)
    until = expiry.read(fields.get("Expires"), town, now)
    if until is None:
        return Refusal(cause="bad-value", word="Expires", known=known)
    return Posting(
        codes=known.codes,
        category=category,
        victim_consent=consent is not None,
        subject=REPLY_PREFIX.sub("", proof.subject.strip()).strip(),
        text=known.text,
        expiry=until,
        follow_up=follow_up,
        drill=known.drill,
    )


def _refused(refusal: Refusal | None, known: Known, member: StaffMember) -> Refusal:
    assert refusal is not None
    return replace(refusal, known=_within_scope(known, member))


def _stray(proof: Proof, fields: Mapping[str, str], text: str) -> Refusal | None:
    """2.2  A field below the fields, a drill that does not say so, an alert that says nothing."""
    for row in text.split("\n"):
        if (line := read_line(row)) is not None and line.name is not None:
            return Refusal(cause="field-below", word=line.word)
    if "Drill" in fields and fold(fields["Drill"]) not in YES:
        return Refusal(cause="bad-value", word="Drill")
    if "Drill" in fields and following.named(fields):
        return Refusal(cause="drill-follow-up")
    if "Drill" not in fields and any(word in fold(proof.subject) for word in DRILL_WORDS):
        return Refusal(cause="drill-word")
    # 5.7  What takes back or closes has words of ours where its author had no time for any.
    speaks_for_itself = {Relation.CANCELLATION, Relation.RESOLVED} & set(following.named(fields))
    return None if text.strip() or speaks_for_itself else Refusal(cause="no-text")


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
    cited = next(((relation, fields[relation.value.capitalize()]) for relation in following.named(fields)), None)
    return Known(
        codes=chosen.codes,
        codes_missing=bool(chosen.unknown),
        category=category,
        text=text,
        follows=cited,
        drill="Drill" in fields,
    )


def _within_scope(known: Known, member: StaffMember) -> Known:
    """5.3  What of it this member of staff may post; a draft proposes nothing else."""
    codes = tuple(code for code in known.codes if member.covers((code,)))
    allowed = known.category is not None and member.covers((), known.category.code)
    return replace(known, codes=codes, category=known.category if allowed else None)
