"""The parts of a body, read strictly and in linear time (RFC 2046): nothing is guessed, and nothing odd is shown.

Not the standard library's parser: that one repairs, and it can be made to run out of stack or of time.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.authentication.causes import Cause

DEEPEST = 8
MOST_PARTS = 30
LARGEST_PART_HEADER = 16 * 1024

MULTIPARTS = frozenset({"multipart/alternative", "multipart/mixed", "multipart/related", "multipart/signed"})
PLAIN_ENCODINGS = frozenset({"7bit", "8bit", "binary"})

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,80}"
_KIND = re.compile(rf"[ \t]*({_TOKEN}/{_TOKEN})[ \t]*(?=;|\Z)")
_PARAMETER = re.compile(rf';[ \t]*(?:({_TOKEN})[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;"()]+)[ \t]*)?(?=;|\Z)')
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]\Z")
_FIELD_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
_READ = frozenset({"content-type", "content-transfer-encoding", "content-disposition"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a header says of its body."""

    name: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "7bit"
    attached: bool = False

    @property
    def is_multipart(self) -> bool:
        return self.name.startswith("multipart/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A body with its kind, or a box of such."""

    kind: Kind
    body: bytes = field(repr=False)
    parts: tuple["Part", ...] = ()

    def leaves(self) -> Iterator["Part"]:
        """The parts that hold something, in their order."""
        if not self.kind.is_multipart:
            yield self
        for part in self.parts:
            yield from part.leaves()


def kind(content_type: str | None, encoding: str | None, disposition: str | None = None) -> Kind | Cause:
    """What three unfolded header values say; None is a field that is not there."""
    name, parameters = "text/plain", {}
    if content_type is not None:
        found = _KIND.match(content_type)
        if found is None:
            return Cause.CONTENT_TYPE
        name = found[1].lower()
        read = _parameters(content_type[found.end() :])
        if read is None and name.startswith(("text/", "multipart/")):
            return Cause.CONTENT_TYPE
        parameters = read or {}
    attached = disposition is not None and disposition.lower().startswith("attachment")
    return Kind(name=name, parameters=parameters, encoding=(encoding or "7bit").lower(), attached=attached)


def structure(top: Kind, body: bytes) -> Part | Cause:
    """The body with all its parts."""
    return _Reader().read(top, body, 0)


class _Reader:
    def __init__(self) -> None:
        self.parts = 0

    def read(self, kind: Kind, body: bytes, depth: int) -> Part | Cause:
        self.parts += 1
        if self.parts > MOST_PARTS:
            return Cause.TOO_MANY_PARTS
        if kind.name.startswith("message/"):
            return Cause.MESSAGE_INSIDE
        if not kind.is_multipart:
            return Part(kind=kind, body=body)
        if depth >= DEEPEST:
            return Cause.TOO_DEEP
        return self._box(kind, body, depth)

    def _box(self, kind: Kind, body: bytes, depth: int) -> Part | Cause:
        boundary = kind.parameters.get("boundary", "")
        if kind.name not in MULTIPARTS or not _BOUNDARY.match(boundary):
            return Cause.CONTENT_TYPE
        if kind.encoding not in PLAIN_ENCODINGS:
            return Cause.TRANSFER_ENCODING
        pieces = _pieces(body, boundary.encode("ascii"))
        if isinstance(pieces, Cause):
            return pieces
        parts = []
        for piece in pieces:
            inner, inner_body = _split(piece)
            part = inner if isinstance(inner, Cause) else self.read(inner, inner_body, depth + 1)
            if isinstance(part, Cause):
                return part
            parts.append(part)
        return Part(kind=kind, body=body, parts=tuple(parts))


def _pieces(body: bytes, boundary: bytes) -> list[bytes] | Cause:
    delimiter = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    pieces: list[bytes] = []
    start: int | None = None
    closed = False
    for found in delimiter.finditer(body):
        if closed or (start is not None and found.start() < start):
            return Cause.MIME_GRAMMAR
        if start is not None:
            pieces.append(body[start : found.start()])
        if len(pieces) > MOST_PARTS:
            return Cause.TOO_MANY_PARTS
        closed, start = found[1] is not None, found.end() + 2
    return pieces if closed and pieces else Cause.MIME_GRAMMAR


def _split(piece: bytes) -> tuple[Kind | Cause, bytes]:
    """The header and the body of a part. The CR LF before the next delimiter belongs to the delimiter."""
    if not piece or piece.startswith(b"\r\n"):
        return Kind(), piece[2:]
    head, blank_line, body = piece.partition(b"\r\n\r\n")
    if not blank_line and not head.endswith(b"\r\n"):
        return Cause.MIME_GRAMMAR, b""
    fields = _fields(head.removesuffix(b"\r\n"))
    if fields is None:
        return Cause.MIME_GRAMMAR, b""
    return kind(
        *(fields.get(name) for name in ("content-type", "content-transfer-encoding", "content-disposition"))
    ), body


def _fields(head: bytes) -> dict[str, str] | None:
    if len(head) > LARGEST_PART_HEADER:
        return None
    fields: dict[str, str] = {}
    for line in re.sub(rb"\r\n(?=[ \t])", b"", head).split(b"\r\n"):
        found = _FIELD_NAME.match(line)
        if found is None:
            return None
        name = found[1].decode("ascii").lower()
        if name in fields:
            return None
        if name in _READ:  # file names may hold any octets
            fields[name] = line[found.end() :].decode("latin-1").strip(" \t")
    return fields


def _parameters(text: str) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None:
            return None
        name = (found[1] or "").lower()
        # One reading only: no second value, and no charset or boundary in pieces (RFC 2231).
        if name in parameters or name.startswith(("charset*", "boundary*")):
            return None
        if name:
            parameters[name] = _unquoted(found[2])
        at = found.end()
    return parameters


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
