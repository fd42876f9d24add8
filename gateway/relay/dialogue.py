"""What is said to a smarthost, as generators: they yield what to send before the next reply, and are given that reply.

No input or output and no clock (`wire` has them). RFC 5321 (SMTP), RFC 2920 (pipelining), RFC 4954 (AUTH).
"""

import base64
from collections.abc import Generator, Sequence
from typing import NamedTuple, TypeVar

from gateway.relay.handover import BAD_ADDRESS, BAD_LINES, SENDER_REFUSED, UNKNOWN, Copy, Feed, Handover

T = TypeVar("T")


class Reply(NamedTuple):
    """A complete reply. Its text may hold addresses: it is read for EHLO and dropped otherwise."""

    code: int
    enhanced: str
    text: bytes

    def __repr__(self) -> str:
        return f"<reply {self.code}>"

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300


Dialogue = Generator[bytes, Reply, T]


class OverError(Exception):
    """Nothing more can be said over this connection: a 421, or a reply that cannot stand where it stands."""


class RefusedError(Exception):
    """The server does not let us in."""

    def __init__(self, step: str, code: int) -> None:
        super().__init__(f"{step} is answered with {code}")


def greeting() -> Dialogue[None]:
    reply = yield b""
    if reply.code != 220:
        raise RefusedError("the connection", reply.code)


def hello(name: str) -> Dialogue[dict[str, str]]:
    """What the server offers: keyword -> parameters, in capitals."""
    reply = yield b"EHLO %s\r\n" % name.encode("ascii")
    if not reply.good:
        raise RefusedError("EHLO", reply.code)
    offers = reply.text.decode("ascii", "replace").upper().split("\n")[1:]
    return {keyword: rest for keyword, _, rest in (offer.strip().partition(" ") for offer in offers)}


def starttls() -> Dialogue[None]:
    reply = yield b"STARTTLS\r\n"
    if reply.code != 220:
        raise RefusedError("STARTTLS", reply.code)


def authenticate(user: str, password: str, mechanisms: Sequence[str]) -> Dialogue[None]:
    """AUTH PLAIN, else LOGIN; the caller has seen to it that nobody can listen."""
    if "PLAIN" in mechanisms:
        reply = yield b"AUTH PLAIN %s\r\n" % base64.b64encode(f"\0{user}\0{password}".encode())
    else:
        reply = yield b"AUTH LOGIN\r\n"
        for secret in (user, password):
            if reply.code != 334:
                raise RefusedError("AUTH", reply.code)
            reply = yield b"%s\r\n" % base64.b64encode(secret.encode())
    if not reply.good:
        raise RefusedError("AUTH", reply.code)


def farewell() -> Dialogue[None]:
    yield b"QUIT\r\n"


