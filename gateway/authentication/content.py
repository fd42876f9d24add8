"""What a proven mail says: read from the signed fields and the body only (protocol 5.2, 5.9).

A field that the signature does not cover could be anybody's, so it is gone before anything is parsed.
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from quopri import decodestring

from gateway.authentication import mime
from gateway.authentication.causes import Cause
from gateway.authentication.encoded_words import unencoded
from gateway.authentication.lint import Message
from gateway.authentication.mime import Part
from gateway.authentication.pinned_shape import unpinned
from gateway.authentication.signatures import Signature
from gateway.authentication.verification import covered_fields
from handlers.charsets import FOR_ALERTS, canonical, decode

# What a signed mail carries besides its text, and no reader misses.
_SEALS = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"})
_CONTROL_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The signed words of a mail."""

    subject: str = field(repr=False)
    text: str | None = field(repr=False)  # None: there is HTML only
    attachments: int
    signed_fields: Mapping[str, str] = field(repr=False)  # X- fields by name without X-
    unsigned_fields: frozenset[str]


def content(message: Message, signature: Signature) -> Content | Cause:
    """The content as `signature`, which must have been verified, covers it."""
    signed = Message(covered_fields(message, signature), message.body)
    subject = _subject(signed)
    if isinstance(subject, Cause):
        return subject
    top = _top(message, signed, signature)
    if isinstance(top, Cause):
        return top
    whole = mime.structure(top, message.body)
    if isinstance(whole, Cause):
        return whole
    chosen = next((leaf for leaf in whole.leaves() if _shown(leaf, "text/plain")), None)
    text = _text(chosen) if chosen else _without_text(whole)
    if isinstance(text, Cause):
        return text
    extra = _extra_fields(message, signature)
    return Content(
        subject=subject,
        text=text,
        attachments=_attachments(whole, chosen),
        signed_fields=extra,
        unsigned_fields=frozenset(_extra_names(message)) - extra.keys(),
    )


def _subject(signed: Message) -> str | Cause:
    found = signed.first("subject")
    text = unencoded(found.line) if found else ""
    text = text.replace("\t", " ") if text is not None else None
    return Cause.SUBJECT_UNREADABLE if text is None or _CONTROL_IN_LINE.search(text) else text.strip()


def _top(message: Message, signed: Message, signature: Signature) -> mime.Kind | Cause:
    """What the mail as a whole is. Absence counts as signed where h= names the field."""
    covered = {"content-type", "content-transfer-encoding"} & set(signature.covered)
    of_type, of_encoding = message.first("content-type"), message.first("content-transfer-encoding")
    top = mime.kind(of_type.line if of_type else None, of_encoding.line if of_encoding else None)
    if isinstance(top, Cause) or "content-type" in covered:
        return top
    if "content-transfer-encoding" not in covered and top.encoding not in ("7bit", "8bit"):
        return Cause.CONTENT_NOT_COVERED
    why = unpinned(top, message.body)
    if why is not None:
        return why
    parameters = top.parameters if top.is_multipart else {"charset": "utf-8"}
    return mime.Kind(name=top.name, parameters=parameters, encoding=top.encoding)


def _shown(leaf: Part, name: str) -> bool:
    return leaf.kind.name == name and not leaf.kind.attached


def _without_text(whole: Part) -> str | None:
    return None if any(_shown(leaf, "text/html") for leaf in whole.leaves()) else ""


def _text(part: Part) -> str | Cause:
    data = _transfer_decoded(part)
    if data is None:
        return Cause.TRANSFER_ENCODING
    charset = part.kind.parameters.get("charset")
    if charset is not None and canonical(charset) not in FOR_ALERTS:
        return Cause.CHARSET
    text = decode(data, charset)
    if text is None:
        return Cause.CHARSET
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return Cause.CONTROL_IN_TEXT if _CONTROL_IN_TEXT.search(text) else text


def _transfer_decoded(part: Part) -> bytes | None:
    match part.kind.encoding:
        case "7bit" | "8bit" | "binary":
            return part.body
        case "quoted-printable":
            return decodestring(part.body)
        case "base64":
            try:
                return base64.b64decode(part.body.translate(None, b"\r\n\t "), validate=True)
            except binascii.Error:
                return None
        case _:
            return None


def _attachments(whole: Part, chosen: Part | None) -> int:
    """How many parts are left out: all but the text, the same text as HTML, and seals."""
    html = {id(leaf) for leaf in _html_beside(whole, chosen)}
    return sum(
        1 for leaf in whole.leaves() if leaf is not chosen and id(leaf) not in html and leaf.kind.name not in _SEALS
    )


def _html_beside(part: Part, chosen: Part | None) -> list[Part]:
    """The HTML that says the same as `chosen`, in one multipart/alternative with it; without a text, all HTML shown."""
    if chosen is not None and part.kind.name != "multipart/alternative":
        return [leaf for inner in part.parts for leaf in _html_beside(inner, chosen)]
    leaves = list(part.leaves())
    if chosen is not None and not any(leaf is chosen for leaf in leaves):
        return []
    return [leaf for leaf in leaves if _shown(leaf, "text/html")]


def _extra_names(message: Message) -> Counter[str]:
    return Counter(field.name[2:] for field in message.fields if field.name.startswith("x-") and len(field.name) > 2)


def _extra_fields(message: Message, signature: Signature) -> dict[str, str]:
    """5.2  X- fields that h= names and that stand there once."""
    once = {name for name, count in _extra_names(message).items() if count == 1 and "x-" + name in signature.covered}
    return {
        field.name[2:]: _extra_value(field.line)
        for field in message.fields
        if field.name.startswith("x-") and field.name[2:] in once
    }


def _extra_value(line: str) -> str:
    """The decoded words, or what stands there where they cannot be decoded or hide a control character."""
    text = unencoded(line)
    return line if text is None or _CONTROL_IN_LINE.search(text) else text
