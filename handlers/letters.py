"""Every letter that we write, from the texts of both languages (protocol 6). No text of a stranger enters one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from handlers import districts
from handlers.carriers import carrier
from handlers.posting import Known, Posting, Refusal
from handlers.public_fields import Mistake
from handlers.texts import en, ja
from handlers.town import Language, Town
from storage.records import Address, Alert, Consent, Matched, NewRequest, Request, RequestKind, Subscription


class Texts(Protocol):
    """What a language has to have."""

    LETTERS: dict[str, tuple[str, str]]
    REASONS: dict[str, tuple[str, str]]
    FIELD_NAMES: dict[str, str]
    ENDED: dict[str, str]
    SIGNATURE: str
    LAST_TODAY: str
    UNDER_FIVE: str
    COUNT: str
    EVERYTHING: str
    DATE: str
    MOMENT: str
    ATTACHMENTS_LEFT_OUT: str
    RESEMBLES: str
    PER_DISTRICT: str
    DRAFT: str
    CHOOSE: str
    YES: str
    CARRIERS: dict[str, str]
    CHANGE_SETS: str
    CHANGE_ADDS: str
    CHANGE_REMOVES: str
    STATUS_YEAR: str
    WAYS: dict[str, str]


TEXTS: dict[Language, Texts] = {"ja": ja, "en": en}
TOKEN_OVER = {
    RequestKind.CONFIRM_SUBSCRIBE: "token_over_subscribe",
    RequestKind.RENEW: "token_over_subscribe",
    RequestKind.FORM: "token_over_subscribe",
    RequestKind.CONFIRM_LEAVE: "token_over_leave",
    RequestKind.CONFIRM_CHANGE: "token_over_change",
    RequestKind.CONFIRM_STATUS: "token_over_status",
}
FEW = 5  # 5.6  smaller counts are not told
UNKNOWN_WORDS = 3  # for which the nearest names are told
WITHOUT_DRAFT = frozenset({"html-only", "drill-not-yet"})  # no text to draft; a drill must not become an alert


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    subject: str = field(repr=False)
    body: str = field(repr=False)


# --- to residents -------------------------------------------------------------------------------


def confirm(language: Language, town: Town, to: Address, codes: Iterable[str], year: int) -> Text:
    facts = {"districts": _names(codes, town), "until": _until(language, town, year)}
    return _write(language, "confirm", town, carrier=_filter_steps(language, town, to), **facts)


def form(language: Language, town: Town, to: Address, year: int) -> Text:
    facts = {"list": _numbered(town), "until": _until(language, town, year)}
    return _write(language, "form", town, carrier=_filter_steps(language, town, to), **facts)


def form_again(language: Language, town: Town) -> Text:
    return _write(language, "form_again", town, list=_numbered(town))


def receipt(language: Language, town: Town, codes: Iterable[str], year: int, consent: Consent) -> Text:
    agreed = _moment(language, town, consent.at)
    names, until = _names(codes, town), _until(language, town, year)
    return _write(language, "receipt", town, districts=names, until=until, agreed=agreed, version=consent.version)


def already(language: Language, town: Town, codes: Iterable[str], year: int) -> Text:
    return _write(language, "already", town, districts=_names(codes, town), until=_until(language, town, year))


def mistake(language: Language, town: Town, found: Mistake) -> Text:
    """2.3  What is wrong, and lines of the fields that belong there, as they would be right."""
    texts = TEXTS[language]
    values = {"District": "、".join(district.name for district in town.districts[:2]), "Consent": texts.YES}
    facts = {
        "position": found.position,
        "field": texts.FIELD_NAMES.get(found.name, ""),
        "lines": _field_lines(language, {name: values[name] for name in found.allowed}),
    }
    return _write(language, f"mistake_{found.kind}", town, **facts)


def unknown_district(language: Language, town: Town, unknown: Sequence[str]) -> Text:
    """The names nearest to each unknown word; the words themselves are not repeated."""
    near = dict.fromkeys(
        district.name for word in unknown[:UNKNOWN_WORDS] for district in districts.nearest(word[:40], town.districts)
    )
    return _write(language, "unknown_district", town, nearest="\n".join(f"　{name}" for name in near))


def token_over(language: Language, town: Town, request: Request) -> Text:
    return _write(language, TOKEN_OVER[request.kind], town)


def withdrawn(language: Language, town: Town) -> Text:
    return _write(language, "withdrawn", town)


def confirm_leaving(language: Language, town: Town, codes: Iterable[str]) -> Text:
    names = _names(codes, town) or TEXTS[language].EVERYTHING
    return _write(language, "confirm_leaving", town, districts=names)


def confirm_change(language: Language, town: Town, wish: NewRequest | Request) -> Text:
    """What the change would do, in the three parts that it may have."""
    texts = TEXTS[language]
    parts = (
        (texts.CHANGE_SETS if wish.replaces else texts.CHANGE_ADDS, wish.districts),
        (texts.CHANGE_REMOVES, wish.removed),
    )
    lines = "\n".join(line.format(districts=_names(codes, town)) for line, codes in parts if codes)
    return _write(language, "confirm_change", town, change=lines)


def confirm_status(language: Language, town: Town) -> Text:
    return _write(language, "confirm_status", town)


def change_how(language: Language, town: Town) -> Text:
    example = town.districts[0].name
    return _write(language, "change_how", town, example=example, other=town.districts[-1].name)


def change_leaves_nothing(language: Language, town: Town) -> Text:
    return _write(language, "change_leaves_nothing", town)


def changed(language: Language, town: Town, codes: Iterable[str], year: int) -> Text:
    return _write(language, "changed", town, districts=_names(codes, town), until=_until(language, town, year))


def not_registered(language: Language, town: Town) -> Text:
    return _write(language, "not_registered", town)


def status(language: Language, town: Town, held: Sequence[Subscription], wording: str | None) -> Text:
    """Each year's districts and date, the evidence of consent, and the wording that was agreed to."""
    texts = TEXTS[language]
    years = "\n".join(
        texts.STATUS_YEAR.format(districts=_names(each.districts, town), until=_until(language, town, each.year))
        for each in held
    )
    consent = held[-1].consent
    agreed = _moment(language, town, consent.at)
    way = texts.WAYS[consent.way]
    return _write(
        language, "status", town, years=years, version=consent.version, agreed=agreed, way=way, terms=wording or ""
    )


