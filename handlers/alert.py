"""alert@: staff post an alert (protocol 5.1–5.9, release "direct")."""

from datetime import timedelta

from handlers import composing, posting, staff_letters
from handlers.mail import InboundMail, Proof, Verdict
from handlers.outcome import Outcome
from handlers.posting import Posting, Refusal
from handlers.replies import NOT_ACCEPTED, TOO_MANY_ALERTS
from handlers.town import StaffMember, Town
from handlers.wording import Text
from storage.records import AuditEvent, Change, Letter, Matched, NewAlert, Reader, RememberKey, SaveAlert, alert_name

HOUR = timedelta(hours=1)


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    # 5.1  Only an enrolled author whose signature passed the whole pipeline may post.
    member = town.staff_member(verdict.author) if verdict.author else None
    if member is None or verdict.proof is None:
        cause = verdict.cause or "unknown-author"
        return Outcome(reply=NOT_ACCEPTED, audit=(AuditEvent(event="alert:refused", detail={"cause": cause}),))
    proof = verdict.proof

    # 5.8  Once only, and not more than so many an hour.
    key = replay_key(proof, verdict, reader)
    if number := reader.replayed(key, mail.received_at):
        detail = {"author": member.id, "alert": number}
        return Outcome(audit=(AuditEvent(event="alert:repeated", subject=number, detail=detail),))
    if reader.alerts_since(member.id, mail.received_at - HOUR) >= town.alerts_per_hour:
        return Outcome(reply=TOO_MANY_ALERTS, audit=(refused(member, "alerts-an-hour"),))

    # 5.2–5.4  Fields, scope, consent: the author is proven, so they get 250 and a letter with a draft.
    read = posting.read(proof, member, town, mail.received_at)
    if isinstance(read, Refusal):
        return explain(mail, member, read, town)
    # 5.5  Above this many recipients an alert needs a release, which this version cannot ask for.
    year = town.calendar.year(mail.received_at)
    matched = reader.matched(year, read.codes)
    if matched.total > town.release_above:
        known = posting.Known(codes=read.codes, category=read.category, text=read.text)
        return explain(mail, member, Refusal(cause="too-many-recipients", known=known), town)
    return accept(mail, member, proof, read, matched, key, year, reader, town)


def accept(
    mail: InboundMail,
    member: StaffMember,
    proof: Proof,
    read: Posting,
    matched: Matched,
    key: bytes,
    year: int,
    reader: Reader,
    town: Town,
) -> Outcome:
    """5.5, 5.6  Relayed at once; the receipt says to how many and how to stop it."""
    number = reader.next_alert_number(year)
    name = alert_name(year, number)
    text_key = reader.keyed("text", read.text.encode())
    alert = NewAlert(
        year=year,
        number=number,
        author=member.id,
        organisation=member.organisation,
        category=read.category.code,
        districts=read.codes,
        subject=composing.subject(read, town),
        text=composing.text(read, town, member.organisation, name),
        accepted_at=mail.received_at,
        expires_at=read.expires_at,
        replay_key=key,
        text_key=text_key,
        language=mail.language,
    )
    resembles = reader.resembling(text_key, mail.received_at)
    receipt = staff_letters.alert_receipt(mail.language, town, name, read, matched, proof.attachments, resembles)
    detail = {
        "author": member.id,
        "category": read.category.code,
        "districts": list(read.codes),
        "matched": matched.total,
        "victim_consent": read.victim_consent,
        "domain": proof.domain,
        "selector": proof.selector,
    }
    events = [AuditEvent(event="alert:accepted", subject=name, detail=detail)]
    changes: list[Change] = [SaveAlert(alert=alert)]
    # 5.1b  A key never seen is told; that it holds the alert back comes with releases.
    if not proof.pinned and not reader.key_known(proof.domain, proof.fingerprint):
        seen = {"domain": proof.domain, "selector": proof.selector, "fingerprint": proof.fingerprint, "alert": name}
        events.append(AuditEvent(event="key:new", subject=member.id, detail=seen))
        changes.append(RememberKey(domain=proof.domain, fingerprint=proof.fingerprint))
    return Outcome(audit=tuple(events), changes=tuple(changes), letters=to_author(mail, member, receipt))


def explain(mail: InboundMail, member: StaffMember, refusal: Refusal, town: Town) -> Outcome:
    """5.3  Nothing is relayed; the author learns why and gets a draft that is ready to send."""
    text = staff_letters.alert_refused(mail.language, town, refusal)
    return Outcome(audit=(refused(member, refusal.cause),), letters=to_author(mail, member, text))


def to_author(mail: InboundMail, member: StaffMember, text: Text) -> tuple[Letter, ...]:
    """6  The letter to a member of staff; none where a program wrote, as an out-of-office that answers a receipt."""
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


def replay_key(proof: Proof, verdict: Verdict, reader: Reader) -> bytes:
    """5.8  Signing domain, From, Message-ID, Date and body hash; never b=, which anybody can vary."""
    assert verdict.author is not None
    parts = (proof.domain, verdict.author.canonical, proof.message_id, proof.date, proof.body_hash.hex())
    return reader.keyed("replay", "\x00".join(parts).encode())
