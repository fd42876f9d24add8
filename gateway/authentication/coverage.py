"""The self-test of staff: the checks of pipeline.py without a stop at the first objection (protocol 5.11).

The bounds are the pipeline's: a stranger costs no look-up, a mail at most three keys. What it finds proves nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.authentication import freshness, pipeline, signing_keys
from gateway.authentication.causes import Cause
from gateway.authentication.lint import Message, lint
from gateway.authentication.pipeline import FINAL, TryLater
from gateway.authentication.resolver import LookupTrouble, TxtResolver
from gateway.authentication.sender import author
from gateway.authentication.signatures import MOST_CANDIDATES, MOST_SIGNATURES, Signature, read, signatures
from gateway.authentication.signing_keys import SigningKey
from gateway.lanes import aside
from handlers.coverage import CHECKS, WANTED, Check, Coverage, FoundKey, Objection, Signer
from handlers.fields import KNOWN
from handlers.folding import fold
from handlers.mail import Proof, Verdict
from handlers.town import StaffMember, Town

# Where large providers sign for a customer who has not published a key.
SHARED: dict[str, Signer] = {".gappssmtp.com": "google", ".onmicrosoft.com": "microsoft"}

# Of a key that is there, and refused for what it is.
UNFIT = frozenset({Cause.KEY_TOO_SHORT, Cause.KEY_TOO_LONG, Cause.KEY_EXPONENT})

# The last cause of each check, in the order of causes.py; a domain that is not aligned stands by itself.
_LAST = {
    Cause.RESENT_FIELD: "octets",
    Cause.UNKNOWN_AUTHOR: "author",
    Cause.IDENTITY: "signature",
    Cause.OTHER_RECIPIENT: "coverage",
    Cause.IN_FUTURE: "time",
    Cause.KEY_IDENTITY: "key",
    Cause.VERIFIERS_DISAGREE: "proof",
    Cause.CONTROL_IN_TEXT: "content",
}


def check_of(cause: Cause) -> Check:
    """The check that a cause belongs to."""
    if cause is Cause.NOT_ALIGNED:
        return "domain"
    order = list(Cause)
    found = next(name for last, name in _LAST.items() if order.index(cause) <= order.index(last))
    return next(check for check in CHECKS if check == found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """What became of one signature."""

    signature: Signature
    causes: tuple[Cause, ...]
    key: SigningKey | None = None
    proof: Proof | None = None

    @property
    def reached(self) -> int:
        """How far it came; one without objections came furthest."""
        order = list(Cause)
        return max(map(order.index, self.causes), default=len(order))


async def self_test(raw: bytes, *, town: Town, resolver: TxtResolver, now: datetime) -> Verdict | TryLater:
    """A verdict that proves nobody, with what a mail of this shape would meet at alert@; or TryLater."""
    found = await examine(raw, town=town, resolver=resolver, now=now)
    return found if isinstance(found, TryLater) else Verdict(coverage=found)


async def examine(raw: bytes, *, town: Town, resolver: TxtResolver, now: datetime) -> Coverage | TryLater:
    """Everything that speaks against the mail as an alert, and what its signature covers."""
    message = lint(raw)
    if isinstance(message, Cause):
        return _stopped(message, 1)
    claimed = author(message.first("from"))
    if isinstance(claimed, Cause):
        return _stopped(claimed, 2)
    member = town.staff_member(claimed)
    if member is None:
        return _stopped(Cause.UNKNOWN_AUTHOR, 2)
    tried = await _trials(message, member, town.domain, resolver, now)
    if isinstance(tried, TryLater):
        return tried
    if isinstance(tried, _Trial):
        return _reported(member, tried)
    return _unsigned(message, member, tried)


async def _trials(
    message: Message, member: StaffMember, our_domain: str, resolver: TxtResolver, now: datetime
) -> _Trial | tuple[Cause, ...] | TryLater:
    """The signature that came furthest, or why none of them is one of the author's domain."""
    found = signatures(message, member.address.domain)
    own = [each for each in found if isinstance(each, Signature)]
    if not own:
        return tuple(dict.fromkeys(each for each in found if isinstance(each, Cause)))
    stale = freshness.of_mail(message, now)
    objections = {
        id(each): (*pipeline.objections(each, message, our_domain, now), *([stale] if stale else [])) for each in own
    }
    own.sort(key=lambda each: "content-type" not in each.covered)
    # As for an alert: those that may prove the author, and only where there is none the others.
    candidates = [each for each in own if not objections[id(each)]] or own
    trials, silent = [], False
    for signature in candidates[:MOST_CANDIDATES]:
        try:
            trial = await _tried(message, signature, member, resolver, objections[id(signature)])
        except LookupTrouble:
            silent = True
            continue
        if not trial.causes or (not objections[id(signature)] and trial.causes[-1] in FINAL):
            return trial
        trials.append(trial)
    return TryLater() if silent else max(trials, key=lambda trial: trial.reached)