def renewal(language: Language, town: Town, codes: Iterable[str], year: int) -> Text:
    """3.9  Asks a resident of the ending year whether to go on."""
    ends, until = _until(language, town, year - 1), _until(language, town, year)
    return _write(language, "renewal", town, districts=_names(codes, town), ends=ends, until=until)


def goodbye(language: Language, town: Town) -> Text:
    return _write(language, "goodbye", town)


def narrowed(language: Language, town: Town, codes: Iterable[str]) -> Text:
    return _write(language, "narrowed", town, districts=_names(codes, town))


def help_letter(language: Language, town: Town) -> Text:
    return _write(language, "help", town)


def last_today(text: Text, language: Language) -> Text:
    """3.6  The fourth letter of a day says that it is the last."""
    return replace(text, body=TEXTS[language].LAST_TODAY + text.body)


# --- to staff and the administrator -------------------------------------------------------------


def passed_on(town: Town, command: str) -> Text:
    return _write("ja", "passed_on", town, command=command)


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
        parts = (f"{_names([code], town)} {_rounded(language, count)}" for code, count in shown.items())
        remarks += texts.PER_DISTRICT.format(list="、".join(parts))
    return _write(
        language,
        "alert_receipt",
        town,
        name=name,
        category=posting.category.name,
        districts=_names(posting.codes, town),
        count=counted(language, matched.total),
        expires=_moment(language, town, posting.expires_at),
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
        "contact": _contact(town),
        "domain": town.domain,
    }
    return _write(
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
    return _write(
        language, "alert_report", town, name=alert.name, ending=TEXTS[language].ENDED[alert.state.value], **shown
    )


def footer(town: Town, organisation: str, name: str, names: str) -> str:
    """5.9  Who sent it, why you get it, how to leave."""
    facts = {"organisation": organisation, "name": name, "districts": names, "domain": town.domain}
    return ja.FOOTER.format(**facts, contact=_contact(town))


def counted(language: Language, count: int) -> str:
    """5.6  A count as staff may see it: 0, fewer than five, or exact."""
    texts = TEXTS[language]
    return texts.UNDER_FIVE if 0 < count < FEW else texts.COUNT.format(count=count)


def _rounded(language: Language, count: int) -> str:
    texts = TEXTS[language]
    return texts.UNDER_FIVE if count < FEW else texts.COUNT.format(count=count // FEW * FEW)


def _draft(language: Language, town: Town, known: Known) -> str:
    texts = TEXTS[language]
    named = [_names(known.codes, town)] if known.codes else []
    # What was not understood is not left out silently: as it stands, such a draft is refused again.
    missing = [texts.CHOOSE] if known.codes_missing or not named else []
    values = {
        "District": "、".join((*named, *missing)),
        "Category": known.category.name if known.category else texts.CHOOSE,
    }
    if known.category is not None and known.category.victim_consent:
        values["Victim-Consent"] = texts.CHOOSE
    return texts.DRAFT.format(domain=town.domain, fields=_field_lines(language, values), text=known.text)


def _field_lines(language: Language, values: Mapping[str, str]) -> str:
    colon = "：" if language == "ja" else ": "
    return "\n".join(f"{TEXTS[language].FIELD_NAMES[name]}{colon}{value}" for name, value in values.items())


def _write(language: Language, letter: str, town: Town, **facts: object) -> Text:
    texts = TEXTS[language]
    subject, body = texts.LETTERS[letter]
    known = {
        "organisation": town.organisation,
        "contact": _contact(town),
        "domain": town.domain,
        "terms": town.terms.text.strip(),
        "version": town.terms.version,
        "hours": town.pending_hours,
        "signature": texts.SIGNATURE.format(organisation=town.organisation, contact=town.contact).rstrip(),
    } | facts
    return Text(subject=subject.format(**known), body=body.format(**known).strip() + "\n")


def _filter_steps(language: Language, town: Town, to: Address) -> str:
    """The carrier's own steps that let our letters through; the first letter to such an address has them."""
    found = carrier(to)
    return TEXTS[language].CARRIERS[found].format(domain=town.domain) if found else ""


def _contact(town: Town) -> str:
    return town.contact or town.organisation


def _names(codes: Iterable[str], town: Town) -> str:
    return districts.names(codes, town.districts)


def _numbered(town: Town) -> str:
    return "\n".join(f"{number}. {district.name}" for number, district in enumerate(town.districts, start=1))


def _until(language: Language, town: Town, year: int) -> str:
    return _date(language, town.calendar.last_day(year))


def _date(language: Language, day: date) -> str:
    return TEXTS[language].DATE.format(day)


def _moment(language: Language, town: Town, moment: datetime) -> str:
    return TEXTS[language].MOMENT.format(moment.astimezone(town.calendar.timezone))
