"""What comes in over HTTP and what goes out, as plain values; and the headers that every answer carries.

No socket and no text of a page here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Method = Literal["GET", "HEAD", "POST"]
METHODS: tuple[Method, ...] = ("GET", "HEAD", "POST")

# Nothing is kept, nothing is told to others, nothing may frame a page or add to it.
STRICT = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CLOSED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, read but not judged. `path` and `body` may hold a token."""

    method: str
    path: str = field(repr=False)
    headers: Mapping[str, tuple[str, ...]] = field(repr=False)  # by name in lower case
    body: bytes = field(default=b"", repr=False)
    peer: str = field(repr=False)  # the other end of the connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer; the strict headers are added to it."""

    status: int
    body: bytes = field(repr=False)
    media: str = "text/plain; charset=utf-8"
    policy: str = CLOSED  # Content-Security-Policy
    more: Mapping[str, str] = field(default_factory=dict)

    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": self.media,
            "Content-Length": str(len(self.body)),
            "Content-Security-Policy": self.policy,
            **STRICT,
            **self.more,
            "Connection": "close",
        }


def plain(status: int, text: str, more: Mapping[str, str] | None = None) -> Response:
    return Response(status=status, body=f"{text}\n".encode(), more=more or {})


NOT_FOUND = plain(404, "not found")
NOT_ALLOWED = plain(405, "GET, HEAD or POST", {"Allow": ", ".join(METHODS)})
TOO_OFTEN = plain(429, "too many requests; please try again in a minute", {"Retry-After": "60"})
TROUBLE = plain(500, "internal error; please try again later")
