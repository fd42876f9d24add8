"""DKIM-Signature fields: read strictly, and only those that could prove the author of an alert (protocol 5.1).

A signature proves a domain for the fields in its h= and for a moment. Whatever is missing from that is refused here,
before any name server is asked and before anything is calculated.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Literal

from gateway.authentication.canonical import Form
from gateway.authentication.causes import Cause
from gateway.authentication.lint import Field, Message
from gateway.authentication.names import LONGEST_NAME, host_name
from gateway.authentication.tags import tag_list, without_blanks, words

MOST_SIGNATURES = 10
MOST_UNREADABLE = 4  # no mail system makes such; they are there to make us work
MOST_CANDIDATES = 3  # of the author's domain; one that passes is enough
LARGEST_SIGNATURE = 4 * 1024  # octets of the field
MOST_NAMES = 64  # in h=
LONGEST_NAMES = LONGEST_NAME - len("._domainkey.")  # selector and domain, so that they make one DNS name

REQUIRED_TAGS = ("v", "a", "b", "bh", "d", "h", "s")
REQUIRED_COVERED = ("from", "subject", "date", "message-id")

# Every hop adds one of these, and nobody reads them: more of them than h= names is no addition to the content.
TRACE = frozenset({"received", "return-path"})

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]
ALGORITHMS: dict[bytes, Algorithm] = {b"rsa-sha256": "rsa-sha256", b"ed25519-sha256": "ed25519-sha256"}

_FIELD_NAME = re.compile(rb"[!-9<-~]+\Z")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}\Z")
_SECONDS = re.compile(rb"[0-9]{1,12}\Z")
_FORMS = {form.value.encode(): form for form in Form}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A well-formed DKIM-Signature field. Nothing is known yet of whether it is right."""

    source: Field
    unsigned: bytes = field(repr=False)  # the raw field with nothing in b=, as it is hashed
    algorithm: Algorithm
    header_form: Form
    body_form: Form
    domain: str
    selector: str
    identity: str  # the domain of i=
    covered: tuple[str, ...]  # h=, in lower case
    body_hash: bytes = field(repr=False)
    value: bytes = field(repr=False)  # b=
    signed_at: int | None
    expires_at: int | None
    recipient: str | None  # the domain of darn=, with which a large provider fights replay

    @property
    def key_name(self) -> str:
        """Where the key is published."""
        return f"{self.selector}._domainkey.{self.domain}"


def signatures(message: Message, domain: str) -> list[Signature | Cause]:
    """Each DKIM-Signature field of the mail, from the top: read, or why it does not count for `domain`; never empty."""
    fields = [field for field in message.fields if field.name == "dkim-signature"]
    if not fields:
        return [Cause.NO_SIGNATURE]
    if len(fields) > MOST_SIGNATURES:
        return [Cause.TOO_MANY_SIGNATURES]
    found = [read(field, domain) for field in fields]
    return [Cause.TOO_MANY_SIGNATURES] if found.count(Cause.SIGNATURE_GRAMMAR) > MOST_UNREADABLE else found


def read(source: Field, domain: str | None = None) -> Signature | Cause:
    """The signature in `source`, which has to be one of exactly `domain` where that is given."""
    if len(source.raw) > LARGEST_SIGNATURE:
        return Cause.SIGNATURE_TOO_LARGE
    tags = tag_list(source.value)
    if tags is None or not all(tags.get(name) for name in REQUIRED_TAGS):
        return Cause.SIGNATURE_GRAMMAR
    # Whose signature it is comes first: of a stranger's, nothing else is looked at.
    signing = host_name(tags["d"], labels=2)
    if signing is None:
        return Cause.SIGNATURE_GRAMMAR
    if domain is not None and signing != domain:
        return Cause.NOT_ALIGNED
    return _checked(source, tags, signing)