async def _tried(
    message: Message, signature: Signature, member: StaffMember, resolver: TxtResolver, causes: tuple[Cause, ...]
) -> _Trial:
    key = await pipeline.key_of(signature, member, resolver)
    if isinstance(key, Cause):
        asked = key in UNFIT and not member.keys
        loaded = _unfit(await resolver.txt(signature.key_name), signature) if asked else None
        return _Trial(signature=signature, causes=(*causes, key), key=loaded)
    result = await aside(len(message.body), pipeline.proven, message, signature, key)
    if isinstance(result, Cause):
        return _Trial(signature=signature, causes=(*causes, result), key=key)
    return _Trial(signature=signature, causes=causes, key=key, proof=result)


def _unfit(texts: list[bytes], signature: Signature) -> SigningKey | None:
    """A key that is refused for its size is still told about."""
    key = signing_keys.from_record(texts[0], signature) if len(texts) == 1 else None
    return key if isinstance(key, SigningKey) else None


def _stopped(cause: Cause, reached: int) -> Coverage:
    return Coverage(objections=_objections([cause]), unreached=CHECKS[reached:])


def _reported(member: StaffMember, trial: _Trial) -> Coverage:
    signature, objections = trial.signature, _objections(trial.causes)
    failed = {objection.check for objection in objections}
    unreached: tuple[Check, ...] = ("content",) if "proof" in failed else ()
    if "key" in failed:
        unreached = ("proof", "content")
    return Coverage(
        author=member.address,
        objections=objections,
        unreached=unreached,
        signer="own",
        domain=signature.domain,
        selector=signature.selector if trial.key else "",
        key=_described(trial.key),
        covered=frozenset(name for name in signature.covered if name in WANTED or _is_ours(name)),
        timed=signature.signed_at is not None,
        expires=signature.expires_at is not None,
        proven=trial.key is not None and not {"key", "proof"} & failed,
        html_only=trial.proof is not None and trial.proof.text is None,
    )


def _unsigned(message: Message, member: StaffMember, causes: tuple[Cause, ...]) -> Coverage:
    """No signature of the author's own domain can be read."""
    objections = _objections(causes)
    first = "coverage" if Cause.NOT_ALIGNED in causes else "domain"
    return Coverage(
        author=member.address,
        objections=objections,
        unreached=CHECKS[CHECKS.index(first) :],
        signer=_signer(message),
    )


def _objections(causes: Iterable[Cause]) -> tuple[Objection, ...]:
    return tuple(Objection(check_of(cause), cause) for cause in causes)


def _signer(message: Message) -> Signer:
    """Who signs instead of the author's domain. Their own words are not repeated."""
    fields = [field for field in message.fields if field.name == "dkim-signature"]
    domains = [each.domain for field in fields[:MOST_SIGNATURES] if isinstance(each := read(field), Signature)]
    for domain in domains:
        for shared, signer in SHARED.items():
            if domain.endswith(shared):
                return signer
    return "other" if fields else "nobody"


def _is_ours(name: str) -> bool:
    """X- and a field of ours, as h= names it."""
    return name.startswith("x-") and fold(name[2:]) in KNOWN


def _described(key: SigningKey | None) -> FoundKey | None:
    if key is None:
        return None
    public = key.public
    if isinstance(public, rsa.RSAPublicKey):
        return FoundKey(algorithm="rsa", bits=public.key_size, fingerprint=key.fingerprint, pinned=key.pinned)
    return FoundKey(algorithm="ed25519", bits=256, fingerprint=key.fingerprint, pinned=key.pinned)
