"""Whether an alert waits for a release, of whom, and the previews that ask for it (protocol 5.1b, 5.5, 5.10)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Literal

from handlers import haste, staff_letters
from handlers.mail import Proof
from handlers.outcome import Outcome
from handlers.posting import Posting
from handlers.staff_letters import Preview
from handlers.town import StaffMember, Town
from storage.records import Alert, AuditEvent, Letter, Matched, NewRequest, Reader, RequestKind

PRIVACY_CHECKS = frozenset({"telephone", "address", "name", "house-number"})  # what must not slip into a correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Who has to release it, and the reasons; a reason that begins with `haste-` is something that was noticed."""

    kind: Literal["author", "second"]
    reasons: tuple[str, ...]


def needed(
    posting: Posting, member: StaffMember, proof: Proof, recipients: int, now: datetime, town: Town, reader: Reader
) -> Hold | None:
    """None: it goes out at once."""
    # 5.7  What takes back or closes never waits.
    if posting.follow_up is not None and not posting.follow_up.tells_anew:
        return None
    reasons = []
    if posting.category.release != "direct":
        reasons.append(f"category-{posting.category.release}")
    if recipients > town.release_above:
        reasons.append("recipients")
    # 5.1b  A key that was never seen for this domain.
    if not proof.pinned and not reader.key_known(proof.domain, proof.fingerprint):
        reasons.append("new-key")
    if _older(proof, reader.restored_at()):
        reasons.append("restored")
    reasons += [f"haste-{found.kind}" for found in noticed(posting, now, town)]
    if not reasons:
        return None
    if not member.may_release:
        reasons.append("role")
    second = posting.category.release == "second" or not member.may_release
    return Hold(kind="second" if second else "author", reasons=tuple(reasons))


def _older(proof: Proof, restored_at: datetime | None) -> bool:
    """5.8, 8.6  Whether it may have gone out already: what was accepted since the backup is not remembered."""
    if restored_at is None:
        return False
    try:
        return parsedate_to_datetime(proof.date).timestamp() < int(restored_at.timestamp())
    except (TypeError, ValueError, IndexError, OverflowError):
        return True


def noticed(posting: Posting, now: datetime, town: Town) -> tuple[haste.Finding, ...]:
    """5.10  What people forget in haste; a correction is asked only about what would expose somebody."""
    checks = town.haste_checks & PRIVACY_CHECKS if posting.follow_up is not None else town.haste_checks
    return haste.noticed(posting.subject, posting.text, now, town, checks)


def guarded(posting: Posting, proof: Proof, now: datetime, town: Town, reader: Reader) -> Posting:
    """5.7  What nobody has to release goes out in our words where its own might expose somebody, or are a new key's."""
    if posting.follow_up is None or posting.follow_up.tells_anew:
        return posting
    unknown = not proof.pinned and not reader.key_known(proof.domain, proof.fingerprint)
    return replace(posting, subject="", text="") if unknown or noticed(posting, now, town) else posting


def seconders(town: Town, author: str, codes: Sequence[str], category: str) -> tuple[StaffMember, ...]:
    """Who may release what this author has posted: others, of the same scope."""
    return tuple(
        member for member in town.staff if member.may_second and member.id != author and member.covers(codes, category)
    )


def readers(town: Town, kind: str, author: str, codes: Sequence[str], category: str) -> tuple[StaffMember, ...]:
    """Who gets a preview: the author, and each who may second where that is wanted."""
    own = tuple(member for member in town.staff if member.id == author)
    return (*own, *(seconders(town, author, codes, category) if kind == "second" else ()))


def previews(town: Town, preview: Preview, author: str, again: bool = False) -> tuple[Letter, ...]:
    """5.5  A preview for each, with a token of their own."""
    people = readers(town, preview.kind, author, preview.codes, preview.category.code)
    texts = {
        member: staff_letters.preview(preview.language, town, preview, own=member.id == author, again=again)
        for member in people
    }
    return tuple(
        Letter(
            to=member.address,
            subject=text.subject,
            text=text.body,
            request=release_request(member, preview.name, preview.held_until),
            urgent=True,
        )
        for member, text in texts.items()
    )


def audience(alert: Alert, reader: Reader) -> Matched:
    """To how many a held alert would go now; a follow-up to as many as have the first."""
    if alert.follows_id is not None:
        return Matched(total=alert.matched, by_district={})
    return reader.matched(alert.year, alert.districts)


def withdrawal(town: Town, alert: Alert, by: str) -> tuple[Letter, ...]:
    """5.5  That a held alert is not sent: to all who were asked, but for whoever withdrew it."""
    text = staff_letters.refused(alert.language, town, alert)
    people = readers(town, alert.release, alert.author, alert.districts, alert.category)
    return tuple(
        Letter(to=one.address, subject=text.subject, text=text.body, local_part="alert", urgent=True)
        for one in people
        if one.id != by
    )


def release_request(member: StaffMember, name: str, expires_at: datetime) -> NewRequest:
    """The token by which this person answers about this alert."""
    year = int(name.partition("-")[0])
    return NewRequest(
        kind=RequestKind.RELEASE, address=member.address, years=(year,), alert=name, expires_at=expires_at
    )


def reminder(alert: Alert, reader: Reader, town: Town) -> Outcome:
    """5.5  Once, to all who could release it and have not answered."""
    category = town.category(alert.category)
    if category is None or alert.held_until is None or alert.release == "direct":
        return Outcome()
    content = reader.alert_content(alert)
    preview = Preview(
        language=alert.language,
        name=alert.name,
        kind=alert.release,
        reasons=content.reasons,
        codes=alert.districts,
        category=category,
        matched=audience(alert, reader),
        subject=content.subject,
        text=content.text,
        held_until=alert.held_until,
    )
    event = AuditEvent(event="alert:reminded", subject=alert.name)
    return Outcome(audit=(event,), letters=previews(town, preview, alert.author, again=True))
