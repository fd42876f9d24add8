"""Where a signature does not cover Content-Type: the only shapes of a body that leave no choice of reading it.

Whoever replays such a mail can exchange its boundary or its charset, and make a quoted text look like the whole mail.
So the body itself has to say where its parts begin and end, and a body without parts has to be UTF-8.
"""

from gateway.authentication.causes import Cause
from gateway.authentication.mime import Kind

PREAMBLE = b"This is a multi-part message in MIME format."  # what one widespread program writes before the parts
MULTIPARTS = frozenset({"multipart/alternative", "multipart/mixed", "multipart/related"})
CHARSETS = frozenset({"utf-8", "us-ascii"})


def unpinned(kind: Kind, body: bytes) -> Cause | None:
    """Why the body could be read in another way, or None."""
    lines = [line.rstrip(b" \t") for line in body.split(b"\r\n") if line.strip(b" \t")]
    has_preamble = lines[:1] == [PREAMBLE]
    first = next(iter(lines[1:] if has_preamble else lines), b"")
    if kind.is_multipart:
        return None if kind.name in MULTIPARTS and _delimits(kind, first, lines[-1:]) else Cause.CONTENT_NOT_COVERED
    if kind.name not in ("text/plain", "text/html"):
        return Cause.CONTENT_TYPE
    charset = kind.parameters.get("charset", "utf-8").lower()
    looks_multipart = has_preamble or first.startswith(b"--")
    return Cause.CONTENT_NOT_COVERED if looks_multipart or charset not in CHARSETS else None


def _delimits(kind: Kind, first: bytes, last: list[bytes]) -> bool:
    delimiter = b"--" + kind.parameters.get("boundary", "").encode("latin-1")
    return first == delimiter and last == [delimiter + b"--"]
