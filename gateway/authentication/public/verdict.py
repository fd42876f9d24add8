"""What the proof of a public author says, and why nobody is proven: a closed list, for the audit and for tests."""

from dataclasses import dataclass
from enum import StrEnum

from storage.records import Address


class Unproven(StrEnum):
    """One reason why the author of a mail is not proven."""

    UNREADABLE = "unreadable"  # the header cannot be read in one way only
    NO_AUTHOR = "no-author"  # From is not exactly one address
    AMBIGUOUS = "ambiguous"  # DMARC passes, but programs could read From or another field differently
    NO_DMARC = "no-dmarc"  # the domain publishes no policy
    REPLAYED = "replayed"  # DMARC passes, but the mail is an old one, or was signed for somebody else
    UNSURE = "unsure"  # DMARC could not be judged in full: a look-up failed, or SPF says nothing about this way
    DMARC_FAIL = "dmarc-fail"  # neither signature nor envelope is of the author's domain
    DMARC_REJECT = "dmarc-reject"  # the same, and the domain asks that such mail be refused


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicVerdict:
    """The proven author, or the reason why there is none."""

    author: Address | None = None
    cause: Unproven | None = None

    @property
    def rejected(self) -> bool:
        """3.7  Whether the author's domain asks that this mail be refused."""
        return self.cause is Unproven.DMARC_REJECT


class Standing(StrEnum):
    """What one way of proof, signature or envelope, says about the author's domain."""

    PROVEN = "proven"
    PASSED = "passed"  # DMARC is content, but the mail may be replayed
    FAILED = "failed"
    UNSURE = "unsure"  # nothing can be said: never a reason to refuse
