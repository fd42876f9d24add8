"""What a report at bounce+ says of a letter of ours, as values (protocol 6.6). No parsing here."""

from dataclasses import dataclass, field

# The mailbox or its host is not there: nothing gets better by waiting.
GONE = frozenset({"userunknown", "hostunknown", "hasmoved", "notaccept"})
# 6.6  A word on us, on our letter or on the reader's filter; the mailbox itself may be well.
NOT_THE_MAILBOX = frozenset(
    {
        "authfailure", "badreputation", "blocked", "contenterror", "exceedlimit", "filtered", "mesgtoobig",
        "norelaying", "policyviolation", "rejected", "requireptr", "securityerror", "spamdetected", "speeding",
        "syntaxerror", "toomanyconn", "virusdetected",
    }
)  # fmt: skip
PASSING = frozenset(
    {
        "expired", "mailboxfull", "mailererror", "networkerror", "onhold", "suspend", "systemerror", "systemfull",
        "undefined",
    }
)  # fmt: skip
REASONS = GONE | NOT_THE_MAILBOX | PASSING
# RFC 5965, 7.3.2; RFC 6430, RFC 6591: the reader says that they do not want this; anything else is for administrators.
UNWANTED = frozenset({"abuse", "complaint", "fraud", "opt-out", "opt-out-list", "other"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A letter that did not arrive, and why. `permanent`: the mailbox or its host is not there (a "hard" bounce)."""

    reason: str  # one of REASONS
    status: str  # the enhanced code (RFC 3463): as reported, or what the reason stands for
    delayed: bool = False  # not given up yet: nothing to count

    @property
    def permanent(self) -> bool:
        return self.reason in GONE and not self.delayed and not self.status.startswith("4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A feedback report (RFC 5965); `kind` is its Feedback-Type."""

    kind: str

    @property
    def unwanted(self) -> bool:
        """Whether it is the reader's own "no more of this", and not a word among administrators."""
        return self.kind in UNWANTED


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoReply:
    """A vacation notice, a receipt, or a report of success: the mailbox lives, and there is nothing to do."""

    kind: str = field(default="vacation")  # vacation | receipt | delivered
