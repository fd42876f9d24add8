"""What is handed to a next hop and what comes back: plain values and the two promises of a next hop.

No input or output. Addresses, messages and the server's own words never stand in a repr or an error.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

# RFC 5321, 4.5.3.1: 64 octets of local part (and quotation marks), 255 of domain or address literal. No blank, no
# angle bracket and no control character: with any of them an address could smuggle a parameter or a command.
_ENVELOPE_ADDRESS = re.compile(r"[!-;=?-~]{1,66}@[A-Za-z0-9.\-:\[\]]{1,255}")


class Copy(NamedTuple):
    """One message for one recipient: lines end in CRLF, dots are not stuffed, an empty sender stands for `<>`."""

    sender: str
    recipient: str
    message: bytes
    id: bytes = b""  # of an alert's copy, which is all our own: its addresses were looked at, and its lines are whole

    def __repr__(self) -> str:
        return "<copy>"

    @property
    def fits(self) -> bool:
        """Whether both addresses may stand in an envelope."""
        if self.id:
            return True
        fullmatch = _ENVELOPE_ADDRESS.fullmatch
        return (not self.sender or fullmatch(self.sender) is not None) and fullmatch(self.recipient) is not None

    @property
    def whole(self) -> bool:
        """Whether every CR stands before an LF, and every LF behind a CR."""
        if self.id:
            return True
        bare = self.message.replace(b"\r\n", b"")
        return b"\r" not in bare and b"\n" not in bare

    @property
    def stuffed(self) -> bytes:
        """RFC 5321, 4.5.2: a dot at the head of a line is doubled; the last line is made to end."""
        message = self.message
        if self.id:
            return message
        if b"\r\n." in message:
            message = message.replace(b"\r\n.", b"\r\n..")
        if message.startswith(b"."):
            message = b"." + message
        return message if message.endswith(b"\r\n") else message + b"\r\n"


class Handover(NamedTuple):
    """What became of a copy: 2xx accepted, 4xx or 5xx as answered, 0 when there is no answer."""

    code: int
    enhanced: str = ""  # RFC 3463, where the server gave one
    unknown: bool = False  # the final dot was sent and no answer came: it may have been accepted

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300


NOT_TRIED = Handover(0)
UNKNOWN = Handover(0, unknown=True)
BAD_ADDRESS = Handover(553, "5.1.3")
BAD_LINES = Handover(554, "5.6.0")  # a bare CR or LF: another server could see a second message in it
BAD_ROW = Handover(451, "4.3.0")  # what is stored does not open now: our own trouble, so it is tried again
DISK_TROUBLE = Handover(452, "4.3.1")
SENDER_REFUSED = Handover(451, "4.7.0")  # 5xx to MAIL: that is about us, and never about the reader


class Unreachable(Exception):
    """The next hop cannot be reached at all; nothing was tried. The message names the remedy and no secret."""


class NextHop(Protocol):
    """Where copies and letters go."""

    async def carry(self, feed: "Feed") -> bool:
        """Takes copies from the feed until it has none for now; False where the hop took nothing at all.

        What was taken and not begun has gone back when it returns. Raises Unreachable when no connection can be had.
        """

    async def send(self, copies: Sequence[Copy]) -> list[Handover]:
        """One Handover for each copy, in the same order; trouble on the way is a value.

        Raises Unreachable when no connection can be had, and then no copy was tried.
        """

    async def close(self) -> None:
        """Lets go of the connection; the next copy opens it again."""


class Feed(Protocol):
    """Whoever has copies for a next hop."""

    def take(self) -> Copy | None:
        """The next copy, or None when there is none for now."""

    def put_back(self, copy: Copy) -> None:
        """The copy that was taken last has not been begun."""

    def done(self, copy: Copy, handover: Handover) -> None:
        """What became of a copy that was taken."""
