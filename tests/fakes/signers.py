"""What the mail systems of schools put into h=, as they were seen in real mail; the keys are the tests' own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.fakes.school import DOMAIN, KEY, NOW
from tests.fakes.signer import compose, sign

STAMP = int(NOW.timestamp())
WEEK, MONTH = 604_800, 2_592_000


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A provider's habit."""

    name: str
    covered: Sequence[str]
    domain: str = DOMAIN
    timed: bool = True
    lives: int = 0  # seconds from t= to x=
    darn: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: str | None = None  # the cause at alert@; None: accepted
    advice: str | None = None  # a name of SENTENCES; None: nothing to ask for

    def mail(self, text: str = "District: tomio\n\nBe careful.\n", subject: str = "Alert", **tags: str) -> bytes:
        """The teacher's mail as this provider would sign it."""
        plain = compose(f"taro@{DOMAIN}", "alert@example.jp", subject, text, self.headers, date=NOW)
        wanted = {"t": str(STAMP) if self.timed else "", "x": str(STAMP + self.lives) if self.lives else ""}
        return sign(plain, KEY.private_pem, self.domain, "s1", self.covered, tags=wanted | {"darn": self.darn} | tags)


_GMAIL = ("content-transfer-encoding", "mime-version", "message-id", "date", "subject", "to", "from")
_GMAIL_TWICE = ("from", "to", "cc", "subject", "date", "message-id", "reply-to")
_MICROSOFT = ("From", "Date", "Subject", "Message-ID", "Content-Type", "MIME-Version", "X-MS-Exchange-SenderADCheck")
_ICLOUD = ("from", "to", "subject", "date", "message-id", "mime-version", "x-icloud-hme")
_OPENDKIM = ("from", "reply-to", "subject", "date", "to", "cc", "in-reply-to", "references", "list-id")
_RSPAMD = (
    *("from", "from", "sender", "reply-to", "reply-to", "subject", "subject", "date", "message-id", "to", "to"),
    *("cc", "cc", "mime-version", "content-type", "content-transfer-encoding"),
)

SIGNERS = (
    Signer(
        name="gmail-2026",
        covered=(*_GMAIL, "content-type", *_GMAIL_TWICE, "content-type"),
        lives=WEEK,
        darn="example.jp",
    ),
    Signer(name="gmail-until-2026", covered=(*_GMAIL, *_GMAIL_TWICE), lives=WEEK, advice="cover"),
    Signer(
        name="workspace-without-own-key",
        covered=(*_GMAIL, "content-type", *_GMAIL_TWICE, "content-type"),
        domain="school-example.20251104.gappssmtp.com",
        lives=WEEK,
        refused="not-aligned",
        advice="google",
    ),
    Signer(name="microsoft-365", covered=_MICROSOFT, timed=False),
    Signer(
        name="microsoft-365-without-own-key",
        covered=_MICROSOFT,
        domain="school.onmicrosoft.com",
        timed=False,
        refused="not-aligned",
        advice="microsoft",
    ),
    Signer(name="icloud", covered=(*_ICLOUD, "content-type"), lives=MONTH),
    Signer(name="icloud-without-content-type", covered=_ICLOUD, lives=MONTH, advice="cover"),
    Signer(
        name="yahoo-japan",
        covered=("Date", "From", "Reply-To", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type"),
    ),
    Signer(name="opendkim", covered=_OPENDKIM, refused="field-not-covered", advice="cover"),
    Signer(name="rspamd", covered=_RSPAMD),
)
