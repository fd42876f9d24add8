"""A report opened: its headers, and the text of the report itself without the mail that it returns. Judges nothing.

Whoever sends these octets chooses them: each step takes time in proportion to their number, or is bounded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import compat32

from handlers.charsets import decode
from handlers.visible_text import visible_text

LONGEST_READ = 131_072  # octets; a report stands before the mail that it returns
LONGEST_TEXT = 30_000  # characters
LONGEST_FIELD = 1_000
MOST_PARTS = 50
MOST_WORK = 500_000  # lines times multiparts, as for any other mail
END_OF_HEADER = re.compile(rb"\r?\n\r?\n")
FIELD = re.compile(r"([!-9;-~]{1,60}):[ \t]*(.*)")
REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
FEEDBACK = "message/feedback-report"
RECEIPTS = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
# Where the returned mail begins, in a report that is one piece of text.
RETURNED = re.compile(
    r"^[ \t]*\|?(?:[-=_*#>.]{2,}[ \t]*)(?:below (?:this|the next) line|enclosed is a copy|this is a copy|"
    r"original message|undelivered message|unsent message|returned message|message header|header information|"
    r"the (?:header|original)|copy of (?:the )?(?:message|original)|received message|non-?delivered message|"
    r"begin(?:ning)? of (?:the )?(?:original|message))"
    r"|^(?:original message|bounced e-mail|the header of the original message|original message (?:header|follows))"
    r"|^(?:received|return-path|x-originating-ip|dkim-signature|message-id|x-mailer)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
STATUS_FIELD = re.compile(r"^(?:final-recipient|action|status|diagnostic-code):", re.IGNORECASE | re.MULTILINE)
QUOTED = re.compile(r"^> ?", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What a report consists of. Every text is decoded, and its lines end in one line feed."""

    headers: dict[str, str] = field(repr=False)  # the first of each name, in small letters
    kinds: frozenset[str]  # the content types of all its parts
    text: str = field(repr=False)  # what is told to people, and the delivery status, one after the other
    feedback: str = field(repr=False)  # the fields of a feedback report
    enclosed: Message | None = field(repr=False)  # the mail that it returns, or passes on

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


def opened(raw: bytes) -> Paper:
    """The report of these octets; what cannot be parsed is one piece of text."""
    head = raw[:LONGEST_READ]
    if head.count(b"\n") * head.lower().count(b"multipart/") > MOST_WORK:
        return _plain(head)
    try:
        return of_message(message_from_bytes(head, policy=compat32))
    except Exception:  # the email package raises many kinds on malformed input
        return _plain(head)


def of_message(message: Message) -> Paper:
    parts = list(_leaves(message))
    enclosed = next((part for part in parts if part.get_content_type() == "message/rfc822"), None)
    inside = enclosed.get_payload() if enclosed is not None else None
    return Paper(
        headers={name.lower(): _words(value) for name, value in reversed(list(message.raw_items()))},
        kinds=frozenset(part.get_content_type() for part in parts) | {message.get_content_type()},
        text=_own_text(parts),
        feedback="\n".join(_fields_of(part) for part in parts if part.get_content_type() == FEEDBACK)[:LONGEST_TEXT],
        enclosed=inside[0] if isinstance(inside, list) and inside and isinstance(inside[0], Message) else None,
    )


def _plain(head: bytes) -> Paper:
    top, rest = (*END_OF_HEADER.split(head, maxsplit=1), b"")[:2]
    headers: dict[str, str] = {}
    for line in _decoded(top, None).splitlines():
        if found := FIELD.match(line):
            headers.setdefault(found[1].lower(), found[2][:LONGEST_FIELD])
    text = _without_returned(_decoded(rest[:LONGEST_TEXT], None))
    return Paper(headers=headers, kinds=frozenset(), text=text, feedback="", enclosed=None)


def _leaves(message: Message) -> Iterator[Message]:
    """The parts in their order; a mail within the mail is one of them, and is not looked into."""
    waiting, left = [message], MOST_PARTS
    while waiting and left:
        part = waiting.pop()
        left -= 1
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(each for each in reversed(payload) if isinstance(each, Message))
        else:
            yield part


def _own_text(parts: list[Message]) -> str:
    told = [part for part in parts if part.get_content_maintype() in ("text", "multipart") and not _returned(part)]
    plain = [_text(part) for part in told if part.get_content_type() != "text/html"]
    html = [part for part in told if part.get_content_type() == "text/html"]
    if not any(text.strip() for text in plain) and html:
        plain = [visible_text(_text(html[0]))]
    status = [_fields_of(part) for part in parts if part.get_content_type() in REPORTS]
    return "\n\n".join(_without_returned(text) for text in (*plain, *status))[:LONGEST_TEXT]


def _returned(part: Message) -> bool:
    """The header of the mail that is returned, as a part or as a file."""
    if part.get_content_type() in ("text/rfc822-headers", "text/rfc822-header", "text/rfc822"):
        return True
    return part.get_content_disposition() == "attachment" and part.get_content_type() == "text/plain"


def _without_returned(text: str) -> str:
    """The text up to the mail that it returns; fields of a delivery status are never cut off."""
    if "\n> Final-Recipient:" in text or "\n> Action:" in text:
        text = QUOTED.sub("", text)
    last = 0
    for found in STATUS_FIELD.finditer(text):
        last = found.end()
    cut = RETURNED.search(text, last)
    return text[: cut.start()] if cut else text


def _fields_of(part: Message) -> str:
    """The fields of a delivery status or feedback report, a line each, blocks divided by empty lines."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _text(part)
    blocks = [block for block in payload if isinstance(block, Message)]
    return "\n\n".join(
        "\n".join(f"{name}: {_words(value)}" for name, value in block.raw_items()) + "\n" + _rest(block)
        for block in blocks[:MOST_PARTS]
    )


def _rest(block: Message) -> str:
    payload = block.get_payload()
    return payload[:LONGEST_TEXT] if isinstance(payload, str) else ""


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    octets = payload if isinstance(payload, bytes) else str(part.get_payload()).encode("utf-8", "surrogateescape")
    text = _decoded(octets[: LONGEST_TEXT * 4], part.get_content_charset())
    return text.replace("\r\n", "\n").replace("\r", "\n")[:LONGEST_TEXT]


def _decoded(octets: bytes, charset: str | None) -> str:
    """As the part says, or else as it can be read; what nobody can read is kept octet by octet."""
    for name in (charset, None, "shift_jis") if charset else (None, "shift_jis"):
        if (text := decode(octets, name)) is not None:
            return text
    return octets.decode("latin-1")


def _words(value: object) -> str:
    """A header's value on one line, its encoded words decoded."""
    text = " ".join(str(value)[:LONGEST_FIELD].split())
    if "=?" not in text:
        return text if text.isascii() else _decoded(text.encode("utf-8", "surrogateescape"), None)
    try:
        pieces = decode_header(text)
    except Exception:  # broken base64 and the like
        return text
    return "".join(_decoded(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces)
