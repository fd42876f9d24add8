"""The mail of made-up people: residents' plain ones, and the school's, signed with a key that is thrown away."""

import base64
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SELECTOR = "demo"
KEY_BITS = 2048
SIGNED = b"from to subject date message-id mime-version content-type content-transfer-encoding".split()


class StaffKey:
    """A DKIM key pair that lives as long as the tour."""

    def __init__(self) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        self._pem = private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        self._public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def pinned(self) -> str:
        """5.1b  As `keys` of the configuration wants it: SELECTOR:BASE64."""
        return f"{SELECTOR}:{base64.b64encode(self._public).decode()}"

    def signed(self, raw: bytes, author: str) -> bytes:
        """The mail with a DKIM signature of its author's domain on top."""
        domain = author.rpartition("@")[2].encode()
        return bytes(dkim.sign(raw, SELECTOR.encode(), domain, self._pem, include_headers=SIGNED)) + raw


def mail(author: str, to: str, subject: str, text: str, name: str = "") -> bytes:
    """An ordinary mail, with lines that end in CRLF."""
    message = EmailMessage(policy=SMTP)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["From"] = Address(name, addr_spec=author)
    message["To"] = to
    message["Message-ID"] = make_msgid(domain=author.rpartition("@")[2])
    message["Subject"] = subject
    message.set_content(text, cte="base64")
    return message.as_bytes()
