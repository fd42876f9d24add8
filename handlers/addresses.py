"""The one function that turns text into an address, and the one that finds it in a From field.

It may ask no name server. Old addresses of Japanese carriers have stray dots that RFC 5322 allows only in quotation
marks; their holders still use them, so they are accepted and kept in one canonical, unquoted form.
"""

import re

from email_validator import EmailNotValidError, validate_email

from storage.records import Address

LONGEST_FIELD = 2_000  # characters of a From field, its encoded name included
LONGEST = 254  # octets, RFC 5321 section 4.5.3.1.3 less the angle brackets

# Carriers that once handed out local parts with leading, trailing or doubled dots.
STRAY_DOTS = re.compile(
    r"(?:docomo\.ne\.jp|(?:[a-z0-9-]+\.)?ezweb\.ne\.jp|softbank\.ne\.jp|(?:[a-z]\.)?vodafone\.ne\.jp)\Z"
)
OLD_LOCAL = re.compile(r"[a-z0-9._/?+\-]{1,64}\Z")
BARE = re.compile(r"[^\s<>()\",;:@]+@[^\s<>()\",;:@]+|\"[^\"\\\r\n]{1,64}\"@[^\s<>()\",;:@]+")
QUOTED_STRING = re.compile(r'"(?:[^"\\]|\\.)*"(?!@)')


def parse(text: str) -> Address | None:
    """The address that `text` is, or None. Upper and lower case are one (few servers tell them apart)."""
    if len(text) > LONGEST or not text.isascii():
        return None
    local, at, domain = text.rpartition("@")
    if not at:
        return None
    domain = domain.lower()
    if STRAY_DOTS.match(domain):
        return _old_carrier(local, domain)
    try:
        found = validate_email(
            text, allow_smtputf8=False, check_deliverability=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        return None
    if found.domain.startswith("["):
        return None
    return Address(f"{found.local_part}@{found.ascii_domain}".lower())


def _old_carrier(local: str, domain: str) -> Address | None:
    if len(local) > 2 and local[0] == local[-1] == '"':
        local = local[1:-1]
    local = local.lower()
    return Address(f"{local}@{domain}") if OLD_LOCAL.match(local) else None


def in_from_field(value: str) -> Address | None:
    """The only address of an unfolded From field, or None where there is none or more than one."""
    if len(value) > LONGEST_FIELD:
        return None
    value = _without_comments(QUOTED_STRING.sub(" ", value))
    before, bracket, rest = value.partition("<")
    if not bracket:
        found = BARE.findall(value)
        return parse(found[0]) if len(found) == 1 else None
    inside, closed, after = rest.partition(">")
    several = "@" in after or ("," in before and "@" in before)
    return parse(inside.strip(" \t")) if closed and not several else None


def _without_comments(value: str) -> str:
    kept, depth = [], 0
    for character in value:
        depth += character == "("
        if depth == 0:
            kept.append(character)
        depth -= character == ")" and depth > 0
    return "".join(kept)
