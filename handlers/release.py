"""release+TOKEN@: staff answer a preview, or stop what a receipt told of (protocol 1, 1.3, 1.4, 5.5, 5.7)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from handlers import holding, staff_letters
from handlers.accepting import explained, receipt_letter
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.own_text import own_text
from handlers.replies import NOT_ACCEPTED
from handlers.staff_letters import Receipt
from handlers.town import StaffMember, Town
from handlers.wishes import Answer, answer, sounds_like_stop
from handlers.wording import Text
from storage.records import (
    Alert,
    AlertState,
    AuditEvent,
    Change,
    Letter,
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
    # 1.3  A signed 「はい」 that they wrote to somebody else is no answer to this letter, whoever brings it here.
    if verdict.proof.addressed is not None and mail.route.tag not in verdict.proof.addressed:
        return Outcome(reply=NOT_ACCEPTED, audit=(refused(request.alert, "not-to-us"),))
    alert = reader.alert(request.alert)
    if alert is None:
        return ignored(request, "erased")
    own = own_text(verdict.proof.text or "")
    said = answer(own)
    word = Word(mail=mail, member=member, alert=alert, said=said, town=town, reader=reader)
    if alert.state is AlertState.HELD:
        return of_held(word)
    if said is Answer.NO:
        return stop(word)
    # 5.5  Somebody was faster, or it is too late; a word of thanks for a receipt needs no answer.
    if said is Answer.YES:
        return told(word, staff_letters.decided(mail.language, town, alert), "release:late")
    # 5.7  Nothing but 取消 stops it; who may have meant that learns that it goes on.
    if alert.state is AlertState.RELAYING and sounds_like_stop(own or mail.text):  # of HTML, as far as it can be read
        return told(word, staff_letters.decided(mail.language, town, alert), "release:unclear")
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
    if not may_release(word.member, alert, word.town):
        return told(word, staff_letters.not_yours(word.mail.language, word.town, alert), "release:not-yours")
    ends = ends_at(alert, now, word.town)
    if (alert.held_until is not None and alert.held_until <= now) or ends <= now:
        return told(word, staff_letters.too_late(word.mail.language, word.town, alert), "release:late")
    return release(word, ends)


def may_release(member: StaffMember, alert: Alert, town: Town) -> bool:
    """5.5  As things are now: somebody may have lost a right, or have been removed, since the preview was sent."""
    author = town.member(alert.author)
    if author is None or not author.covers(alert.districts, alert.category):
        return False
    if alert.release == "second":
        return member in holding.seconders(town, alert.author, alert.districts, alert.category)
    return member == author and member.may_release


def release(word: Word, ends: datetime) -> Outcome:
    """5.5  It goes out, to those who match now. Its author gets the receipt; whoever else released it hears so."""
    alert, member, town, reader = word.alert, word.member, word.town, word.reader
    content = reader.alert_content(alert)
    counts = holding.audience(alert, reader)
    changes: list[Change] = [ReleaseAlert(name=alert.name, by=member.id, expires_at=ends)]
    if content.new_key is not None:  # 5.1b  From now on this key is known.
        changes.append(RememberKey(domain=content.new_key[0], fingerprint=content.new_key[1]))
    category = town.category(alert.category)
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
    of_author = replace(word.mail, language=word.alert.language, message_id=None)
    letters = (
        receipt_letter(word.mail if one is word.member else of_author, one, word.town, receipt)
        for one in people.values()
    )
    return tuple(letter for letter in letters if letter is not None)


def refuse(word: Word) -> Outcome:
    """5.5  取消 in answer to a preview: it is not sent, and all who were asked hear so."""
    alert, town = word.alert, word.town
    event = AuditEvent(event="alert:withdrawn", subject=alert.name, detail={"by": word.member.id})
    own = letter(word, word.member, staff_letters.refused(word.mail.language, town, alert))
    others = holding.withdrawal(town, alert, word.member.id)
    return Outcome(audit=(event,), changes=(StopAlert(name=alert.name),), letters=(own, *others))


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
    """Nothing changes, and the person hears why; not without end, as a robot may answer, or a mail come again."""
    audit = AuditEvent(event=event, subject=word.alert.name, detail={"by": word.member.id})
    quota = explained(word.member)
    if word.reader.letters(quota, word.mail.received_at) >= word.town.alerts_per_hour:
        return Outcome(audit=(audit,))
    return Outcome(audit=(audit,), letters=(replace(letter(word, word.member, text), counted=(quota,)),))


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
