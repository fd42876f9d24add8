"""From the octets of a mail to its proven author, one step after the other (protocol 5.1). The order matters:
a stranger costs no look-up, a name server is asked only about an enrolled domain, and nothing is read unproven.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.authentication import canonical, freshness, signing_keys
from gateway.authentication.canonical import Form
from gateway.authentication.causes import CAUSES, Cause
from gateway.authentication.content import content
from gateway.authentication.lint import Message, lint
from gateway.authentication.resolver import LookupTrouble, TxtResolver
from gateway.authentication.sender import author
from gateway.authentication.signatures import MOST_CANDIDATES, Signature, signatures, uncovered
from gateway.authentication.signing_keys import SigningKey
from gateway.authentication.verification import covered_fields, verify
from gateway.lanes import aside
from handlers.mail import Proof, Verdict
from handlers.town import StaffMember, Town

# Once a signature is right, what follows is the answer: another one would be the same mail, read again.
FINAL = frozenset(CAUSES[CAUSES.index(Cause.VERIFIERS_DISAGREE) :])


@dataclass(frozen=True, slots=True)
class TryLater:
    """Nothing can be said today: a name server is silent. The sending server should come back (451)."""

    cause: str = "dns"


async def prove(raw: bytes, *, town: Town, resolver: TxtResolver, now: datetime) -> Verdict | TryLater:
    """The proven author with what the signature covers, or the cause why there is none, or TryLater."""
    message = lint(raw)
    if isinstance(message, Cause):
        return Verdict(cause=message)
    claimed = author(message.first("from"))
    if isinstance(claimed, Cause):
        return Verdict(cause=claimed)
    member = town.staff_member(claimed)
    if member is None:
        return Verdict(cause=Cause.UNKNOWN_AUTHOR)
    found = await _proof(message, member, town.domain, resolver, now)
    if isinstance(found, Proof):
        return Verdict(author=claimed, proof=found)
    return found if isinstance(found, TryLater) else Verdict(cause=found)


async def _proof(
    message: Message, member: StaffMember, our_domain: str, resolver: TxtResolver, now: datetime
) -> Proof | TryLater | Cause:
    candidates, causes = _candidates(message, member.address.domain, our_domain, now)
    stale = freshness.of_mail(message, now)
    if candidates and stale is not None:
        return stale
    silent = False
    for signature in candidates[:MOST_CANDIDATES]:
        try:
            key = await key_of(signature, member, resolver)
        except LookupTrouble:
            silent = True
            continue
        size = len(message.body)
        result = key if isinstance(key, Cause) else await aside(size, proven, message, signature, key)
        if isinstance(result, Proof) or result in FINAL:
            return result
        causes.append(result)
    return TryLater() if silent else max(causes, key=CAUSES.index)


def _candidates(message: Message, domain: str, our_domain: str, now: datetime) -> tuple[list[Signature], list[Cause]]:
    """The signatures that may prove the author, those that cover more first, and why the others may not."""
    candidates: list[Signature] = []
    causes: list[Cause] = []
    for found in signatures(message, domain):
        why = found if isinstance(found, Cause) else next(objections(found, message, our_domain, now), None)
        if isinstance(found, Signature) and why is None:
            candidates.append(found)
        elif why is not None:
            causes.append(why)
    candidates.sort(key=lambda signature: "content-type" not in signature.covered)
    return candidates, causes


def objections(signature: Signature, message: Message, our_domain: str, now: datetime) -> Iterator[Cause]:
    """What speaks against a signature before its key is asked for."""
    if uncovered(signature, message):
        yield Cause.FIELD_NOT_COVERED
    if signature.recipient not in (None, our_domain.lower()):
        yield Cause.OTHER_RECIPIENT
    if (stale := freshness.of_signature(signature, now)) is not None:
        yield stale


async def key_of(signature: Signature, member: StaffMember, resolver: TxtResolver) -> SigningKey | Cause:
    """The key that may verify the signature, or why there is none."""
    # 5.1b  With pinned keys, only these count, and no name server is asked.
    if member.keys:
        return signing_keys.pinned(member.keys, signature)
    return signing_keys.published(await resolver.txt(signature.key_name), signature)


def proven(message: Message, signature: Signature, key: SigningKey) -> Proof | Cause:
    """What a right signature covers, or why it is wrong or cannot be read."""
    wrong = verify(message, signature, key)
    if wrong is not None:
        return wrong
    said = content(message, signature)
    if isinstance(said, Cause):
        return said
    return Proof(
        domain=signature.domain,
        selector=signature.selector,
        fingerprint=key.fingerprint,
        pinned=key.pinned,
        message_id=_stable(message, "message-id"),
        date=_stable(message, "date"),
        body_hash=_stable_body_hash(message),
        addressed=_addressed(message, signature),
        subject=said.subject,
        text=said.text,
        attachments=said.attachments,
        signed_fields=said.signed_fields,
        unsigned_fields=said.unsigned_fields,
    )


def _addressed(message: Message, signature: Signature) -> str | None:
    """1.3  To whom it was written, where the signature says so: a mail to somebody else proves no answer to us."""
    named = [field.line for field in covered_fields(message, signature) if field.name in ("to", "cc")]
    return "\n".join(named).lower() if "to" in signature.covered else None


def _stable(message: Message, name: str) -> str:
    """5.8  The value in its relaxed form: folding it anew keeps the signature right, and must not make another mail."""
    field = message.first(name)
    raw = field.raw if field else b""
    return canonical.header(raw, Form.RELAXED).partition(b":")[2].strip().decode("ascii")


def _stable_body_hash(message: Message) -> bytes:
    """5.8  Relaxed, whichever of several signatures was found right: dropping one must not make another mail."""
    return hashlib.sha256(canonical.body(message.body, Form.RELAXED)).digest()
