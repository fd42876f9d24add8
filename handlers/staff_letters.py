"""Every letter to staff and to the administrator (protocol 5.3, 5.6), and the footer that residents read (5.9)."""

from handlers import districts
from handlers.posting import Known, Posting, Refusal
from handlers.texts import ja
from handlers.town import Language, Town
from handlers.wording import TEXTS, Text, contact_of, district_names, field_lines, local_time, write
from storage.records import Alert, Matched

FEW = 5  # 5.6  smaller counts are not told
WITHOUT_DRAFT = frozenset({"html-only", "drill-not-yet"})  # no text to draft; a drill must not become an alert


def passed_on(town: Town, command: str) -> Text:
    return write("ja", "passed_on", town, command=command)


def outage(town: Town, failures: int, copies: int) -> Text:
    """6.8  Many mails come back at once: nothing is counted, and somebody should look."""
    return write(town.language, "outage", town, failures=failures, copies=copies)


def alert_receipt(
    language: Language,
    town: Town,
    name: str,
    posting: Posting,
    matched: Matched,
    attachments: int,
    resembles: str | None,
) -> Text:
    """5.6  What was left out stands first among the remarks."""
    texts = TEXTS[language]
    remarks = texts.ATTACHMENTS_LEFT_OUT.format(count=attachments) if attachments else ""
    remarks += texts.RESEMBLES.format(name=resembles) if resembles else ""
    if len(posting.codes) > 1:
        shown = {code: matched.by_district[code] for code in posting.codes}
        parts = (f"{district_names([code], town)} {_rounded(language, count)}" for code, count in shown.items())
        remarks += texts.PER_DISTRICT.format(list="、".join(parts))
    return write(
        language,
        "alert_receipt",
        town,
        name=name,
        category=posting.category.name,
        districts=district_names(posting.codes, town),
        count=counted(language, matched.total),
        expires=local_time(language, town, posting.expires_at),
        remarks=remarks,
    )


def alert_refused(language: Language, town: Town, refusal: Refusal) -> Text:
    """5.3  Why, what to do, and a draft. No draft ever fills in Victim-Consent."""
    texts = TEXTS[language]
    reason, step = texts.REASONS[refusal.cause]
    near = "、".join(district.name for district in districts.nearest(refusal.word[:40], town.districts))
    facts = {
        "word": texts.FIELD_NAMES.get(refusal.word, refusal.word[:40]),
        "nearest": near,
        "categories": "、".join(category.name for category in town.categories),
        "limit": town.release_above,
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


def alert_report(language: Language, town: Town, alert: Alert) -> Text:
    """5.6  How it ended."""
    counts = {"count": alert.matched, "relayed": alert.relayed, "failed": alert.failed, "waiting": alert.waiting}
    shown = {name: counted(language, count) for name, count in counts.items()}
    return write(
        language, "alert_report", town, name=alert.name, ending=TEXTS[language].ENDED[alert.state.value], **shown
    )


def footer(town: Town, organisation: str, name: str, names: str) -> str:
    """5.9  Who sent it, why you get it, how to leave."""
    facts = {"organisation": organisation, "name": name, "districts": names, "domain": town.domain}
    return ja.FOOTER.format(**facts, contact=contact_of(town))


def counted(language: Language, count: int) -> str:
    """5.6  A count as staff may see it: 0, fewer than five, or exact."""
    texts = TEXTS[language]
    return texts.UNDER_FIVE if 0 < count < FEW else texts.COUNT.format(count=count)


def _rounded(language: Language, count: int) -> str:
    texts = TEXTS[language]
    return texts.UNDER_FIVE if count < FEW else texts.COUNT.format(count=count // FEW * FEW)


def _draft(language: Language, town: Town, known: Known) -> str:
    texts = TEXTS[language]
    named = [district_names(known.codes, town)] if known.codes else []
    # What was not understood is not left out silently: as it stands, such a draft is refused again.
    missing = [texts.CHOOSE] if known.codes_missing or not named else []
    values = {
        "District": "、".join((*named, *missing)),
        "Category": known.category.name if known.category else texts.CHOOSE,
    }
    if known.category is not None and known.category.victim_consent:
        values["Victim-Consent"] = texts.CHOOSE
    return texts.DRAFT.format(domain=town.domain, fields=field_lines(language, values), text=known.text)
