"""DMARC: what a domain asks for, and which domains belong together (RFC 9989). No list of public suffixes is needed.

Names are walked upwards to find an organisation, as its records say. Percentages (pct=) of the older RFC 7489 are
ignored. A record that is not sound never leads to a refusal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.authentication.resolver import HostResolver

LONGEST_WALK = 8  # names, RFC 9989, 4.10
LARGEST_RECORD = 4_096  # octets


class Policy(StrEnum):
    """What a domain asks to be done with mail that fails."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The record of one domain."""

    policy: Policy = Policy.NONE
    of_subdomains: Policy = Policy.NONE  # sp=
    of_missing: Policy = Policy.NONE  # np=, for subdomains that there are not
    strict_signature: bool = False  # adkim=s
    strict_envelope: bool = False  # aspf=s
    suffix: bool | None = None  # psd=: names below belong to others (True), or this is the organisation (False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Governing:
    """The record that speaks for a domain, and the domain that published it."""

    domain: str
    holder: str
    record: Record


class Policies:
    """The records that the proof of one mail has asked for so far, each looked up once."""

    def __init__(self, resolver: HostResolver) -> None:
        self._resolver = resolver
        self._known: dict[str, Record | None] = {}

    async def governing(self, domain: str) -> Governing | None:
        """The domain's own record, or that of its organisation, or of the suffix above; None where there is none."""
        own = await self._record(domain)
        if own is not None:
            return Governing(domain=domain, holder=domain, record=own)
        organisation = await self.organisation(domain)
        for holder in (organisation, organisation.partition(".")[2]):
            record = await self._record(holder) if holder else None
            if record is not None and (holder == organisation or record.suffix):
                return Governing(domain=domain, holder=holder, record=record)
        return None

    async def organisation(self, domain: str) -> str:
        """The domain that stands for all names of its organisation; `domain` itself where nobody above says more."""
        highest = domain
        for name in _upwards(domain):
            record = await self._record(name)
            if record is None:
                continue
            if record.suffix is True and name != domain:
                return domain.removesuffix(f".{name}").rpartition(".")[2] + f".{name}"
            if record.suffix is not None:
                return name
            # What stands at the top belongs to everybody below it, unless it says otherwise.
            highest = name if "." in name else highest
        return highest

    async def aligned(self, domain: str, author: str, *, strict: bool) -> bool:
        """Whether a proof of `domain` is one of the author's domain."""
        if domain == author:
            return True
        # Cheaper than asking: organisations have at least two labels.
        if strict or domain.split(".")[-2:] != author.split(".")[-2:]:
            return False
        return await self.organisation(domain) == await self.organisation(author)

    async def asked_for(self, governing: Governing) -> Policy:
        """What is to be done with mail of this domain that fails."""
        record = governing.record
        if governing.domain == governing.holder:
            return record.policy
        if record.of_missing is record.of_subdomains or await self._exists(governing.domain):
            return record.of_subdomains
        return record.of_missing

    async def _exists(self, domain: str) -> bool:
        return bool(
            await self._resolver.exchanges(domain)
            or await self._resolver.addresses(domain, 4)
            or await self._resolver.addresses(domain, 6)
        )

    async def _record(self, name: str) -> Record | None:
        if name not in self._known:
            self._known[name] = parse(await self._resolver.txt(f"_dmarc.{name}"))
        return self._known[name]


def _upwards(domain: str) -> Iterator[str]:
    """The names to ask, from the domain itself to the top; of a long one, the middle is left out."""
    labels = domain.split(".")
    yield domain
    for count in range(min(len(labels), LONGEST_WALK) - 1, 0, -1):
        yield ".".join(labels[-count:])


def parse(texts: Sequence[bytes]) -> Record | None:
    """The record among these TXT records; None where there is none, or more than one."""
    found = [tags for tags in map(_tags, texts) if tags is not None]
    return _record(found[0]) if len(found) == 1 else None


def _tags(text: bytes) -> dict[str, str] | None:
    """The tags of a DMARC record, which begins with its version; None for another record. Odd tags are skipped."""
    if len(text) > LARGEST_RECORD:
        return None
    pairs = [[part.strip(b" \t") for part in spec.partition(b"=")] for spec in text.split(b";")]
    if pairs[0] != [b"v", b"=", b"DMARC1"]:
        return None
    tags: dict[str, str] = {}
    for name, _, value in pairs:
        tags.setdefault(name.decode("ascii", "replace").lower(), value.decode("ascii", "replace").lower())
    return tags


def _record(tags: dict[str, str]) -> Record:
    asked = [_policy(tags.get(name)) for name in ("p", "sp", "np")]
    sound = asked[0] is not None and all(asked[at] or name not in tags for at, name in ((1, "sp"), (2, "np")))
    # t=y: the domain tries its policy out, and everybody goes one step less far.
    most = Policy.QUARANTINE if tags.get("t") == "y" else Policy.REJECT
    policy, of_subdomains, of_missing = asked if sound else (Policy.NONE, None, None)
    policy = _at_most(policy or Policy.NONE, most)
    of_subdomains = _at_most(of_subdomains or policy, most)
    return Record(
        policy=policy,
        of_subdomains=of_subdomains,
        of_missing=_at_most(of_missing or of_subdomains, most),
        strict_signature=tags.get("adkim") == "s",
        strict_envelope=tags.get("aspf") == "s",
        suffix={"y": True, "n": False}.get(tags.get("psd", "u")),
    )


def _policy(value: str | None) -> Policy | None:
    return Policy(value) if value in tuple(Policy) else None


def _at_most(policy: Policy, most: Policy) -> Policy:
    return most if policy is Policy.REJECT else policy
