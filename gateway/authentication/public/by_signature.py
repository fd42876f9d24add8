"""Proof by a signature: DKIM, of the author's domain or a relative of it (protocol 3.8, 4.2).

More lenient than for alerts: a key of 1024 bits will do, and no field but From must be covered. Yet a signature says
nothing of the envelope: a mail that somebody once sent elsewhere must not unsubscribe them here.
"""

import re
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.authentication import freshness, signing_keys
from gateway.authentication.causes import Cause
from gateway.authentication.lint import Field, Message
from gateway.authentication.public.dmarc import Governing, Policies
from gateway.authentication.public.verdict import Standing
from gateway.authentication.resolver import LookupTrouble, TxtResolver
from gateway.authentication.signatures import MOST_CANDIDATES, MOST_SIGNATURES, Signature, read
from gateway.authentication.signing_keys import SigningKey
from gateway.authentication.verification import own_opinion
from gateway.lanes import aside

SHORTEST = 1024  # bits of an RSA key, RFC 8301


async def standing(
    message: Message, governing: Governing, policies: Policies, resolver: TxtResolver, *, ours: str, now: datetime
) -> Standing:
    """Whether a signature proves the author's domain; `ours` is the domain that the mail should be addressed to."""
    fields = [field for field in message.fields if field.name == "dkim-signature"]
    best = Standing.UNSURE if len(fields) > MOST_SIGNATURES else Standing.FAILED
    weighed = 0
    for signature in _readable(fields[:MOST_SIGNATURES], governing.domain, now):
        if weighed == MOST_CANDIDATES:
            return best if best is Standing.PASSED else Standing.UNSURE
        try:
            if not await policies.aligned(signature.domain, governing.domain, strict=governing.record.strict_signature):
                continue
            weighed += 1
            found = await _judged(message, signature, resolver, ours, now)
        except LookupTrouble:
            found = Standing.UNSURE
        if found is Standing.PROVEN:
            return found
        if best is Standing.FAILED or found is Standing.PASSED:
            best = found
    return best


def _readable(fields: list[Field], domain: str, now: datetime) -> list[Signature]:
    """The signatures that cover From and still hold; those of exactly the author's domain first."""
    found = [signature for signature in map(read, fields) if isinstance(signature, Signature)]
    found.sort(key=lambda signature: signature.domain != domain)
    return [
        signature
        for signature in found
        if "from" in signature.covered and freshness.of_signature(signature, now) is not Cause.SIGNATURE_EXPIRED
    ]


async def _judged(message: Message, signature: Signature, resolver: TxtResolver, ours: str, now: datetime) -> Standing:
    key = _key(await resolver.txt(signature.key_name), signature)
    # In a thread, so that other connections go on meanwhile.
    if key is None or await aside(len(message.body), own_opinion, message, signature, key) is not None:
        return Standing.FAILED
    meant = _is_fresh(message, signature, now) and _is_for_us(message, signature, ours)
    return Standing.PROVEN if meant else Standing.PASSED


def _key(texts: list[bytes], signature: Signature) -> SigningKey | None:
    key = signing_keys.from_record(texts[0], signature) if len(texts) == 1 else None
    if not isinstance(key, SigningKey):
        return None
    if isinstance(key.public, rsa.RSAPublicKey):
        fit = SHORTEST <= key.public.key_size <= signing_keys.LONGEST
        return key if fit and key.public.public_numbers().e == signing_keys.EXPONENT else None
    return key


def _is_fresh(message: Message, signature: Signature, now: datetime) -> bool:
    """Whether the mail was signed of late, by the signature's own word or by a Date that it covers."""
    if freshness.of_signature(signature, now) is not None:
        return False
    dated = [field for field in message.fields if field.name in ("date", "message-id")]
    covered = "date" in signature.covered and all(field.raw.isascii() for field in dated)
    return signature.signed_at is not None or (covered and freshness.of_mail(message, now) is None)


def _is_for_us(message: Message, signature: Signature, ours: str) -> bool:
    """Whether To or Cc names an address of ours. Some large providers do not sign To; freshness must do for them."""
    if "to" not in signature.covered:
        return True
    address = re.compile(rb"@%b(?![a-z0-9.-])" % re.escape(ours.lower().encode("ascii")))
    named = [field for field in message.fields if field.name in ("to", "cc") and field.name in signature.covered]
    return any(address.search(field.raw.lower()) for field in named)
