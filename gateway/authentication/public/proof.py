"""Who of the public is proven, and whose mail their own domain asks to refuse (protocol 3.7, 3.8, 4.2).

DNS trouble never refuses anybody: it means unproven. Nothing here depends on who is registered, so the time that it
takes tells nothing about that.
"""

import asyncio
from datetime import datetime

from gateway.authentication.public import by_envelope, by_signature, public_mail
from gateway.authentication.public.by_envelope import Passage
from gateway.authentication.public.dmarc import Policies, Policy
from gateway.authentication.public.lookups import CountedLookups
from gateway.authentication.public.public_mail import PublicMail
from gateway.authentication.public.verdict import PublicVerdict, Standing, Unproven
from gateway.authentication.resolver import HostResolver, LookupTrouble

SECONDS = 3.0  # for all of it


async def prove_public(
    raw: bytes,
    *,
    ours: str,
    sender: str | None,
    helo: str,
    host: str,
    trusted: bool,
    resolver: HostResolver,
    now: datetime,
) -> PublicVerdict:
    """The proven author of a mail to our domain `ours`, or why there is none."""
    mail = public_mail.read(raw)
    if mail is None:
        return PublicVerdict(cause=Unproven.UNREADABLE)
    if mail.author is None or mail.domain is None:
        return PublicVerdict(cause=Unproven.NO_AUTHOR)
    passage = Passage(sender=sender, helo=helo, host=host, trusted=trusted)
    try:
        async with asyncio.timeout(SECONDS):
            cause = await _doubt(mail, mail.domain, passage, CountedLookups(resolver), ours, now)
    except (LookupTrouble, TimeoutError):
        cause = Unproven.UNSURE
    return PublicVerdict(cause=cause) if cause else PublicVerdict(author=mail.author)


async def _doubt(
    mail: PublicMail, domain: str, passage: Passage, resolver: HostResolver, ours: str, now: datetime
) -> Unproven | None:
    """Why the author is not proven; None where they are."""
    policies = Policies(resolver)
    governing = await policies.governing(domain)
    if governing is None:
        return Unproven.NO_DMARC
    signed = await by_signature.standing(mail.message, governing, policies, resolver, ours=ours, now=now)
    sent = signed
    if signed is not Standing.PROVEN:
        sent = await by_envelope.standing(passage, governing, policies, resolver)
    standings = {signed, sent}
    if Standing.PROVEN in standings:
        return None if mail.plain else Unproven.AMBIGUOUS
    if Standing.PASSED in standings:
        return Unproven.REPLAYED
    if Standing.UNSURE in standings:
        return Unproven.UNSURE
    rejected = await policies.asked_for(governing) is Policy.REJECT
    return Unproven.DMARC_REJECT if rejected else Unproven.DMARC_FAIL
