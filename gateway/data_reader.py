"""The octets of a connection: command lines, and the mail after DATA in one bounded buffer. It answers nobody.

The cost of a mail is linear in its octets and next to nothing per line; what is read beyond a line or beyond the end of
the mail is held for the next command. The end of a mail is CRLF . CRLF and nothing else (RFC 5321 section 4.1.1.4).
"""

import asyncio
from enum import Enum

CHUNK = 65_536  # octets
LONGEST_COMMAND = 1_024  # octets, twice what RFC 5321 section 4.5.3.1.4 asks for

CRLF = b"\r\n"
END = b"\r\n.\r\n"
STUFFED = b"\r\n."


class Progress(Enum):
    """How far a mail has come in."""

    MORE = "more"
    COMPLETE = "complete"
    TOO_LARGE = "too large"
    LINE_TOO_LONG = "line too long"


class IncomingMail:
    """One mail as it arrives, chunk by chunk."""

    def __init__(self, octets: int, line_octets: int) -> None:
        self._octets = octets
        self._line_octets = line_octets
        self._buffer = bytearray(CRLF)  # as if a line had ended: a dot may stand at the very beginning
        self._line = len(CRLF)  # where the first line begins whose end is not here yet
        self._dots = 0  # lines with a leading dot, which the sender has doubled
        self.rest = b""  # what came after the end
        self.raw = b""

    def feed(self, chunk: bytes) -> Progress:
        """Takes a chunk. After COMPLETE the mail is in `raw`; nothing is kept of one that is too large."""
        seen = len(self._buffer)
        self._buffer += chunk
        end = self._buffer.find(END, max(0, seen - len(END) + 1))
        if end >= 0:
            self.rest = bytes(self._buffer[end + len(END) :])
            del self._buffer[end + len(CRLF) :]
        progress = self._measure(seen, complete=end >= 0)
        if progress is Progress.COMPLETE:
            self.raw = bytes(self._buffer).replace(STUFFED, CRLF)[len(CRLF) :]
        if progress is not Progress.MORE:
            self._buffer.clear()
        return progress

    def _measure(self, seen: int, *, complete: bool) -> Progress:
        if complete:
            self._dots = self._buffer.count(STUFFED)  # anew: the dot of the end may have come with an earlier chunk
        else:
            self._dots += self._buffer.count(STUFFED, max(0, seen - len(STUFFED) + 1))
        slack = 0 if complete else len(END)  # the beginning of an end is no part of the mail
        if len(self._buffer) - len(CRLF) - self._dots > self._octets + slack:
            return Progress.TOO_LARGE
        if self._line_is_too_long():
            return Progress.LINE_TOO_LONG
        return Progress.COMPLETE if complete else Progress.MORE

    def _line_is_too_long(self) -> bool:
        # From line to the last line end within reach: two such steps always pass more than a whole line's length.
        while self._line < len(self._buffer):
            dot = self._buffer[self._line] == ord(".")
            reach = self._line + self._line_octets + dot + len(CRLF)
            last = self._buffer.rfind(b"\n", self._line, reach)
            if last < 0:
                return len(self._buffer) >= reach
            self._line = last + 1
        return False


def is_plain(raw: bytes) -> bool:
    """Whether `raw` has neither a NUL nor a CR or LF that stands alone (RFC 5321 section 2.3.8)."""
    lines = raw.count(CRLF)
    return raw.count(b"\r") == raw.count(b"\n") == lines and b"\0" not in raw


class Inlet:
    """What a peer sends, as lines or as chunks. It ends with EOFError; time limits are the session's."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._held = bytearray()

    async def line(self) -> bytes | None:
        """The next line without its end, or None for one (or 64 KiB of one) that was too long to be a command."""
        searched = 0
        while (end := self._held.find(b"\n", searched)) < 0 and len(self._held) < CHUNK:
            searched = len(self._held)
            self._held += await self._receive()
        end = len(self._held) if end < 0 else end
        line = bytes(self._held[: min(end, LONGEST_COMMAND + 1)])
        del self._held[: end + 1]
        return line.removesuffix(b"\r") if len(line) <= LONGEST_COMMAND else None

    async def chunk(self) -> bytes:
        """Whatever comes next, at least one octet."""
        if self._held:
            return self._take()
        return await self._receive()

    def put_back(self, octets: bytes) -> None:
        """What was read too far; only after everything held was taken."""
        self._held += octets

    def forget(self) -> None:
        """Drops what came before STARTTLS: whoever stood in between could have written it (RFC 3207 section 6)."""
        self._held.clear()

    async def discard(self, octets: int) -> None:
        """Reads on into nothing, until the peer ends or `octets` have gone by."""
        while octets > 0 and (chunk := await self._reader.read(CHUNK)):
            octets -= len(chunk)

    def _take(self) -> bytes:
        octets = bytes(self._held)
        self._held.clear()
        return octets

    async def _receive(self) -> bytes:
        chunk = await self._reader.read(CHUNK)
        if not chunk:
            raise EOFError("the peer has ended the connection")
        return chunk
