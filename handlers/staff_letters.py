"""Every letter to staff and to the administrator (protocol 5.3, 5.5–5.7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from handlers import districts
from handlers.haste import Finding
from handlers.mail import Proof
from handlers.posting import Known, Posting, Refusal
from handlers.town import Category, Language, Town
from handlers.wording import STAFF_TEXTS, TEXTS, Text, contact_of, district_names, field_lines, local_time, write
from storage.records import Alert, AlertState, Delivered, Letter, Matched

FEW = 5  # 5.6  smaller counts are not told
WITHOUT_DRAFT = frozenset({"html-only", "text-too-long", "drill-follow-up"})  # no text, or none that could be sent
LONGEST_WORD = 40  # characters of the author's own that a letter repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """5.6  What the author of an alert that goes out is told."""

    name: str
    category: str  # its name
    codes: tuple[str, ...]
    matched: Matched
    expires_at: datetime
    attachments: int = 0
    resembles: str | None = None
    stopped: Sequence[Alert] = ()
    follows: str = ""
    replaced: bool = False  # 5.7  it goes out in words of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """5.5  What those are told who may release an alert."""

    language: Language
    name: str
    kind: Literal["author", "second"]
    reasons: tuple[str, ...]
    noticed: tuple[Finding, ...] = ()
    codes: tuple[str, ...]
    category: Category
    matched: Matched
    subject: str = field(repr=False)
    text: str = field(repr=False)
    held_until: datetime
    attachments: int = 0
    resembles: str | None = None
    stopped: Sequence[Alert] = ()


def year_destroyed(town: Town, year: int, certificate: str) -> Text:
    """3.10  To the administrator; the certificate is in both languages."""
    return write("ja", "year_destroyed", town, year=year, certificate=certificate)


def passed_on(town: Town, command: str) -> Text:
    return write("ja", "passed_on", town, command=command)


def outage(town: Town, failures: int, copies: int) -> Text:
    """6.8  Many mails come back at once: nothing is counted, and somebody should look."""
    return write(town.language, "outage", town, failures=failures, copies=copies)


def checkpoint(town: Town, number: int, size: int, note: str) -> Text:
    """8.3  For outsiders, who keep it; in both languages, for nobody knows which is theirs."""
    return write("ja", "checkpoint", town, number=number, size=size, note=note.strip())


def alert_receipt(language: Language, town: Town, receipt: Receipt) -> Text:
    """5.6  What was left out stands first among the remarks."""
    remarks = STAFF_TEXTS[language].OUR_WORDS if receipt.replaced else ""
    remarks += _remarks(language, receipt.attachments, receipt.resembles, receipt.stopped)
    return write(
        language,
        "alert_receipt",
        town,
        name=receipt.name,
        category=receipt.category,
        districts=district_names(receipt.codes, town),
        count=_audience(language, receipt.matched, receipt.follows),
        expires=local_time(language, town, receipt.expires_at),
        remarks=remarks + _breakdown(language, town, receipt.codes, receipt.matched),
    )


def preview(language: Language, town: Town, preview: Preview, *, own: bool, again: bool) -> Text:
    """5.5  Why it is held, the one thing to do, to how many it would go, and the exact text."""
    texts = STAFF_TEXTS[language]
    head, opening = texts.PREVIEW_HEADS["again" if again else "first"]
    step = "author" if preview.kind == "author" else ("waits" if own else "second")
    remarks = _remarks(language, preview.attachments, preview.resembles, preview.stopped)
    return write(
        language,
        "preview",
        town,
        head=head.format(organisation=town.organisation, name=preview.name),
        opening=opening.format(name=preview.name),
        why=_why(language, town, preview),
        step=texts.PREVIEW_STEPS[step],
        until=local_time(language, town, preview.held_until),
        category=preview.category.name,
        districts=district_names(preview.codes, town),
        count=counted(language, preview.matched.total),
        remarks=remarks + _breakdown(language, town, preview.codes, preview.matched),
        title=preview.subject,
        text=preview.text.rstrip(),
    )


def alert_refused(language: Language, town: Town, refusal: Refusal) -> Text:
    """5.3  Why, what to do, and a draft. No draft ever fills in Victim-Consent."""
    texts = STAFF_TEXTS[language]
    reason, step = texts.REASONS[refusal.cause]
    near = "、".join(one.name for one in districts.nearest(refusal.word[:LONGEST_WORD], town.districts))
    facts = {
        "word": TEXTS[language].FIELD_NAMES.get(refusal.word, refusal.word[:LONGEST_WORD]),
        "nearest": near,
        "categories": "、".join(category.name for category in town.categories),
        "contact": contact_of(town),
        "domain": town.domain,
    }
    return write(
        language,
        "alert_refused",
        town,
        reason=reason.format(**facts),
        next=step.format(**facts),
        draft="" if refusal.cause in WITHOUT_DRAFT else _draft(language, town, refusal.known),
    )


def alert_report(language: Language, town: Town, alert: Alert, delivered: Delivered | None = None) -> Text:
    """5.6  How it ended; of one that nobody released, that nobody did."""
    if alert.given_up:
        return write(language, "held_over", town, name=alert.name)
    counts = {"count": alert.matched, "relayed": alert.relayed, "failed": alert.failed}
    counts["waiting"] = max(0, alert.unreached - alert.failed)
    shown = {name: counted(language, count) for name, count in counts.items()}
    return write(
        language,
        "alert_report",
        town,
        name=alert.name,
        ending=STAFF_TEXTS[language].ENDED[alert.state.value],
        course=_course(language, town, alert, delivered),
        **shown,
    )


def _course(language: Language, town: Town, alert: Alert, delivered: Delivered | None) -> str:
    """5.6  How many in each district have it, and how long that took."""
    if delivered is None or not delivered.seconds_to:
        return ""
    texts = STAFF_TEXTS[language]
    times = {f"to_{share}": _duration(language, seconds) for share, seconds in delivered.seconds_to.items()}
    reached = Matched(total=alert.relayed, by_district=delivered.by_district)
    slow = "、".join(
        texts.CARRIER.format(carrier=carrier, time=_duration(language, seconds))
        for carrier, seconds in delivered.carriers.items()
        if seconds > town.canary_slow_minutes * 60
    )
    late = texts.SLOW.format(list=slow) if slow else ""
    return texts.TOOK.format(**times) + late + _breakdown(language, town, alert.districts, reached)


def _duration(language: Language, seconds: float) -> str:
    texts = STAFF_TEXTS[language]
    minutes, rest = divmod(round(seconds), 60)
    return texts.MINUTES.format(minutes=minutes, seconds=rest) if minutes else texts.SECONDS.format(seconds=rest)


# --- answers to an answer (5.5, 5.7) ------------------------------------------------------------


def unclear(language: Language, town: Town, alert: Alert) -> Text:
    return write(language, "release_unclear", town, name=alert.name)


def second_needed(language: Language, town: Town, alert: Alert) -> Text:
    return write(language, "release_second_needed", town, name=alert.name)


def not_yours(language: Language, town: Town, alert: Alert) -> Text:
    return write(language, "release_not_yours", town, name=alert.name)


def too_late(language: Language, town: Town, alert: Alert) -> Text:
    return write(language, "release_too_late", town, name=alert.name)


def refused(language: Language, town: Town, alert: Alert) -> Text:
    return write(language, "release_refused", town, name=alert.name)


def decided(language: Language, town: Town, alert: Alert) -> Text:
    """It runs already, or it is over: what can still be done. Of what reached nobody there is nothing to take back."""
    if alert.state is AlertState.REFUSED:
        return refused(language, town, alert)
    if alert.given_up:
        return too_late(language, town, alert)
    running = alert.state is AlertState.RELAYING
    return write(language, "release_running" if running else "release_over", town, name=alert.name)


def stopping(language: Language, town: Town, alert: Alert) -> Text:
    return write(language, "stopping", town, name=alert.name, unreached=counted(language, alert.unreached))


def withdrawn(language: Language, town: Town, name: str, known: Known) -> Text:
    """5.7  Nobody has it; a correction goes out as a new alert."""
    draft = _draft(language, town, known) if known.text.strip() else ""
    return write(language, "withdrawn_alert", town, name=name, draft=draft)


# --- drills, new keys ------------------------------------------------------------------


def drill_receipt(language: Language, town: Town, people: int, at: datetime, posting: Posting) -> Text:
    return write(
        language,
        "drill_receipt",
        town,
        count=people,
        at=local_time(language, town, at),
        category=posting.category.name,
        districts=district_names(posting.codes, town),
    )


def new_key(town: Town, staff_id: str, proof: Proof, name: str) -> tuple[Letter, ...]:
    """5.1b  To the administrator, if there is one."""
    if town.admin is None:
        return ()
    facts = {"staff": staff_id, "host": proof.domain, "selector": proof.selector, "fingerprint": proof.fingerprint}
    text = write("ja", "new_key", town, name=name, **facts)
    return (Letter(to=town.admin, subject=text.subject, text=text.body, urgent=True),)


# --- parts --------------------------------------------------------------------------------------


def counted(language: Language, count: int) -> str:
    """5.6  A count as staff may see it: 0, fewer than five, or exact."""
    texts = STAFF_TEXTS[language]
    return texts.UNDER_FIVE if 0 < count < FEW else texts.COUNT.format(count=count)


def _audience(language: Language, matched: Matched, follows: str) -> str:
    shown = counted(language, matched.total)
    return STAFF_TEXTS[language].READERS_OF.format(first=follows, count=shown) if follows else shown


def _remarks(language: Language, attachments: int, resembles: str | None, stopped: Sequence[Alert]) -> str:
    texts = STAFF_TEXTS[language]
    remarks = texts.ATTACHMENTS_LEFT_OUT.format(count=attachments) if attachments else ""
    remarks += texts.RESEMBLES.format(name=resembles) if resembles else ""
    for one in stopped:
        words = texts.STOPPED_FIRST if one.state is AlertState.RELAYING else texts.STOPPED_HELD
        remarks += words.format(name=one.name, unreached=counted(language, one.unreached))
    return remarks


def _breakdown(language: Language, town: Town, codes: Sequence[str], matched: Matched) -> str:
    """5.6  Each of several districts rounded down to fives; those under five together."""
    if len(codes) < 2 or not matched.by_district:
        return ""
    texts, few = STAFF_TEXTS[language], [code for code in codes if matched.by_district[code] < FEW]
    parts = [
        f"{district_names([code], town)} {texts.COUNT.format(count=matched.by_district[code] // FEW * FEW)}"
        for code in codes
        if code not in few
    ]
    if few:
        parts.append(f"{district_names(few, town).replace('、', '・')} {texts.UNDER_FIVE_EACH}")
    return texts.PER_DISTRICT.format(list="、".join(parts))


def _why(language: Language, town: Town, preview: Preview) -> str:
    """5.5, 5.10  The reasons, and what was noticed, with the author's own word where there is one."""
    texts = STAFF_TEXTS[language]
    reasons = [texts.HOLD_REASONS[reason] for reason in preview.reasons if reason in texts.HOLD_REASONS]
    kinds = [reason.removeprefix("haste-") for reason in preview.reasons if reason.startswith("haste-")]
    words: dict[str, str] = {found.kind: found.word[:LONGEST_WORD] for found in preview.noticed}
    noticed = [texts.HASTE[kind].format(word=words.get(kind, "")) for kind in (words or kinds)]
    blocks = (
        (texts.WHY, [reason.format(limit=town.release_above) for reason in reasons]),
        (texts.NOTICED, noticed),
    )
    shown = (block.format(list="\n".join(f"・{line}" for line in lines)) for block, lines in blocks if lines)
    return "\n".join(shown)


def _draft(language: Language, town: Town, known: Known) -> str:
    texts = STAFF_TEXTS[language]
    if known.follows is not None:
        relation, number = known.follows
        values = {relation.value.capitalize(): number}
    else:
        named = [district_names(known.codes, town)] if known.codes else []
        # What was not understood is not left out silently: as it stands, such a draft is refused again.
        missing = [texts.CHOOSE] if known.codes_missing or not named else []
        values = {
            "District": "、".join((*named, *missing)),
            "Category": known.category.name if known.category else texts.CHOOSE,
        }
    if known.category is not None and known.category.victim_consent:
        values["Victim-Consent"] = texts.CHOOSE
    if known.drill:  # a drill must not become an alert when its draft is sent
        values["Drill"] = TEXTS[language].YES
    return texts.DRAFT.format(domain=town.domain, fields=field_lines(language, values), text=known.text)
