"""The heart: one mail, one handler, one transaction, one reply (protocol 7). It decides nothing about the mail.

250 is returned only after the commit; what raises here becomes a 451 in the session, and nothing is kept.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway import log
from gateway.authentication.coverage import self_test
from gateway.authentication.pipeline import TryLater, prove
from gateway.authentication.public.lookups import PatientResolver
from gateway.authentication.public.proof import prove_public
from gateway.authentication.resolver import HostResolver
from gateway.clock import Clock, system_clock
from gateway.gate import Peer
from gateway.header_limits import exceeded
from gateway.lanes import aside
from gateway.settings import LimitsSettings
from gateway.submission.identity import held_to
from handlers import replies, revival, routes
from handlers.mail import InboundMail, Malformed, Route, Verdict
from handlers.outcome import Outcome
from handlers.reading import read
from handlers.replies import Reply
from handlers.town import Town
from storage import memory, tokens
from storage.records import AuditEvent, LeaveClaim, Request
from storage.store import Store, Transaction

DEFERRED = {"alert": "alert:deferred", "release": "release:deferred", "probe": "probe:deferred"}
REFUSED = {"alert": "alert:refused", "release": "release:refused"}


class Dispatch:
    """The Gate of the listener."""

    def __init__(
        self,
        store: Store,
        town: Callable[[], Town],
        resolver: HostResolver,
        *,
        limits: LimitsSettings,
        wake: Callable[[], None],
        clock: Clock = system_clock,
    ) -> None:
        self._store = store
        self._town = town
        self._resolver = resolver
        self._patient = PatientResolver(resolver)
        self._limits = limits
        self._wake = wake
        self._clock = clock

    async def route(self, recipient: str, peer: Peer) -> Route | Reply:
        """1.1, 1.2  The command of an address; a token that we never minted is refused here, before DATA."""
        route = routes.route(recipient, self._town())
        if route is None:
            return replies.NO_SUCH_ADDRESS
        if route.command in routes.TOKEN_COMMANDS:
            claim = await asyncio.to_thread(
                self._store.read, self._clock(), lambda transaction: claim_of(route, transaction)
            )
            return route if claim is not None else replies.NO_SUCH_ADDRESS
        return route

    async def receive(self, *, sender: str | None, recipient: str, route: Route, raw: bytes, peer: Peer) -> Reply:
        """Authenticates, decides, commits; the reply is the handler's."""
        started, now, mail_id = time.monotonic(), self._clock(), new_mail_id()
        verdict: Verdict | TryLater = Verdict()
        mail: InboundMail | Malformed = Malformed(cause="header-too-large")
        if not exceeded(raw, self._limits):
            verdict = await self._authenticate(route, raw, sender, peer, now)
            mail = await aside(
                len(raw),
                read,
                raw,
                mail_id=mail_id,
                received_at=now,
                route=route,
                sender=sender,
                domain=self._town().domain,
                network=None if peer.trusted else peer.network,
                silent=self._town().language,
            )
        outcome = await asyncio.wrap_future(
            self._store.write(now, lambda transaction: self._decide(mail_id, route, mail, verdict, raw, transaction))
        )
        if outcome.letters or outcome.changes:
            self._wake()
        took = time.monotonic() - started
        await asyncio.sleep(self._floor(route, outcome.reply) - took)
        log.mail_line(
            mail=mail_id, command=route.command, reply=outcome.reply.code, octets=len(raw), ms=round(took * 1000),
            tls=int(peer.tls),
        )  # fmt: skip
        return outcome.reply

    def _floor(self, route: Route, reply: Reply) -> float:
        """The least time to an answer, in seconds: it must not tell a known address or author from an unknown one."""
        if reply == replies.NOT_ACCEPTED or route.command == "probe":  # 5.1, 5.11
            return self._limits.refusal_floor_milliseconds / 1000
        if route.command in routes.OPEN_COMMANDS:  # 4.3
            return self._limits.answer_floor_milliseconds / 1000
        return 0.0

    async def _authenticate(
        self, route: Route, raw: bytes, sender: str | None, peer: Peer, now: datetime
    ) -> Verdict | TryLater:
        """Staff are proven by their signature, of the public who can be; tokens prove by themselves."""
        if route.command in routes.STAFF_COMMANDS:
            verdict = await staff_verdict(route, raw, self._town(), self._resolver, now)
            return held_to(peer.login, verdict, self._town())
        if route.command not in routes.OPEN_COMMANDS:
            return Verdict()
        return await public_verdict(raw, sender, peer, self._town(), self._patient, now)

    def _decide(
        self,
        mail_id: str,
        route: Route,
        mail: InboundMail | Malformed,
        verdict: Verdict | TryLater,
        raw: bytes,
        transaction: Transaction,
    ) -> Outcome:
        once = None
        if isinstance(mail, InboundMail) and mail.message_id and route.command != "alert":  # 5.8 has its own memory
            once = handled_key(transaction, mail, raw)
            if memory.was_handled(transaction.connection, once, mail.received_at):
                return Outcome()
        outcome = decide(route, mail, verdict, transaction, self._town())
        transaction.apply(outcome.changes, outcome.letters, outcome.audit, mail_id)
        if once is not None and outcome.reply.accepted:
            memory.remember_handled(transaction.connection, once, transaction.now)
        return outcome


