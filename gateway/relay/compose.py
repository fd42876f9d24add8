"""Mail of ours as octets: an alert rendered once and spliced for each resident (5.9), and single letters (6).

Functions of values: no clock, no randomness. Every octet is 7-bit, lines end in CRLF, and no input can end a field.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from gateway.relay import headers

RAW_LINE_LIMIT = 998  # octets, RFC 5322 section 2.1.1
TEXT = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"

_OWN = re.compile(r"[!-;=?-~]{1,66}@[A-Za-z0-9.\-]{1,255} [A-Za-z0-9._~=\-]{1,200}")  # an address and a token
_IDENTIFIERS = re.compile(r"<[!-;=?A-~]+@[!-;=?A-~]+>(?:[ ]<[!-;=?A-~]+@[!-;=?A-~]+>)*")
_WEB_BASE = re.compile(r"https://[A-Za-z0-9.\-:\[\]]+(?:/[A-Za-z0-9._~\-]+)*/?")
_ALERT_NAME = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Prepared:
    """An alert but for what differs from copy to copy."""

    before_message_id: bytes = field(repr=False)
    before_mailto: bytes = field(repr=False)
    before_web: bytes = field(repr=False)  # empty without a web endpoint
    rest: bytes = field(repr=False)  # the other headers
    body: bytes = field(repr=False)  # the same for all, as is its hash for a signature

    def copy(self, recipient: str, message_id: str, leave_token: str, references: str = "") -> bytes:
        """The copy of one resident; `references` is the Message-ID of what this same resident got before."""
        if not _OWN.fullmatch(f"{recipient} {leave_token}"):
            raise ValueError("a copy needs an address in its wire form and a token of letters and digits")
        number = headers.message_id(message_id)
        if references:
            number = f"{number}\r\nReferences: {headers.message_id(references)}"
        token = leave_token.encode("ascii")
        web = self.before_web and self.before_web + token
        return b"".join(
            (
                b"To: ",  # first: Postfix looks each address up and remembers the last, here that of RCPT
                recipient.encode("ascii"),
                self.before_message_id,
                number.encode("ascii"),
                self.before_mailto,
                token,
                web,
                self.rest,
                b"\r\n",
                self.body,
            )
        )


def prepare(
    *,
    domain: str,
    organisation: str,
    subject: str,
    text: str,
    list_name: str,
    alert_name: str,
    date: datetime,
    references: str | None = None,
    web_base: str | None = None,
) -> Prepared:
    """Renders an alert once. `references`: msg-ids, when they are the same for all; `web_base`: an https URL."""
    domain = headers.domain(domain)
    if web_base is not None and not _WEB_BASE.fullmatch(web_base):
        raise ValueError("[web] needs an https URL without query")
    if not _ALERT_NAME.fullmatch(alert_name):
        raise ValueError("an alert's name must look like 2026-0042")
    link = "" if web_base is None else f"@{domain}>,\r\n <{web_base.rstrip('/')}/leave/"
    list_id = headers.named("List-Id", list_name, f"alerts.{domain}")
    author = headers.named("From", organisation, f"help@{domain}")
    return Prepared(
        before_message_id=b"\r\n" + author + headers.unstructured("Subject", subject) + _date(date) + b"Message-ID: ",
        before_mailto=b"\r\n" + _references(references) + list_id + b"List-Unsubscribe: <mailto:leave+",
        before_web=link.encode("ascii"),
        rest=_rest(domain, alert_name, web=web_base is not None),
        body=_base64(headers.clean_text(text).encode()),
    )


def _rest(domain: str, alert_name: str, *, web: bool) -> bytes:
    """The headers behind the token in List-Unsubscribe, which they begin by ending."""
    end, one_click = (">", "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n") if web else (f"@{domain}>", "")
    return (
        (
            f"{end}\r\n{one_click}"
            "List-Post: NO\r\n"
            f"List-Help: <mailto:help@{domain}>\r\n"
            f"X-Mimamori-Alert: {alert_name}\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "Precedence: list\r\n"
            "X-Auto-Response-Suppress: All\r\n"
        ).encode("ascii")
        + b"MIME-Version: 1.0\r\n"
        + TEXT
    )


def letter(
    *,
    from_address: str,
    display_name: str,
    to: str,
    subject: str,
    text: str,
    message_id: str,
    date: datetime,
    in_reply_to: str | None = None,
    reply_to: str | None = None,
    attached: bytes | None = None,
) -> bytes:
    """A letter to one person; `attached` is a raw mail that goes along unchanged. Addresses in their wire form."""
    head = [
        headers.named("From", display_name, headers.address(from_address)),
        f"To: {headers.address(to)}\r\n".encode("ascii"),
        f"Reply-To: {headers.address(reply_to)}\r\n".encode("ascii") if reply_to else b"",
        headers.unstructured("Subject", subject),
        _date(date),
        f"Message-ID: {headers.message_id(message_id)}\r\n".encode("ascii"),
        _answering(in_reply_to),
        b"Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n",
    ]
    body = _base64(headers.clean_text(text).encode())
    if attached is None:
        return b"".join((*head, TEXT, b"\r\n", body))
    # The hash of what lies between: nobody can write a mail that holds the hash of itself.
    boundary = b"=_" + hashlib.sha256(body + attached).hexdigest()[:40].encode("ascii")
    parts = (TEXT + b"\r\n" + body, _enclosure(attached))
    return b"".join(
        (
            *head,
            b'Content-Type: multipart/mixed; boundary="%s"\r\n\r\n' % boundary,
            *(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts),
            b"--%s--\r\n" % boundary,
        )
    )


def _enclosure(raw: bytes) -> bytes:
    """RFC 2046, 5.2.1: message/rfc822 may not be encoded, so what cannot go as it is goes as a file."""
    if _seven_bit(raw):
        return b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + raw
    return (
        b'Content-Type: application/octet-stream; name="mail.eml"\r\n'
        b'Content-Disposition: attachment; filename="mail.eml"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n" + _base64(raw)
    )


def _seven_bit(raw: bytes) -> bool:
    sound = raw.isascii() and b"\0" not in raw and _BARE.search(raw) is None
    return sound and all(len(line) <= RAW_LINE_LIMIT for line in raw.split(b"\r\n"))


def _base64(octets: bytes) -> bytes:
    return base64.encodebytes(octets).replace(b"\n", b"\r\n")


def _date(date: datetime) -> bytes:
    return f"Date: {format_datetime(date)}\r\n".encode("ascii")


def _references(text: str | None) -> bytes:
    if not text:
        return b""
    if not _IDENTIFIERS.fullmatch(text):
        raise ValueError("references must be msg-ids, with one blank between them")
    return "References: {}\r\n".format(text.replace(" ", "\r\n ")).encode("ascii")


def _answering(in_reply_to: str | None) -> bytes:
    """6  In-Reply-To only of a valid msg-id of 200 octets at most: it comes from a stranger's mail."""
    try:
        number = headers.message_id(in_reply_to or "")
    except ValueError:
        return b""
    return f"In-Reply-To: {number}\r\nReferences: {number}\r\n".encode("ascii")