def _checked(source: Field, tags: dict[str, bytes], domain: str) -> Signature | Cause:
    if tags["v"] != b"1" or tags.get("q", b"dns/txt") != b"dns/txt":
        return Cause.SIGNATURE_GRAMMAR
    if "l" in tags:
        return Cause.BODY_LENGTH_TAG
    if tags["a"] not in ALGORITHMS:
        return Cause.ALGORITHM
    covered = _covered(tags["h"])
    if covered is None:
        return Cause.SIGNATURE_GRAMMAR
    if len(covered) > MOST_NAMES:
        return Cause.SIGNATURE_TOO_LARGE
    identity = _identity(tags, domain)
    if identity is None:
        return Cause.IDENTITY
    return _complete(source, tags, domain, identity, covered) or Cause.SIGNATURE_GRAMMAR


def _complete(
    source: Field, tags: dict[str, bytes], domain: str, identity: str, covered: tuple[str, ...]
) -> Signature | None:
    selector = host_name(tags["s"])
    forms = _forms(tags.get("c", b"simple/simple"))
    body_hash, value = decoded(tags["bh"]), decoded(tags["b"])
    times = [int(tags[name]) if name in tags else None for name in ("t", "x") if _is_time(tags.get(name))]
    if selector is None or len(selector) + len(domain) > LONGEST_NAMES:
        return None
    if forms is None or body_hash is None or value is None or len(times) != 2:
        return None
    signed_at, expires_at = times
    if signed_at is not None and expires_at is not None and expires_at <= signed_at:
        return None
    return Signature(
        source=source,
        unsigned=_without_value(source.raw),
        algorithm=ALGORITHMS[tags["a"]],
        header_form=forms[0],
        body_form=forms[1],
        domain=domain,
        selector=selector,
        identity=identity,
        covered=covered,
        body_hash=body_hash,
        value=value,
        signed_at=signed_at,
        expires_at=expires_at,
        recipient=tags["darn"].decode("ascii").lower() if "darn" in tags else None,
    )


def decoded(text: bytes) -> bytes | None:
    """Strict base64, folded anywhere."""
    packed = without_blanks(text)
    # Python's strict decoder takes more padding than there may be.
    if not _BASE64.match(packed) or len(packed) % 4:
        return None
    try:
        return base64.b64decode(packed, validate=True)
    except binascii.Error:
        return None


def uncovered(signature: Signature, message: Message) -> bool:
    """Whether a field that must be covered is not, or could have been added after the signature was made."""
    if not all(name in signature.covered for name in REQUIRED_COVERED):
        return True
    names = [field.name for field in message.fields]
    return any(names.count(name) > signature.covered.count(name) for name in set(signature.covered) - TRACE)


def _covered(value: bytes) -> tuple[str, ...] | None:
    names = words(value)
    if not all(_FIELD_NAME.match(name) for name in names):
        return None
    lower = tuple(name.decode("ascii").lower() for name in names)
    return None if "dkim-signature" in lower else lower


def _identity(tags: dict[str, bytes], domain: str) -> str | None:
    if "i" not in tags:
        return domain
    _, at, host = tags["i"].rpartition(b"@")
    name = host_name(host)
    under = name is not None and (name == domain or name.endswith("." + domain))
    return name if at and under else None


def _forms(value: bytes) -> tuple[Form, Form] | None:
    of_header, slash, of_body = value.partition(b"/")
    if of_header not in _FORMS or (slash and of_body not in _FORMS):
        return None
    return _FORMS[of_header], _FORMS[of_body] if slash else Form.SIMPLE


def _is_time(value: bytes | None) -> bool:
    return value is None or _SECONDS.match(value) is not None


def _without_value(raw: bytes) -> bytes:
    """The field with nothing between `b=` and the next semicolon, and without its last CR LF (RFC 6376, 3.7)."""
    name, colon, value = raw.removesuffix(b"\r\n").partition(b":")
    specs = value.split(b";")
    for number, spec in enumerate(specs):
        tag, equals, _ = spec.partition(b"=")
        if equals and tag.strip() == b"b":
            specs[number] = tag + equals
    return name + colon + b";".join(specs)