async def staff_verdict(
    route: Route, raw: bytes, town: Town, resolver: HostResolver, now: datetime
) -> Verdict | TryLater:
    """5.1, 5.11  The author whom the signature proves; at probe@ nobody, and what it covers."""
    if route.command == "probe":
        return await self_test(raw, town=town, resolver=resolver, now=now)
    return await prove(raw, town=town, resolver=resolver, now=now)


async def public_verdict(
    raw: bytes, sender: str | None, peer: Peer, town: Town, resolver: HostResolver, now: datetime
) -> Verdict:
    """3.7, 3.8  The author where the domain proves them; nobody else is refused than its policy says."""
    found = await prove_public(
        raw,
        ours=town.domain,
        sender=sender,
        helo=peer.helo,
        host=peer.host,
        trusted=peer.trusted,
        resolver=resolver,
        now=now,
    )
    return Verdict(author=found.author, cause=found.cause if found.rejected else None)


def decide(
    route: Route, mail: InboundMail | Malformed, verdict: Verdict | TryLater, transaction: Transaction, town: Town
) -> Outcome:
    """The Outcome of a mail, as the handler sees it within this transaction; nothing is applied yet."""
    # 1.4  What a program answers to a token has no effect, whoever signed it; the handler says so.
    if isinstance(mail, InboundMail) and mail.automatic and route.command in routes.TOKEN_COMMANDS:
        verdict = Verdict()
    staff = route.command in routes.STAFF_COMMANDS
    if isinstance(verdict, TryLater):
        event = AuditEvent(event=DEFERRED[route.command], detail={"cause": "dns"})
        return Outcome(reply=replies.DNS_TROUBLE, audit=(event,))
    refused = REFUSED.get(route.command, "mail:refused")
    if verdict.cause is not None:
        event = AuditEvent(event=refused, detail={"cause": verdict.cause})
        return Outcome(reply=replies.NOT_ACCEPTED if staff else replies.DMARC_REJECT, audit=(event,))
    if isinstance(mail, Malformed) and route.command == "probe":  # 5.11  250 to everybody
        return Outcome(audit=(AuditEvent(event="probe:ignored", detail={"cause": mail.cause}),))
    if isinstance(mail, Malformed) and route.command == "bounce":  # 6.6  250 to all that comes back
        return Outcome(audit=(AuditEvent(event="bounce:ignored", detail={"cause": mail.cause}),))
    if isinstance(mail, Malformed):
        event = AuditEvent(event=refused, detail={"cause": mail.cause})
        return Outcome(reply=replies.NOT_ACCEPTED if staff else replies.MALFORMED, audit=(event,))
    if route.command in routes.TOKEN_COMMANDS:
        verdict = replace(verdict, claim=claim_of(route, transaction))
    outcome = routes.HANDLERS[route.command](mail, verdict, transaction, town)
    return revival.revived(outcome, mail, verdict, transaction)


def claim_of(route: Route, transaction: Transaction) -> Request | LeaveClaim | None:
    """1.2  What the token of an address proves, or None where we never minted it for this command."""
    if route.command in ("leave", "bounce"):
        return tokens.claim(transaction.keyring, route.command, route.tag)
    request = transaction.request(route.tag)
    return request if request is not None and request.kind.local_part == route.command else None


def handled_key(transaction: Transaction, mail: InboundMail, raw: bytes) -> bytes:
    """What a mail is known by when its sending server did not hear our 250 and sends it again."""
    digest = hashlib.sha256(raw).digest()
    return transaction.keyed("handled", b"%s+%s|%s" % (mail.route.command.encode(), mail.route.tag.encode(), digest))


def new_mail_id() -> str:
    return f"m-{secrets.token_hex(8)}"
