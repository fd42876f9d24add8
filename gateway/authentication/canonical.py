"""The two canonical forms of DKIM, simple and relaxed (RFC 6376, 3.4), for lines that end in CR LF; in linear time."""

from enum import StrEnum


class Form(StrEnum):
    """How much a mail may change on its way without breaking its signature."""

    SIMPLE = "simple"
    RELAXED = "relaxed"


def header(raw: bytes, form: Form) -> bytes:
    """One field, from its name to its last CR LF, as it is hashed."""
    if form is Form.SIMPLE:
        return raw
    name, _, value = raw.partition(b":")
    line = squeezed(value.replace(b"\r\n", b"")).strip(b" ")
    return name.rstrip(b" \t").lower() + b":" + line + b"\r\n"


def body(data: bytes, form: Form) -> bytes:
    """A whole body as it is hashed. Blanks at the end of a last line without CR LF, which SMTP never brings, stay."""
    if form is Form.SIMPLE:
        return _without_blank_lines_at_end(data) or b"\r\n"
    return _without_blank_lines_at_end(squeezed(data).replace(b" \r\n", b"\r\n"))


def squeezed(data: bytes) -> bytes:
    """Each run of blanks as one space. Halving runs is many times faster than a regular expression."""
    data = data.replace(b"\t", b" ")
    while b"  " in data:
        data = data.replace(b"  ", b" ")
    return data


def _without_blank_lines_at_end(data: bytes) -> bytes:
    kept = data.rstrip(b"\r\n")
    return kept + b"\r\n" if kept else b""
