"""probe@: a self-test for staff (protocol 5.11). It relays nothing and writes to enrolled addresses only.

Whoever claims to be staff may cause a letter to them, unproven: so no word of the mail stands in it, and a few a day
are enough. A stranger learns nothing: every answer is 250.
"""

from handlers import probe_report
from handlers.coverage import Coverage
from handlers.mail import InboundMail, Verdict
from handlers.outcome import Outcome
from handlers.town import StaffMember, Town
from storage.records import AuditEvent, Change, CoverageProfile, Letter, Quota, Reader, SaveCoverage

IGNORED = "probe:ignored"


def handle(mail: InboundMail, verdict: Verdict, reader: Reader, town: Town) -> Outcome:
    coverage = verdict.coverage or Coverage()
    author = coverage.author or mail.author
    member = town.staff_member(author) if author is not None else None
    if member is None:
        return _ignored("unknown-author")
    # 6  Robots get no letter.
    if mail.automatic:
        return _ignored("automatic", member)
    quota = Quota("probe", member.address.canonical)
    if reader.letters(quota, mail.received_at) >= town.probes_per_day:
        return _ignored("probes-a-day", member)
    text = probe_report.report(mail.language, town, coverage, member.address.domain)
    letter = Letter(
        to=member.address,
        subject=text.subject,
        text=text.body,
        local_part="probe",
        in_reply_to=mail.message_id,
        counted=(quota,),
    )
    detail = {"causes": list(coverage.causes), "domain": coverage.domain, "selector": coverage.selector}
    event = AuditEvent(event="probe:answered", subject=member.id, detail=detail)
    return Outcome(audit=(event,), changes=_profile(coverage), letters=(letter,))


def _profile(coverage: Coverage) -> tuple[Change, ...]:
    """What is kept of a right signature; a wrong one says nothing about the domain."""
    if not coverage.proven or coverage.key is None:
        return ()
    key = coverage.key
    profile = CoverageProfile(
        domain=coverage.domain,
        selector=coverage.selector,
        fingerprint=key.fingerprint,
        algorithm=key.algorithm,
        bits=key.bits,
        covered=coverage.covered,
        timed=coverage.timed,
        expires=coverage.expires,
    )
    return (SaveCoverage(profile=profile),)


def _ignored(cause: str, member: StaffMember | None = None) -> Outcome:
    event = AuditEvent(event=IGNORED, subject=member.id if member else None, detail={"cause": cause})
    return Outcome(audit=(event,))
