"""A posting that may be relayed becomes an alert: at once, or held for a release (protocol 5.5–5.7)."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from handlers import composing, holding, staff_letters
from handlers.holding import Hold
from handlers.mail import InboundMail, Proof
from handlers.outcome import Outcome
from handlers.posting import Known, Posting, Refusal
from handlers.replies import TOO_MANY_ALERTS
from handlers.staff_letters import Preview, Receipt
from handlers.town import StaffMember, Town
from handlers.wording import Text
from storage.records import (
    Alert,
    AlertState,
    AuditEvent,
    Change,
    Letter,
    Matched,
    NewAlert,
    Quota,
    Reader,
    SaveAlert,
    StopAlert,
    alert_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A posting that may be relayed, with all that is decided by."""

    mail: InboundMail
    member: StaffMember
    proof: Proof
    posting: Posting
    replaced: bool = False  # 5.7  its words are ours, not its author's
    replay_key: bytes = field(repr=False)
    year: int
    matched: Matched
    town: Town
    reader: Reader

    @property
    def now(self) -> datetime:
        return self.mail.received_at


def accept(case: Case) -> Outcome:
    """5.5, 5.6  Relayed at once; the receipt says to how many and how to stop it."""
    new = composed(case)
    stops, stopped = stopping(case)
    receipt = Receipt(
        name=new.name,
        category=case.posting.category.name,
        codes=new.districts,
        matched=case.matched,
        expires_at=new.expires_at,
        attachments=case.proof.attachments,
        resembles=resembled(case, new),
        stopped=stopped,
        follows=new.follows,
        replaced=case.replaced,
    )
    letter = receipt_letter(case.mail, case.member, case.town, receipt)
    events = (accepted("alert:accepted", case, new), *stop_events(stopped, new.name))
    changes: tuple[Change, ...] = (*stops, SaveAlert(alert=new))
    letters = ((letter,) if letter else ()) + withdrawals(case, stopped)
    return Outcome(audit=events, changes=changes, letters=letters)


def keep(case: Case, hold: Hold) -> Outcome:
    """5.5  Held until it is released; nothing goes out to residents before."""
    posting, member, town = case.posting, case.member, case.town
    if case.mail.automatic:  # 6  nobody could be asked
        return Outcome(audit=(refused(member, "automatic"),))
    nobody = not holding.seconders(town, member.id, posting.codes, posting.category.code)
    if hold.kind == "second" and nobody:
        known = Known(codes=posting.codes, category=posting.category, text=posting.text)
        return explain(case.mail, member, Refusal(cause="nobody-to-second", known=known), town, case.reader)
    new = composed(case, hold)
    stops, stopped = stopping(case)
    assert new.held_until is not None
    preview = Preview(
        language=case.mail.language,
        name=new.name,
        kind=hold.kind,
        reasons=hold.reasons,
        noticed=holding.noticed(posting, case.now, town),
        codes=new.districts,
        category=posting.category,
        matched=case.matched,
        subject=new.subject,
        text=new.text,
        held_until=new.held_until,
        attachments=case.proof.attachments,
        resembles=resembled(case, new),
        stopped=stopped,
    )
    events = [accepted("alert:held", case, new), *stop_events(stopped, new.name)]
    letters = [*holding.previews(town, preview, member.id), *withdrawals(case, stopped)]
    if new.new_key is not None:  # 5.1b  The administrator is told of it.
        seen = {"domain": case.proof.domain, "selector": case.proof.selector, "fingerprint": case.proof.fingerprint}
        events.append(AuditEvent(event="key:new", subject=member.id, detail=seen | {"alert": new.name}))
        letters += staff_letters.new_key(town, member.id, case.proof, new.name)
    return Outcome(audit=tuple(events), changes=(*stops, SaveAlert(alert=new)), letters=tuple(letters))


def composed(case: Case, hold: Hold | None = None) -> NewAlert:
    """The alert as it is stored; a held one with what its release needs."""
    posting, town, now, over = case.posting, case.town, case.now, case.town.calendar.over(case.year)
    number = case.reader.next_alert_number(case.year)
    follow_up = posting.follow_up
    given_up = min(now + timedelta(minutes=town.expires_minutes), posting.expiry.at or over, over)
    new_key = (case.proof.domain, case.proof.fingerprint) if hold and "new-key" in hold.reasons else None
    return NewAlert(
        year=case.year,
        number=number,
        author=case.member.id,
        organisation=case.member.organisation,
        category=posting.category.code,
        districts=posting.codes,
        subject=composing.subject(posting, town),
        text=composing.text(posting, town, case.member.organisation, alert_name(case.year, number)),
        accepted_at=now,
        expires_at=min(posting.expiry.ends(now), over),
        replay_key=case.replay_key,
        text_key=case.reader.keyed("text", posting.text.encode()),
        language=case.mail.language,
        release=hold.kind if hold else "direct",
        reasons=hold.reasons if hold else (),
        held_until=given_up if hold else None,
        minutes=posting.expiry.minutes,
        new_key=new_key,
        relation=follow_up.relation if follow_up else None,
        follows=follow_up.first.name if follow_up else "",
    )


