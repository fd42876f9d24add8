"""What a self-test finds of a mail's signature (protocol 5.11): values only, and nothing of what the mail says."""

from dataclasses import dataclass, field
from typing import Literal, get_args

from storage.records import Address

Check = Literal["octets", "author", "signature", "domain", "coverage", "time", "key", "proof", "content"]
CHECKS: tuple[Check, ...] = get_args(Check)
Signer = Literal["own", "google", "microsoft", "other", "nobody"]
NEEDED = ("from", "subject", "date", "message-id")  # 5.1
WANTED = (*NEEDED, "content-type", "to", "mime-version")  # what a report speaks of


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """The public key that a signature names, where there is one."""

    algorithm: Literal["rsa", "ed25519"]
    bits: int
    fingerprint: str  # SHA-256 of p=, hexadecimal
    pinned: bool


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a check fails, by the name that the audit shows."""

    check: Check
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How far a mail came through the checks of an alert. Without objections, an alert like it would be proven."""

    author: Address | None = field(default=None, repr=False)  # enrolled, and not proven
    objections: tuple[Objection, ...] = ()  # in the order of the checks
    unreached: tuple[Check, ...] = CHECKS  # what could not be looked at for them
    signer: Signer = "nobody"  # whose signature it has: the author's own domain, or somebody else's
    domain: str = ""  # d=, where it is the author's own
    selector: str = ""  # where a key is published under it
    key: FoundKey | None = None
    covered: frozenset[str] = frozenset()  # of the fields that alerts know, those in h=; in lower case
    timed: bool = False  # t= is there
    expires: bool = False  # x= is there
    proven: bool = False  # the signature is right
    html_only: bool = False

    @property
    def causes(self) -> tuple[str, ...]:
        return tuple(objection.cause for objection in self.objections)

    @property
    def failed(self) -> frozenset[Check]:
        return frozenset(objection.check for objection in self.objections)
