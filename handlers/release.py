"""release+TOKEN@: staff answer a preview, or stop what a receipt told of (protocol 1, 1.3, 1.4, 5.5, 5.7)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handlers import holding, staff_letters
from handlers.accepting import receipt_letter
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.own_text import own_text
from handlers.replies import NOT_ACCEPTED
from handlers.staff_letters import Receipt
from handlers.town import StaffMember, Town
from handlers.wishes import Answer, answer
from handlers.wording import Text
from storage.records import (
    Alert,
    AlertState,
    AuditEvent,
    Change,
    Letter,
    Matched,
    Reader,
    ReleaseAlert,
    RememberKey,
    Request,
    StopAlert,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Who has answered what about which alert."""

    mail: InboundMail
    member: StaffMember
    alert: Alert
    said: Answer | None
    town: Town
    reader: Reader


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    request = verdict.claim
    assert isinstance(request, Request)
    # 1.4  An out-of-office or a read receipt releases nothing, and is not answered.
    if mail.automatic:
        return ignored(request, "automatic")
    # 1.3  Only the person for whom it was minted, proven by their signature.
    member = town.staff_member(verdict.author) if verdict.author else None
    if member is None or verdict.proof is None or member.address != request.address:
        cause = verdict.cause or ("not-the-holder" if member else "unknown-author")
        return Outcome(reply=NOT_ACCEPTED, audit=(refused(request.alert, cause),))
    alert = reader.alert(request.alert)
    if alert is None:
        return ignored(request, "erased")
    said = answer(own_text(verdict.proof.text or ""))
    word = Word(mail=mail, member=member, alert=alert, said=said, town=town, reader=reader)
    if alert.state is AlertState.HELD:
        return of_held(word)
    if said is Answer.NO:
        return stop(word)
    # 5.5  Somebody was faster, or it is too late; a word of thanks for a receipt needs no answer.
    if said is Answer.YES:
        return told(word, staff_letters.decided(mail.language, town, alert), "release:late")
    return ignored(request, "no-effect")


def of_held(word: Word) -> Outcome:
    """5.5  Releases, refuses, or says what would do so."""
    alert, now = word.alert, word.mail.received_at
    if word.said is Answer.NO:
        return refuse(word)
    if word.said is None:
        return told(word, staff_letters.unclear(word.mail.language, word.town, alert), "release:unclear")
    if alert.release == "second" and word.member.id == alert.author:
        return told(word, staff_letters.second_needed(word.mail.language, word.town, alert), "release:not-yours")
    fitting = holding.readers(word.town, alert.release, alert.author, alert.districts, alert.category)
    if word.member not in fitting:  # they may no more what they might when the preview was sent
        return told(word, staff_letters.not_yours(word.mail.language, word.town, alert), "release:not-yours")
    ends = ends_at(alert, now, word.town)
    if (alert.held_until is not None and alert.held_until <= now) or ends <= now:
        return told(word, staff_letters.too_late(word.mail.language, word.town, alert), "release:late")
    return release(word, ends)


def release(word: Word, ends: datetime) -> Outcome:
    """5.5  It goes out, to those who match now. Its author gets the receipt; whoever else released it hears so."""
    alert, member, town, reader = word.alert, word.member, word.town, word.reader
    content = reader.alert_content(alert)
    following = alert.follows_id is not None
    counts = Matched(total=alert.matched, by_district={}) if following else reader.matched(alert.year, alert.districts)
    changes: list[Change] = [ReleaseAlert(name=alert.name, by=member.id, expires_at=ends)]
    if content.new_key is not None:  # 5.1b  From now on this key is known.
        changes.append(RememberKey(domain=content.new_key[0], fingerprint=content.new_key[1]))
    category = next((one for one in town.categories if one.code == alert.category), None)
    receipt = Receipt(
        name=alert.name,
        category=category.name if category else alert.category,
        codes=alert.districts,
        matched=counts,
        expires_at=ends,
        follows=alert.follows,
    )
    detail = {"by": member.id, "author": alert.author, "matched": counts.total}
    event = AuditEvent(event="alert:released", subject=alert.name, detail=detail)
    return Outcome(audit=(event,), changes=tuple(changes), letters=receipts(word, receipt))


def receipts(word: Word, receipt: Receipt) -> tuple[Letter, ...]:
    """For the author and for whoever released it: each can stop it."""
    people = {word.member.id: word.member} | {one.id: one for one in word.town.staff if one.id == word.alert.author}
    # Each in the language of what they wrote: the answer, or the alert.
    of_author = replace(word.mail, language="en" if word.alert.language == "en" else "ja", message_id=None)
    letters = (
        receipt_letter(word.mail if one is word.member else of_author, one, word.town, receipt)
        for one in people.values()
    )
    return tuple(letter for letter in letters if letter is not None)


def refuse(word: Word) -> Outcome:
    """5.5  取消 in answer to a preview: it is not sent, and all who were asked hear so."""
    alert, town = word.alert, word.town
    event = AuditEvent(event="alert:withdrawn", subject=alert.name, detail={"by": word.member.id})
    people = holding.readers(town, alert.release, alert.author, alert.districts, alert.category)
    text = staff_letters.refused(word.mail.language, town, alert)
    letters = tuple(letter(word, one, text) for one in dict.fromkeys((word.member, *people)))
    return Outcome(audit=(event,), changes=(StopAlert(name=alert.name),), letters=letters)


def stop(word: Word) -> Outcome:
    """5.7  取消 in answer to a receipt: the rest of a running alert is stopped at once."""
    alert, town = word.alert, word.town
    if alert.state is not AlertState.RELAYING:
        return told(word, staff_letters.decided(word.mail.language, town, alert), "release:late")
    event = AuditEvent(event="alert:stopping", subject=alert.name, detail={"by": word.member.id})
    text = staff_letters.stopping(word.mail.language, town, alert)
    changes = (StopAlert(name=alert.name),)
    return Outcome(audit=(event,), changes=changes, letters=(letter(word, word.member, text),))


def told(word: Word, text: Text, event: str) -> Outcome:
    """Nothing changes, and the person hears why."""
    audit = AuditEvent(event=event, subject=word.alert.name, detail={"by": word.member.id})
    return Outcome(audit=(audit,), letters=(letter(word, word.member, text),))


def letter(word: Word, to: StaffMember, text: Text) -> Letter:
    """It comes from an address of its own, at which this person may answer again."""
    until = word.alert.held_until if word.alert.state is AlertState.HELD else None
    request = holding.release_request(to, word.alert.name, until or word.alert.expires_at)
    reply_to = word.mail.message_id if to is word.member else None
    return Letter(
        to=to.address, subject=text.subject, text=text.body, request=request, in_reply_to=reply_to, urgent=True
    )


def ends_at(alert: Alert, now: datetime, town: Town) -> datetime:
    """5.5  `Expires` counts from the release, unless it names a time; never past the year's end."""
    ends = now + timedelta(minutes=alert.minutes) if alert.minutes is not None else alert.expires_at
    return min(ends, town.calendar.over(alert.year))


def ignored(request: Request, cause: str) -> Outcome:
    detail = {"cause": cause, "command": "release"}
    return Outcome(audit=(AuditEvent(event="mail:ignored", subject=request.alert, detail=detail),))


def refused(name: str, cause: str) -> AuditEvent:
    return AuditEvent(event="release:refused", subject=name, detail={"cause": cause})