class Carriage:
    """Copies of a feed on their way over one connection, one after the other."""

    def __init__(self, feed: Feed, *, kept: bool = False) -> None:
        """`kept`: the connection has been idle, and a 421 to the first envelope is its farewell, not an answer."""
        self._feed = feed
        self.kept = kept
        self._taken: list[Copy] = []  # what has no answer yet: the copy under way, and the one announced behind it
        self._doubtful = False  # the final dot of the first of them was sent
        self.begun = False  # the server has answered an envelope with anything but 421

    def ready(self) -> bool:
        """Whether there is anything to send."""
        return bool(self._taken) or self._next() is not None

    def dialogue(self, *, pipelining: bool) -> Dialogue[None]:
        return self._overlapped() if pipelining else self._lockstep()

    def leave(self) -> None:
        """The connection has ended: what was begun is in doubt, and what was not goes back."""
        if self._doubtful:
            self._answer(UNKNOWN)
        while self._taken:
            self._feed.put_back(self._taken.pop())

    def _next(self) -> Copy | None:
        """The next copy that may be sent; one that may not is refused here and now."""
        while (copy := self._feed.take()) is not None:
            if not copy.fits:
                self._feed.done(copy, BAD_ADDRESS)
            elif not copy.whole:
                self._feed.done(copy, BAD_LINES)
            else:
                self._taken.append(copy)
                return copy
        return None

    def _first(self) -> Copy | None:
        return self._taken[0] if self._taken else self._next()

    def _heard(self, code: int) -> None:
        """The answer to an envelope."""
        if code == 421 and self.kept and not self.begun:
            raise OverError("the server has closed the kept connection")
        self.begun = self.begun or code != 421

    def _answer(self, handover: Handover) -> None:
        self._doubtful = False
        self._feed.done(self._taken.pop(0), handover)

    def _overlapped(self) -> Dialogue[None]:
        """RFC 2920: one segment holds a message, its final dot and the next envelope, up to DATA, which comes last."""
        copy = self._first()
        segment = b"" if copy is None else _envelope(copy)
        while copy is not None:
            replies = mail, recipient, data = (yield segment), (yield b""), (yield b"")
            self._heard(mail.code)
            following = self._next()
            then = b"" if following is None else _envelope(following)
            welcome = mail.code == recipient.code == 250 and data.code == 354  # as nearly always
            refusal = None if welcome else _refusal(replies)
            if refusal is None:
                self._doubtful = True
                dot = yield copy.stuffed + b".\r\n" + then
                self._answer(_handover(dot))
                _stop_at_421(dot)
            else:
                self._answer(refusal)
                _stop_at_421(*replies)
                # RFC 2920, 3.1  354 though no recipient was taken: a lone dot ends the message that nobody gets.
                if replies[2].code == 354:
                    yield b".\r\nRSET\r\n" + then
                    yield from _settle(b"")
                else:
                    yield from _settle(b"RSET\r\n" + then)
            segment = b""
            if following is None and (following := self._next()) is not None:
                segment = _envelope(following)  # it came while we waited
            copy = following

    def _lockstep(self) -> Dialogue[None]:
        """One command, one answer, for a server that does not offer PIPELINING."""
        while (copy := self._first()) is not None:
            replies, refusal = list[Reply](), None
            for command in _commands(copy):
                replies.append((yield command))
                self._heard(replies[0].code)
                refusal = _refusal(replies)
                if refusal is not None:
                    break
            if refusal is None:
                self._doubtful = True
                dot = yield copy.stuffed + b".\r\n"
                self._answer(_handover(dot))
                _stop_at_421(dot)
                continue
            self._answer(refusal)
            _stop_at_421(*replies)
            yield from _settle(b"RSET\r\n")


def _stop_at_421(*replies: Reply) -> None:
    if any(reply.code == 421 for reply in replies):
        raise OverError("the server closes the connection")


def _settle(segment: bytes) -> Dialogue[None]:
    """Leaves a transaction; after a refused RSET nobody knows what the server still holds."""
    reply = yield segment
    if not reply.good:
        raise OverError("RSET")


def _commands(copy: Copy) -> tuple[bytes, bytes, bytes]:
    return (
        b"MAIL FROM:<%s>\r\n" % copy.sender.encode("ascii"),
        b"RCPT TO:<%s>\r\n" % copy.recipient.encode("ascii"),
        b"DATA\r\n",
    )


def _envelope(copy: Copy) -> bytes:
    return f"MAIL FROM:<{copy.sender}>\r\nRCPT TO:<{copy.recipient}>\r\nDATA\r\n".encode("ascii")


def _refusal(replies: Sequence[Reply]) -> Handover | None:
    """The first refusal among the answers to MAIL, RCPT, DATA; None when the message may follow."""
    for step, reply in enumerate(replies):
        if step == 2 and reply.code == 354:
            continue
        if step == 0 and reply.code >= 500:
            return SENDER_REFUSED
        if step == 2 or not reply.good:
            return _handover(reply, refusal=True)
    return None


def _handover(reply: Reply, *, refusal: bool = False) -> Handover:
    if reply.code // 100 == 3 or (refusal and reply.good):
        raise OverError("envelope")
    return Handover(reply.code, reply.enhanced)
