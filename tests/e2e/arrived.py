"""A mail as the next hop was given it, read with the email package of Python."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.fakes.sink import Received


@dataclass(frozen=True)
class Arrived:
    """One mail that the next hop was given."""

    sender: str
    recipient: str
    raw: bytes
    mail: EmailMessage

    @classmethod
    def of(cls, one: Received) -> "Arrived":
        mail = message_from_bytes(one.message, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert len(one.recipients) == 1, "one recipient a message"
        assert not mail.defects, mail.defects
        return cls(one.sender, one.recipient, one.message, mail)

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def is_copy(self) -> bool:
        return "List-Id" in self.mail

    @property
    def leave(self) -> str:
        """The address that List-Unsubscribe names."""
        found = re.fullmatch(r"<mailto:([^>]+)>(?:, *<https:[^>]+>)?", str(self.mail["List-Unsubscribe"]))
        assert found is not None
        return found[1]

    @property
    def leave_page(self) -> str:
        """The page that List-Unsubscribe names after the address: where RFC 8058 posts to."""
        found = re.fullmatch(r"<mailto:[^>]+>, *<(https:[^>]+)>", str(self.mail["List-Unsubscribe"]))
        assert found is not None
        return found[1]

    @property
    def lines(self) -> int:
        """6  Lines of a letter, terms apart."""
        return len(self.text.partition("――")[0].rstrip().splitlines())
