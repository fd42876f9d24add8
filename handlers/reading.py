"""Reads any octets into an InboundMail, or says why it cannot. It never raises, judges nobody and answers nothing."""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from html.parser import HTMLParser
from typing import Literal

from handlers.addresses import in_from_field, parse
from handlers.charsets import decode
from handlers.mail import InboundMail, Malformed, Route
from handlers.own_text import own_text

LONGEST_TEXT = 200_000  # characters that are looked at
MOST_PARTS = 100
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,120}@[!-;=?-~]{1,78}>\Z")
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9d]")
OUR_PREFIX = re.compile(r"\s*(?:[A-Za-z]{2,3}\s*[:：]\s*)*(?:\[[^\]]*\]|【[^】]*】)?")
LATIN = re.compile(r"[A-Za-z]{2}")
ROBOT = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?(?:[+-].*)?)\Z")
LIST_FIELDS = ("List-Id", "List-Unsubscribe", "List-Post", "List-Help")


def read(
    raw: bytes,
    *,
    mail_id: str,
    received_at: datetime,
    route: Route,
    sender: str | None,
    domain: str,
    network: str | None = None,
) -> InboundMail | Malformed:
    """The mail as a handler sees it. `domain` is ours: a mail from it is automatic by definition."""
    try:
        return _read(raw, mail_id, received_at, route, sender, domain, network)
    except Exception:  # the email package raises many kinds on malformed input; whatever it is, the mail is unreadable
        return Malformed(cause="unreadable")


def _read(
    raw: bytes,
    mail_id: str,
    received_at: datetime,
    route: Route,
    sender: str | None,
    domain: str,
    network: str | None,
) -> InboundMail | Malformed:
    message = message_from_bytes(raw, policy=compat32)
    authors = message.get_all("From", [])
    author = in_from_field(words(authors[0], decoding=False)) if len(authors) == 1 else None
    subject = words(message.get("Subject", ""))
    body = _body(message)
    if body is None:
        return Malformed(cause="charset")
    body = body[:LONGEST_TEXT]
    text = own_text(body)
    message_id = words(message.get("Message-ID", ""), decoding=False).strip()
    return InboundMail(
        id=mail_id,
        received_at=received_at,
        route=route,
        sender=parse(sender) if sender else None,
        author=author,
        network=network,
        subject=subject,
        body=body,
        text=text,
        headers=tuple((name[2:], words(value)) for name, value in message.items() if name.lower().startswith("x-")),
        message_id=message_id if MESSAGE_ID.match(message_id) else None,
        automatic=not sender or is_automatic(message) or (author is not None and is_robot(author.canonical, domain)),
        language=language(subject, text),
        raw=raw,
    )


def words(value: object, decoding: bool = True) -> str:
    """A header's value on one line, its encoded words decoded (RFC 2047); what cannot be decoded becomes U+FFFD."""
    text = re.sub(r"\r?\n(?=[ \t])", "", str(value))
    if decoding and "=?" in text:
        text = "".join(_word(part, charset) for part, charset in decode_header(text))
    elif decoding:
        raw = text.encode("ascii", "surrogateescape")
        text = decode(raw, None) or raw.decode("ascii", "replace")
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()


def is_automatic(message: Message) -> bool:
    """RFC 3834: a robot, a list, a report or an out-of-office wrote this; it is never answered."""
    if str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower() != "no":
        return True
    if str(message.get("Precedence", "")).strip().lower() in ("bulk", "list", "junk", "auto_reply"):
        return True
    if any(name in message for name in (*LIST_FIELDS, "X-Auto-Response-Suppress", "X-Autoreply", "X-Autorespond")):
        return True
    returns = str(message.get("Return-Path", "")).strip() == "<>"
    return returns or message.get_content_type() in ("multipart/report", "message/delivery-status")


def is_robot(address: str, domain: str) -> bool:
    local, _, host = address.rpartition("@")
    return host == domain or ROBOT.match(local) is not None


def language(subject: str, text: str) -> Literal["ja", "en"]:
    """English only where there are Latin words and nothing Japanese. The name in our own subject says nothing."""
    written = f"{OUR_PREFIX.sub('', subject)}\n{text}"
    return "en" if LATIN.search(written) and not JAPANESE.search(written) else "ja"


def _word(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    text = decode(part, charset)
    return text if text is not None else part.decode("ascii", "replace")


def _body(message: Message) -> str | None:
    """The text of the mail; None where its charset cannot be read."""
    parts = list(_text_parts(message))
    plain = next((part for part in parts if part.get_content_type() == "text/plain"), None)
    chosen = plain if plain is not None else next(iter(parts), None)
    if chosen is None:
        return ""
    payload = chosen.get_payload(decode=True)
    text = decode(payload if isinstance(payload, bytes) else b"", chosen.get_content_charset())
    if text is None:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if chosen is plain else visible_text(text[:LONGEST_TEXT])


def _text_parts(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            return
        shown = part.get_content_disposition() != "attachment"
        if shown and part.get_content_type() in ("text/plain", "text/html") and not part.is_multipart():
            yield part


def visible_text(html: str) -> str:
    """The text that a reader of this HTML sees, quotations left out."""
    reader = _VisibleText()
    reader.feed(html)
    reader.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.kept)).strip()


class _VisibleText(HTMLParser):
    HIDDEN = frozenset({"style", "script", "head", "title", "blockquote"})
    BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.kept: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in self.HIDDEN
        if tag in self.BREAKS:
            self.kept.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in self.HIDDEN and self.hidden > 0
        if tag in ("p", "div", "tr", "li"):
            self.kept.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.kept.append(re.sub(r"[ \t\r\n\xa0]+", " ", data))
