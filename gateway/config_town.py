"""What the sections and tables of the configuration say together: the checks between settings, and the Town.

A value that did not fit is None here; its problem is known, and nothing more is said of it.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

from gateway.config_findings import Findings, known_names
from gateway.declared import declarations
from gateway.settings import RetentionSettings
from handlers.district_words import exact
from handlers.districts import ALL, BETWEEN
from handlers.folding import fold
from handlers.town import BouncePolicy, Calendar, CanaryMailbox, Category, District, StaffMember, Terms, Town

VERSION = re.compile(r"(?:版|version)\s*[:：]\s*(\S.{0,39})", re.IGNORECASE)
LONGEST_TERMS = 32_768  # octets
EVERY = ("*",)
LONGEST_OVERLAP = 31  # days in which two years are open


def check_sections(
    found: Findings,
    *,
    gateway: SimpleNamespace,
    listener: SimpleNamespace,
    relay: SimpleNamespace,
    audit: SimpleNamespace,
    retention: SimpleNamespace,
    web: SimpleNamespace,
    **_others: SimpleNamespace,
) -> None:
    """The checks between settings of sections."""
    if gateway.admin is not None and gateway.admin.domain == gateway.domain:
        found.wrong(
            ("gateway", "admin"), "an address at our own domain would come back here; name one at another domain"
        )
    _both(found, listener, "listener", "tls_certificate", "tls_key")
    plain = not listener.tls_certificate and not found.failed("listener", "tls_certificate")
    if listener.require_tls != "no" and plain:
        found.wrong(("listener", "require_tls"), "TLS cannot be required without tls_certificate and tls_key; set both")
    _both(found, relay, "relay", "dkim_selector", "dkim_key")
    _both(found, relay, "relay", "dkim_ed25519_selector", "dkim_ed25519_key")
    _both(found, relay, "relay", "username", "password")
    if relay.retry_first_seconds > relay.retry_most_seconds:
        found.wrong(("relay", "retry_first_seconds"), "longer than retry_most_seconds; make it shorter")
    _thirteen_months(found, retention)
    _web(found, web, plain)
    _mirrors(found, audit, gateway.domain)


def _web(found: Findings, web: SimpleNamespace, plain: bool) -> None:
    if web.base_url and not web.listen and not found.failed("web", "listen"):
        found.wrong(("web", "base_url"), "the copies would link to nothing; set listen as well")
    if web.tls and plain:
        found.wrong(("web", "tls"), "TLS needs a certificate; set tls_certificate and tls_key of [listener]")
    if web.listen and not web.base_url and not found.failed("web", "base_url"):
        found.warn(("web", "listen"), "without base_url the copies carry no one-click link")


def _mirrors(found: Findings, audit: SimpleNamespace, domain: str) -> None:
    """8.3  Copies of checkpoints need somebody to sign them, and a reader who is not ourselves."""
    unsigned = audit.checkpoint_key is None and not found.failed("audit", "checkpoint_key")
    if unsigned and any(each.kind in ("file", "mail") for each in audit.mirror):
        found.wrong(("audit", "mirror"), "file: and mail: take checkpoints, and no key signs any; set checkpoint_key")
    if any(each.address is not None and each.address.domain == domain for each in audit.mirror):
        found.wrong(("audit", "mirror"), "a mail: at our own domain would come back here; name one at another domain")


def _thirteen_months(found: Findings, retention: SimpleNamespace) -> None:
    """3.9  Nobody is registered for longer than a year and the month before it; no setting can change that."""
    if retention.year_ends is None or retention.next_year_opens is None:
        return
    ends, opens = (date(2027, *day) for day in (retention.year_ends, retention.next_year_opens))
    if opens > ends:
        opens = opens.replace(year=2026)
    if (ends - opens).days < LONGEST_OVERLAP:
        return
    first = ends - timedelta(days=LONGEST_OVERLAP - 1)
    place = ("retention", "next_year_opens")
    declared = dict(declarations(RetentionSettings))["next_year_opens"]
    if retention.next_year_opens == declared.kind.read(declared.default, Path()):  # nobody has chosen it
        retention.next_year_opens = (first.month, first.day)
        found.warn(place, f'taken as "{first:%m-%d}", which fits year_ends; nobody is registered for over 13 months')
    else:
        found.wrong(place, f'nobody may be registered for longer than 13 months; write "{first:%m-%d}" or later')


def _both(found: Findings, values: SimpleNamespace, section: str, one: str, other: str) -> None:
    for name, partner in ((one, other), (other, one)):
        if getattr(values, name) and not getattr(values, partner) and not found.failed(section, partner):
            found.wrong((section, name), f"set without {partner}; set both or neither")


def town(
    found: Findings, sections: Mapping[str, SimpleNamespace], tables: Mapping[str, Sequence[SimpleNamespace]]
) -> Town:
    """Everything the handlers know besides mail and register. Complete only where `found` has no problem."""
    gateway, limits, retention = sections["gateway"], sections["limits"], sections["retention"]
    districts = _named(found, "districts", tables)
    categories = _named(found, "categories", tables)
    _numbers(found, tables["districts"])
    staff = _staff(found, gateway, tables)
    return Town(
        domain=gateway.domain,
        organisation=gateway.organisation,
        contact=gateway.contact,
        admin=gateway.admin,
        language=gateway.language,
        calendar=Calendar(
            timezone=gateway.timezone, year_ends=retention.year_ends, next_year_opens=retention.next_year_opens
        ),
        terms=_terms(found, sections["registration"].terms),
        districts=tuple(District(**vars(entry)) for entry in districts),
        categories=tuple(Category(**vars(entry)) for entry in categories),
        staff=staff,
        canary_slow_minutes=sections["relay"].canary_slow_minutes,
        canaries=tuple(_canaries(found, gateway, tables["canaries"])),
        confirm=sections["registration"].confirm,
        pending_hours=sections["registration"].pending_hours,
        expires_minutes=sections["alerts"].expires_minutes,
        reminder_minutes=sections["alerts"].reminder_minutes,
        haste_checks=frozenset(sections["alerts"].haste_checks or ()),
        drill_addresses=sections["alerts"].drill_addresses or (),
        release_above=sections["alerts"].release_above,
        renewal_letter=sections["registration"].renewal_letter,
        letters_per_day=limits.letters_per_address_a_day,
        pending_per_address=limits.pending_per_address,
        alerts_per_hour=limits.alerts_per_author_an_hour,
        passed_on_per_day=limits.passed_on_a_day,
        bounces=BouncePolicy(**vars(sections["bounces"])),
        probes_per_day=limits.probes_per_address_a_day,
        limits=MappingProxyType(vars(limits)),
    )


def _canaries(found: Findings, gateway: SimpleNamespace, entries: Sequence[SimpleNamespace]) -> Iterator[CanaryMailbox]:
    for number, entry in enumerate(entries):
        if entry.address is not None and entry.address.domain == gateway.domain:
            found.wrong(("canaries", number, "address"), "our own domain is no carrier; name a mailbox elsewhere")
        yield CanaryMailbox(carrier=entry.carrier, address=entry.address)


def _words(entry: SimpleNamespace) -> Iterable[tuple[str, str]]:
    """Every word by which people may name a district or category, with the setting that says it."""
    single = ((name, getattr(entry, name, None)) for name in ("code", "name", "kana"))
    several = ((name, word) for name in ("aliases", "schools") for word in getattr(entry, name, ()))
    return ((name, word) for name, word in (*single, *several) if word)


def _named(found: Findings, table: str, tables: Mapping[str, Sequence[SimpleNamespace]]) -> Sequence[SimpleNamespace]:
    entries = tables[table]
    if not entries and not found.failed(table):
        found.wrong((table,), f"at least one [[{table}]] is needed; add one with code and name")
    taken: dict[str, int] = {}
    for number, entry in enumerate(entries):
        for name, word in _words(entry):
            _word(found, (table, number, name), word, taken, number)
    return entries


def _word(found: Findings, path: tuple[str, int, str], word: str, taken: dict[str, int], number: int) -> None:
    table = path[0]
    folded = exact(word)
    owner = taken.setdefault(folded, number)
    if owner != number:
        line = found.line((table, owner))
        found.wrong(path, f'"{word}" is taken by the one on line {line}; choose another')
    if table == "districts" and folded in ALL:
        found.wrong(path, f'"{word}" means all districts in a mail; choose another')
    if table == "districts" and BETWEEN.search(unicodedata.normalize("NFKC", word)):
        found.warn(path, f'"{word}" has a separator within; after "District:" people must use the code')


def _numbers(found: Findings, districts: Sequence[SimpleNamespace]) -> None:
    """3.3  A number in the answer to a form means the place in its list; a district may not be called by another's."""
    for place, entry in enumerate(districts, start=1):
        for name, word in _words(entry):
            called = fold(word)
            if called.isdecimal() and int(called) != place and 1 <= int(called) <= len(districts):
                message = f'"{word}" would be taken for number {int(called)} of the list in the form letter'
                found.wrong(("districts", place - 1, name), f"{message}; choose another")


