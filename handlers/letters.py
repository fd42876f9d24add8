"""Every letter to residents, from the texts of both languages (protocol 6). No text of a stranger enters one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from handlers import districts
from handlers.carriers import carrier
from handlers.public_fields import Mistake
from handlers.town import Language, Town
from handlers.wording import TEXTS, Text, district_names, field_lines, last_day, local_time, numbered_districts, write
from storage.records import Address, Consent, NewRequest, Request, RequestKind, Subscription

TOKEN_OVER = {
    RequestKind.CONFIRM_SUBSCRIBE: "token_over_subscribe",
    RequestKind.RENEW: "token_over_subscribe",
    RequestKind.FORM: "token_over_subscribe",
    RequestKind.CONFIRM_LEAVE: "token_over_leave",
    RequestKind.CONFIRM_CHANGE: "token_over_change",
    RequestKind.CONFIRM_STATUS: "token_over_status",
}
UNKNOWN_WORDS = 3  # for which the nearest names are told


def confirm(language: Language, town: Town, to: Address, codes: Iterable[str], year: int) -> Text:
    facts = {"districts": district_names(codes, town), "until": last_day(language, town, year)}
    return write(language, "confirm", town, carrier=_filter_steps(language, town, to), **facts)


def form(language: Language, town: Town, to: Address, year: int) -> Text:
    facts = {"list": numbered_districts(town), "until": last_day(language, town, year)}
    return write(language, "form", town, carrier=_filter_steps(language, town, to), **facts)


def form_again(language: Language, town: Town) -> Text:
    return write(language, "form_again", town, list=numbered_districts(town))


def receipt(language: Language, town: Town, codes: Iterable[str], year: int, consent: Consent) -> Text:
    agreed = local_time(language, town, consent.at)
    names, until = district_names(codes, town), last_day(language, town, year)
    return write(language, "receipt", town, districts=names, until=until, agreed=agreed, version=consent.version)


def already(language: Language, town: Town, codes: Iterable[str], year: int) -> Text:
    return write(language, "already", town, districts=district_names(codes, town), until=last_day(language, town, year))


def mistake(language: Language, town: Town, found: Mistake) -> Text:
    """2.3  What is wrong, and lines of the fields that belong there, as they would be right."""
    texts = TEXTS[language]
    values = {"District": "、".join(district.name for district in town.districts[:2]), "Consent": texts.YES}
    facts = {
        "position": found.position,
        "field": texts.FIELD_NAMES.get(found.name, ""),
        "lines": field_lines(language, {name: values[name] for name in found.allowed}),
    }
    return write(language, f"mistake_{found.kind}", town, **facts)


def unreadable(language: Language, town: Town) -> Text:
    return write(language, "unreadable", town)


def unknown_district(language: Language, town: Town, unknown: Sequence[str]) -> Text:
    """The names nearest to each unknown word; the words themselves are not repeated."""
    near = dict.fromkeys(
        district.name for word in unknown[:UNKNOWN_WORDS] for district in districts.nearest(word[:40], town.districts)
    )
    return write(language, "unknown_district", town, nearest="\n".join(f"　{name}" for name in near))


def token_over(language: Language, town: Town, request: Request) -> Text:
    return write(language, TOKEN_OVER[request.kind], town)


def withdrawn(language: Language, town: Town) -> Text:
    return write(language, "withdrawn", town)


def confirm_leaving(language: Language, town: Town, codes: Iterable[str]) -> Text:
    names = district_names(codes, town) or TEXTS[language].EVERYTHING
    return write(language, "confirm_leaving", town, districts=names)


def confirm_change(language: Language, town: Town, wish: NewRequest | Request) -> Text:
    """What the change would do, in the three parts that it may have."""
    texts = TEXTS[language]
    parts = (
        (texts.CHANGE_SETS if wish.replaces else texts.CHANGE_ADDS, wish.districts),
        (texts.CHANGE_REMOVES, wish.removed),
    )
    lines = "\n".join(line.format(districts=district_names(codes, town)) for line, codes in parts if codes)
    return write(language, "confirm_change", town, change=lines)


def confirm_status(language: Language, town: Town) -> Text:
    return write(language, "confirm_status", town)


def change_how(language: Language, town: Town) -> Text:
    example = town.districts[0].name
    return write(language, "change_how", town, example=example, other=town.districts[-1].name)


def change_leaves_nothing(language: Language, town: Town) -> Text:
    return write(language, "change_leaves_nothing", town)


def changed(language: Language, town: Town, codes: Iterable[str], year: int) -> Text:
    return write(language, "changed", town, districts=district_names(codes, town), until=last_day(language, town, year))


def not_registered(language: Language, town: Town, asked: Sequence[RequestKind] = ()) -> Text:
    return write(language, "not_registered", town, asked="".join(f"{line}\n" for line in _asked(language, asked)))


def status(
    language: Language,
    town: Town,
    held: Sequence[Subscription],
    wording: str | None,
    asked: Sequence[RequestKind] = (),
) -> Text:
    """4.4  All that is kept: districts and dates, evidence of consent with its wording, pseudonym, what is open."""
    texts = TEXTS[language]
    years = "\n".join(
        texts.STATUS_YEAR.format(
            districts=district_names(each.districts, town), until=last_day(language, town, each.year)
        )
        for each in held
    )
    consent = held[-1].consent
    agreed = local_time(language, town, consent.at)
    way = texts.WAYS[consent.way]
    suspended = [texts.STATUS_SUSPENDED] if any(each.suspended for each in held) else []
    more = [texts.STATUS_PSEUDONYM.format(pseudonym=held[-1].pseudonym), *suspended, *_asked(language, asked)]
    return write(
        language,
        "status",
        town,
        years=years,
        version=consent.version,
        agreed=agreed,
        way=way,
        more="\n".join(more),
        terms=wording or "",
    )


def _asked(language: Language, asked: Sequence[RequestKind]) -> list[str]:
    """What somebody has asked for and not confirmed, as a line, where there is any."""
    texts = TEXTS[language]
    names = dict.fromkeys(texts.REQUESTS[kind.value] for kind in asked)
    return [texts.STATUS_ASKED.format(requests=texts.BETWEEN.join(names))] if names else []


def renewal(language: Language, town: Town, codes: Iterable[str], year: int) -> Text:
    """3.9  Asks a resident of the ending year whether to go on."""
    ends, until = last_day(language, town, year - 1), last_day(language, town, year)
    return write(language, "renewal", town, districts=district_names(codes, town), ends=ends, until=until)


def probe(language: Language, town: Town, to: Address) -> Text:
    """6.7  Asks nothing: that it arrives is the answer."""
    return write(language, "probe", town, carrier=_filter_steps(language, town, to))


def goodbye(language: Language, town: Town) -> Text:
    return write(language, "goodbye", town)


def narrowed(language: Language, town: Town, codes: Iterable[str]) -> Text:
    return write(language, "narrowed", town, districts=district_names(codes, town))


def help_letter(language: Language, town: Town) -> Text:
    return write(language, "help", town)


def last_today(text: Text, language: Language) -> Text:
    """3.6  The fourth letter of a day says that it is the last."""
    return replace(text, body=TEXTS[language].LAST_TODAY + text.body)


def _filter_steps(language: Language, town: Town, to: Address) -> str:
    """The carrier's own steps that let our letters through; the first letter to such an address has them."""
    found = carrier(to)
    return TEXTS[language].CARRIERS[found].format(domain=town.domain) if found else ""