def resembled(case: Case, new: NewAlert) -> str | None:
    """5.8  An earlier alert of the same words; two without any do not resemble each other."""
    return case.reader.resembling(new.text_key, case.now) if case.posting.text.strip() else None


def reached(posting: Posting, year: int, reader: Reader) -> Matched:
    """To how many it would go; a follow-up to as many as have the first, or get it still."""
    if posting.follow_up is None:
        return reader.matched(year, posting.codes)
    first = posting.follow_up.first
    goes_on = first.state is AlertState.RELAYING and not posting.follow_up.relation.stops
    return Matched(total=max(first.matched, first.relayed) if goes_on else first.relayed, by_district={})


def stopping(case: Case) -> tuple[tuple[StopAlert, ...], tuple[Alert, ...]]:
    """5.7  A correction or cancellation stops at once whatever of the matter still goes out or waits."""
    follow_up = case.posting.follow_up
    if follow_up is None or not follow_up.relation.stops:
        return (), ()
    matter = (follow_up.first, *case.reader.follow_ups(follow_up.first))
    running = tuple(one for one in matter if one.state in (AlertState.RELAYING, AlertState.HELD))
    return tuple(StopAlert(name=one.name) for one in running), running


def stop_events(stopped: tuple[Alert, ...], by: str) -> tuple[AuditEvent, ...]:
    """Held ones end here; of running ones the relay tells when the last copy under way is recorded."""
    held = (one for one in stopped if one.state is AlertState.HELD)
    return tuple(AuditEvent(event="alert:withdrawn", subject=one.name, detail={"by": by}) for one in held)


def withdrawals(case: Case, stopped: tuple[Alert, ...]) -> tuple[Letter, ...]:
    """To those who were asked about a held one that is withdrawn by this correction."""
    held = (one for one in stopped if one.state is AlertState.HELD and not case.mail.automatic)
    return tuple(letter for one in held for letter in holding.withdrawal(case.town, one, case.member.id))


def receipt_letter(mail: InboundMail, member: StaffMember, town: Town, receipt: Receipt) -> Letter | None:
    """5.6  From the address at which an answer of 取消 stops the alert."""
    if mail.automatic:
        return None
    text = staff_letters.alert_receipt(mail.language, town, receipt)
    request = holding.release_request(member, receipt.name, receipt.expires_at)
    return Letter(
        to=member.address,
        subject=text.subject,
        text=text.body,
        request=request,
        in_reply_to=mail.message_id,
        urgent=True,
    )


def accepted(event: str, case: Case, new: NewAlert) -> AuditEvent:
    detail: dict[str, object] = {
        "author": case.member.id,
        "category": new.category,
        "districts": list(new.districts),
        "matched": case.matched.total,
        "victim_consent": case.posting.victim_consent,
        "domain": case.proof.domain,
        "selector": case.proof.selector,
    }
    if new.relation is not None:
        detail |= {"relation": new.relation.value, "follows": new.follows}
    if new.release != "direct":
        detail |= {"release": new.release, "reasons": list(new.reasons)}
    return AuditEvent(event=event, subject=new.name, detail=detail)


def explain(mail: InboundMail, member: StaffMember, refusal: Refusal, town: Town, reader: Reader) -> Outcome:
    """5.3  Nothing is relayed; the author learns why and gets a draft that is ready to send.

    One hour's explanations are limited: a mail that is refused can be brought again and again, and a robot can answer.
    """
    told = explained(member)
    if reader.letters(told, mail.received_at) >= town.alerts_per_hour:
        return Outcome(reply=TOO_MANY_ALERTS, audit=(refused(member, "alerts-an-hour"),))
    text = staff_letters.alert_refused(mail.language, town, refusal)
    letters = tuple(replace(each, counted=(told,)) for each in to_author(mail, member, text))
    return Outcome(audit=(refused(member, refusal.cause),), letters=letters)


def explained(member: StaffMember) -> Quota:
    """What letters that change nothing are counted by: a member of staff and an hour."""
    return Quota("staff", member.id)


def to_author(mail: InboundMail, member: StaffMember, text: Text) -> tuple[Letter, ...]:
    """6  The letter to a member of staff; none where a program wrote, as an out-of-office that answers a letter."""
    if mail.automatic:
        return ()
    letter = Letter(
        to=member.address,
        subject=text.subject,
        text=text.body,
        local_part="alert",
        in_reply_to=mail.message_id,
        urgent=True,
    )
    return (letter,)


def refused(member: StaffMember, cause: str) -> AuditEvent:
    return AuditEvent(event="alert:refused", subject=member.id, detail={"cause": cause})