def _staff(
    found: Findings, gateway: SimpleNamespace, tables: Mapping[str, Sequence[SimpleNamespace]]
) -> tuple[StaffMember, ...]:
    ids: dict[object, int] = {}
    addresses: dict[object, int] = {}
    members = []
    for number, entry in enumerate(tables["staff"]):
        identity = entry.id or f"staff-{number + 1}"
        _unique(found, ("staff", number, "id"), fold(identity), ids, "id")
        if entry.address is not None:
            _unique(found, ("staff", number, "address"), entry.address, addresses, "address")
        scopes = {scope: _scope(found, number, scope, entry, tables) for scope in ("districts", "categories")}
        organisation = entry.organisation or gateway.organisation
        members.append(StaffMember(**(vars(entry) | scopes | {"id": identity, "organisation": organisation})))
    return tuple(members)


def _unique(found: Findings, path: tuple[str, int, str], value: object, taken: dict[object, int], what: str) -> None:
    owner = taken.setdefault(value, path[1])
    if owner != path[1]:
        found.wrong(path, f"the same {what} as the one on line {found.line(('staff', owner))}; each may stand once")


def _scope(
    found: Findings, number: int, scope: str, entry: SimpleNamespace, tables: Mapping[str, Sequence[SimpleNamespace]]
) -> tuple[str, ...]:
    """The codes of the districts or categories that somebody may post for; other names of them do as well."""
    named, path = getattr(entry, scope), ("staff", number, scope)
    if named == EVERY:
        return EVERY
    if not named:
        found.wrong(path, 'nobody could post with an empty list; write ["*"] for all')
    known = {exact(word): other.code for other in reversed(tables[scope]) for _, word in _words(other)}
    codes = [other.code for other in tables[scope] if other.code]
    for word in named:
        if word == "*":
            found.wrong(path, '"*" stands alone; write ["*"] for all')
        elif exact(word) not in known and not found.failed(scope):
            found.wrong(path, f'there is no [[{scope}]] "{word}"; {known_names(word, codes)}')
    return tuple(dict.fromkeys(known[exact(word)] for word in named if exact(word) in known))


def _terms(found: Findings, path: Path) -> Terms:
    octets = _terms_file(found, path)
    digest = hashlib.sha256(octets).hexdigest()
    text = octets.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").strip()
    version = VERSION.match(text)
    return Terms(text=text, version=version[1].strip() if version else digest[:8], digest=digest)


def _terms_file(found: Findings, path: Path) -> bytes:
    where = ("registration", "terms")
    if found.failed(*where):
        return b""
    try:
        octets = path.read_bytes()
        octets.decode()
    except OSError as error:
        found.wrong(where, f"the file {path.name} cannot be read ({error.strerror}); write the terms of use into it")
        return b""
    except UnicodeDecodeError:
        found.wrong(where, f"the file {path.name} is not UTF-8; save it in UTF-8, not in Shift_JIS")
        return b""
    if not octets.strip():
        found.wrong(where, f"the file {path.name} is empty; write the terms of use into it")
    if len(octets) > LONGEST_TERMS:
        found.wrong(where, f"the file {path.name} is too long for a letter; the most is {LONGEST_TERMS} octets")
    return octets
