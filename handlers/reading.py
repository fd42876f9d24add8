"""Reads any octets into an InboundMail, or says why it cannot. It never raises, judges nobody and answers nothing.

Whoever sends these octets chooses them: every step here takes time in proportion to their number, or is bounded.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import compat32

from handlers.addresses import in_from_field, parse
from handlers.charsets import decode
from handlers.fields import KNOWN
from handlers.folding import fold
from handlers.mail import InboundMail, Malformed, Route
from handlers.own_text import own_text
from handlers.town import Language
from handlers.visible_text import visible_text

LONGEST_READ = 131_072  # octets; what a person writes stands at the head, attachments follow
LONGEST_TEXT = 100_000  # characters that are looked at
LONGEST_FIELD = 2_000  # characters of a header field that are looked at
MOST_FIELDS = 40  # header fields that could be ours
MOST_PARTS = 100
MOST_WORK = 500_000  # lines times multiparts: the parser compares each line with every boundary that is open
MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,120}@[!-;=?-~]{1,78}>\Z")
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9d]")
NO_LETTERS = re.compile(r"[\x80-\x9f\ue000-\uf8ff]")  # what octets become in a charset that is not theirs
LATIN = re.compile(r"[A-Za-z]{2}")
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
TAG = re.compile(r"\[[^\]]*\]|【[^】]*】")  # the name that our own subjects begin with, in its own language
NO_SUBJECT = re.compile(r"\W*no (?:subject|title)\W*\Z", re.IGNORECASE)  # a program's words
ANSWER = re.compile(r"(?:\s*(?:re|fwd?)\s*[:：])+", re.IGNORECASE)
SENTENCE = 3  # Latin words that a Japanese does not write in an answer: "OK", "yes please"
ROBOT = re.compile(r"(?:mailer-daemon|postmaster|(?:no|do[-_.]?not)[-_.]?reply(?:[-_.+].*)?|bounces?(?:[+-].*)?)\Z")
LIST_FIELDS = ("List-Id", "List-Unsubscribe", "List-Post", "List-Help")
# What programs of absence wrote before RFC 3834, and write still.
ROBOT_FIELDS = ("X-Auto-Response-Suppress", "X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Mail-Autoreply")
ABSENT = re.compile(
    r"\s*(?:automatic reply|auto[- ]?reply|out of (?:the )?office|自動(?:応答|返信)|不在(?:通知|応答|のお知らせ))",
    re.IGNORECASE,
)
# 1  Nobody reads a text where a robot may write or a mail is passed on as it is.
NO_TEXT = frozenset({"leave", "bounce", "postmaster", "abuse"})
END_OF_HEADER = re.compile(rb"\r?\n\r?\n")


def read(
    raw: bytes,
    *,
    mail_id: str,
    received_at: datetime,
    route: Route,
    sender: str | None,
    domain: str,
    network: str | None = None,
    silent: Language = "ja",
) -> InboundMail | Malformed:
    """The mail as a handler sees it. `domain` is ours: a mail from it is automatic by definition.

    `silent` is the language of a mail that shows none.
    """
    try:
        return _read(raw, mail_id, received_at, route, sender, domain, network, silent)
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
    silent: Language,
) -> InboundMail | Malformed:
    head = raw[:LONGEST_READ]
    if route.command in NO_TEXT:
        head = END_OF_HEADER.split(head, maxsplit=1)[0]
    if head.count(b"\n") * head.lower().count(b"multipart/") > MOST_WORK:
        return Malformed(cause="too-complex")
    message = message_from_bytes(head, policy=compat32)
    authors = [value for name, value in message.raw_items() if name.lower() == "from"]
    author = in_from_field(words(authors[0], decoding=False)) if len(authors) == 1 else None
    subject = words(_first(message, "Subject"))
    body = "" if route.command in NO_TEXT else _body(message)
    text = own_text((body or "")[:LONGEST_TEXT])
    message_id = words(_first(message, "Message-ID"), decoding=False)
    return InboundMail(
        id=mail_id,
        received_at=received_at,
        route=route,
        sender=parse(sender) if sender else None,
        author=author,
        network=network,
        subject=subject,
        body=(body or "")[:LONGEST_TEXT],
        text=text,
        readable=body is not None,
        headers=tuple((name[2:], words(value)) for name, value in _field_headers(message)),
        message_id=message_id if MESSAGE_ID.match(message_id) else None,
        automatic=not sender or is_automatic(message) or (author is not None and is_robot(author.canonical, domain)),
        language=language(subject, text, silent),
        raw=raw,
    )


def words(value: object, decoding: bool = True) -> str:
    """A header's value on one line, its encoded words decoded (RFC 2047); what cannot be decoded becomes U+FFFD."""
    text = re.sub(r"\r?\n(?=[ \t])", "", str(value)[:LONGEST_FIELD])
    if decoding and "=?" in text:
        text = "".join(_word(part, charset) for part, charset in decode_header(text))
    elif decoding:
        raw = text.encode("ascii", "surrogateescape")
        text = _decoded(raw, None) or raw.decode("ascii", "replace")
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()


