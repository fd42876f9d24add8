"""alert@: staff post an alert (protocol 5.1–5.10). What becomes of an accepted one is said in accepting.py."""

from datetime import timedelta

from handlers import accepting, drill, holding, posting, staff_letters
from handlers.accepting import Case, explain, refused, to_author
from handlers.mail import InboundMail, Proof, Verdict
from handlers.outcome import Outcome
from handlers.posting import Known, Posting, Refusal
from handlers.replies import NOT_ACCEPTED, TOO_MANY_ALERTS
from handlers.town import StaffMember, Town
from storage.records import Alert, AlertState, AuditEvent, Reader, StopAlert

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

    # 5.2–5.4, 5.7  Fields, scope, consent: the author is proven, so they get 250 and a letter with a draft.
    read = posting.read(proof, member, town, mail.received_at, reader)
    if isinstance(read, Refusal):
        return explain(mail, member, read, town, reader)
    if read.drill:
        return drill.handle(mail, member, read, key, reader, town)
    if read.follow_up is not None and read.follow_up.cited.state is AlertState.HELD:
        return take_back(mail, member, read, read.follow_up.cited, town)
    said, read = read, holding.guarded(read, proof, mail.received_at, town, reader)
    year = town.calendar.year(mail.received_at)
    case = Case(
        mail=mail,
        member=member,
        proof=proof,
        posting=read,
        replaced=read.text != said.text,
        replay_key=key,
        year=year,
        matched=accepting.reached(read, year, reader),
        town=town,
        reader=reader,
    )
    # 5.5  Relayed at once, or held for a release.
    hold = holding.needed(read, member, proof, case.matched.total, mail.received_at, town, reader)
    return accepting.accept(case) if hold is None else accepting.keep(case, hold)


def take_back(mail: InboundMail, member: StaffMember, read: Posting, held: Alert, town: Town) -> Outcome:
    """5.7  A held alert that is corrected or cancelled: nobody has it, so it is withdrawn and nothing is sent."""
    event = AuditEvent(event="alert:withdrawn", subject=held.name, detail={"by": member.id})
    follows = (held.relation, held.follows) if held.relation is not None else None
    known = Known(codes=read.codes, category=read.category, text=read.text, follows=follows)
    text = staff_letters.withdrawn(mail.language, town, held.name, known)
    letters = (*to_author(mail, member, text), *holding.withdrawal(town, held, member.id))
    return Outcome(audit=(event,), changes=(StopAlert(name=held.name),), letters=letters)


def replay_key(proof: Proof, verdict: Verdict, reader: Reader) -> bytes:
    """5.8  Signing domain, From, Message-ID, Date and body hash; never b=, which anybody can vary."""
    assert verdict.author is not None
    parts = (proof.domain, verdict.author.canonical, proof.message_id, proof.date, proof.body_hash.hex())
    return reader.keyed("replay", "\x00".join(parts).encode())