def is_automatic(message: Message) -> bool:
    """RFC 3834: a robot, a list, a report or an out-of-office wrote this; it is never answered."""
    submitted = [str(value).split(";")[0].strip().lower() for value in message.get_all("Auto-Submitted", [])]
    if any(value != "no" for value in submitted):
        return True
    if str(message.get("Precedence", "")).strip().lower() in ("bulk", "list", "junk", "auto_reply"):
        return True
    if any(name in message for name in (*LIST_FIELDS, *ROBOT_FIELDS)):
        return True
    if ABSENT.match(words(_first(message, "Subject"))):
        return True
    returns = str(message.get("Return-Path", "")).strip() == "<>"
    return returns or message.get_content_type() in ("multipart/report", "message/delivery-status")


def is_robot(address: str, domain: str) -> bool:
    local, _, host = address.rpartition("@")
    return host == domain or ROBOT.match(local) is not None


def language(subject: str, text: str, silent: Language = "ja") -> Language:
    """English only where there are Latin words and nothing Japanese. In an answer the subject is ours."""
    spoken = ANSWER.match(subject) and len(LATIN_WORD.findall(text)) >= SENTENCE
    named = "" if spoken or NO_SUBJECT.match(subject) else TAG.sub("", ANSWER.sub("", subject, count=1))
    written = f"{named}\n{text}"
    if JAPANESE.search(written):
        return "ja"
    return "en" if LATIN.search(written) else silent


def _first(message: Message, field: str) -> object:
    """The field as it was sent; the package's own access gives U+FFFD for every octet above 127."""
    return next((value for name, value in message.raw_items() if name.lower() == field.lower()), "")


def _field_headers(message: Message) -> list[tuple[str, str]]:
    """The X- headers whose names are fields of ours (2)."""
    found = [(name, value) for name, value in message.raw_items() if name.lower().startswith("x-")]
    return [(name, value) for name, value in found if fold(name[2:]) in KNOWN][:MOST_FIELDS]


def _word(part: bytes | str, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    text = _decoded(part, charset)
    return text if text is not None else part.decode("ascii", "replace")


def _body(message: Message) -> str | None:
    """The text of the mail; None where its charset cannot be read. HTML counts where no plain text says anything."""
    parts = list(_text_parts(message, MOST_PARTS))
    plain = next((part for part in parts if part.get_content_type() == "text/plain"), None)
    text = _text(plain) if plain is not None else ""
    html = next((part for part in parts if part.get_content_type() == "text/html"), None)
    if html is None or text is None or text.strip():
        return text
    shown = _text(html)
    return visible_text(shown[:LONGEST_TEXT]) if shown is not None else None


def _decoded(octets: bytes, charset: str | None) -> str | None:
    """2.4  As the mail says; or else, as it says nothing or something wrong, by the first charset that fits whole."""
    guesses = (decode(octets, name) for name in (None, "euc-jp", "shift_jis"))
    fitting = (text for text in guesses if text is not None and not NO_LETTERS.search(text))
    text = decode(octets, charset)
    return text if text is not None else next(fitting, None)


def _text(part: Message) -> str | None:
    payload = part.get_payload(decode=True)
    text = _decoded(payload if isinstance(payload, bytes) else b"", part.get_content_charset())
    return text.replace("\r\n", "\n").replace("\r", "\n") if text is not None else None


def _text_parts(message: Message, most: int) -> Iterator[Message]:
    """The texts of this mail itself; those of a mail that it encloses are somebody else's (2.4)."""
    waiting = [message]
    while waiting and most:
        part = waiting.pop()
        most -= 1
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(each for each in reversed(payload) if isinstance(each, Message))
        elif part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment":
            yield part
