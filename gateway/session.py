"""One dialogue: SMTP commands become questions to the gate, and its replies go out. Nothing is decided here.

It knows the order of commands and the limits of section 9, but no transport (connection.py) and no address's meaning.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, Protocol

from gateway import envelope, throttle
from gateway.data_reader import IncomingMail, Inlet, Progress, is_plain
from gateway.gate import Gate, Peer, answer
from gateway.settings import LimitsSettings
from gateway.submission.dialogue import MECHANISMS, credentials
from gateway.submission.logins import Logins
from handlers import replies
from handlers.mail import Route
from handlers.replies import Reply

UNKNOWN_COMMANDS = 10
LOGINS = 3  # attempts in a connection

START_INPUT = "354 end the mail with a line that is a single dot"
EXTENSIONS = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "HELP")
OVERRUNS = {Progress.TOO_LARGE: replies.TOO_LARGE, Progress.LINE_TOO_LONG: replies.LINE_TOO_LONG}


@dataclass(slots=True, kw_only=True)
class House:
    """What all sessions of a listener share. `tls` and `closing` change while they run."""

    hostname: str
    gate: Gate
    limits: LimitsSettings
    require_tls: Literal["no", "staff", "all"]
    staff_commands: frozenset[str]
    proxies: throttle.Networks
    trusted: throttle.Networks
    guests: throttle.GuestBook
    logins: Logins | None = None  # 7.2  of the submission listener
    tls_first: bool = False  # TLS from the first octet on
    tls: ssl.SSLContext | None = None
    closing: bool = False
    receiving: set[asyncio.Task[Reply]] = field(default_factory=set)


class Wire(Protocol):
    """What a session needs of its connection."""

    inlet: Inlet

    async def push(self, status: str) -> None: ...
    def allow(self, seconds: float) -> None: ...
    def reading(self) -> None: ...
    def working(self) -> None: ...
    async def start_tls(self) -> None: ...
    async def cut_off(self, reply: Reply) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """What MAIL and RCPT have said so far."""

    sender: str | None = field(repr=False)
    recipient: str = field(default="", repr=False)
    route: Route | None = None


class Session:
    """What has been said in one dialogue, and the answers to what is said next."""

    def __init__(self, house: House, wire: Wire, peer: Peer) -> None:
        self._house = house
        self._wire = wire
        self._peer = peer
        self._transaction: Transaction | None = None
        self._greeted = False
        self._commands = self._unknown_commands = self._mails = self._logins = 0

    @property
    def peer(self) -> Peer:
        return self._peer

    def secured(self) -> None:
        """RFC 3207 section 4.2  What was said in the clear is forgotten."""
        self._peer = replace(self._peer, tls=True, helo="", login=None)
        self._transaction, self._greeted = None, False

    async def obey(self, line: bytes | None) -> Reply | None:
        """The reply to a command line (None: one that was too long), or None where all is said already."""
        self._commands += 1
        if self._commands > self._house.limits.commands_per_connection:
            return replies.TOO_MANY_COMMANDS
        if line is None:
            return replies.COMMAND_TOO_LONG
        word, _, argument = line.decode("latin-1").partition(" ")
        command = self.COMMANDS.get(word.upper())
        if command is not None:
            return await command(self, argument.strip(" "))
        self._unknown_commands += 1
        return replies.TOO_MANY_COMMANDS if self._unknown_commands > UNKNOWN_COMMANDS else replies.UNKNOWN_COMMAND

    async def _helo(self, argument: str) -> Reply | None:
        if not argument:
            return replies.BAD_ARGUMENT
        self._greet(argument)
        await self._wire.push(f"250 {self._house.hostname}")
        return None

    async def _ehlo(self, argument: str) -> Reply | None:
        if not argument:
            return replies.BAD_ARGUMENT
        self._greet(argument)
        lines = [self._house.hostname, f"SIZE {self._house.limits.message_octets}", *EXTENSIONS]
        if self._house.tls is not None and not self._peer.tls:
            lines.insert(1, "STARTTLS")
        if self._house.logins is not None and self._peer.tls:
            lines.insert(1, f"AUTH {' '.join(MECHANISMS)}")
        await self._wire.push("\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))
        return None

    def _greet(self, name: str) -> None:
        self._peer = replace(self._peer, helo=name)
        self._transaction, self._greeted = None, True

    async def _starttls(self, argument: str) -> Reply | None:
        if self._peer.tls:
            return replies.BAD_SEQUENCE
        if self._house.tls is None:
            return replies.NOT_OFFERED
        if argument:
            return replies.BAD_ARGUMENT
        await self._wire.start_tls()
        return None

    async def _auth(self, argument: str) -> Reply:
        """7.2  A password, under TLS only. It opens the dialogue and proves nothing of a mail."""
        logins = self._house.logins
        if logins is None:
            return replies.NOT_OFFERED
        if not self._peer.tls:
            return replies.NEEDS_TLS
        if not self._greeted or self._transaction is not None or self._peer.login is not None:
            return replies.BAD_SEQUENCE
        self._logins += 1
        if self._logins > LOGINS:
            return replies.TOO_MANY_LOGINS
        found = await credentials(argument, self._ask)
        if isinstance(found, Reply):
            return found
        member = await logins.login(*found, self._peer.network)
        if isinstance(member, Reply):
            return member
        self._peer = replace(self._peer, login=member.id)
        return replies.LOGGED_IN

    async def _ask(self, challenge: str) -> bytes | None:
        await self._wire.push(challenge)
        self._wire.reading()
        line = await self._wire.inlet.line()
        self._wire.working()
        return line

    async def _mail(self, argument: str) -> Reply:
        if not self._greeted or self._transaction is not None:
            return replies.BAD_SEQUENCE
        if (self._house.require_tls == "all" or self._house.logins is not None) and not self._peer.tls:
            return replies.NEEDS_TLS
        if self._house.logins is not None and self._peer.login is None:
            return replies.LOGIN_FIRST
        if self._mails >= self._house.limits.mails_per_connection:
            return replies.TOO_MANY_MAILS
        sender = envelope.Sender.parse(argument)
        if isinstance(sender, Reply):
            return sender
        if sender.octets > self._house.limits.message_octets:
            return replies.TOO_LARGE
        self._transaction = Transaction(sender=sender.address)
        return replies.SENDER_OK

    async def _rcpt(self, argument: str) -> Reply:
        if self._transaction is None:
            return replies.BAD_SEQUENCE
        recipient = envelope.parse_recipient(argument)
        if isinstance(recipient, Reply):
            return recipient
        if self._transaction.route is not None:
            return replies.ONE_RECIPIENT  # 1.1
        route = await answer(self._house.gate.route(recipient, self._peer))
        if isinstance(route, Reply):
            return route
        if self._house.logins is not None and route.command not in self._house.staff_commands:
            return replies.NO_SUCH_ADDRESS  # 7.2  only what staff do
        if self._house.require_tls == "staff" and route.command in self._house.staff_commands and not self._peer.tls:
            return replies.NEEDS_TLS
        self._transaction = replace(self._transaction, recipient=recipient, route=route)
        return replies.RECIPIENT_OK

    async def _data(self, argument: str) -> Reply | None:
        if argument:
            return replies.BAD_ARGUMENT
        transaction = self._transaction
        if transaction is None or transaction.route is None:
            return replies.BAD_SEQUENCE
        self._transaction = None
        self._mails += 1
        await self._wire.push(START_INPUT)
        self._wire.reading()
        mail = IncomingMail(self._house.limits.message_octets, self._house.limits.line_octets)
        overrun = OVERRUNS.get(await self._read(mail))
        if overrun is not None:
            await self._wire.cut_off(overrun)
            return None
        self._wire.inlet.put_back(mail.rest)
        self._wire.working()
        return await self._hand_over(transaction, transaction.route, mail.raw)

    async def _read(self, mail: IncomingMail) -> Progress:
        now = asyncio.get_running_loop().time
        deadline = now() + self._house.limits.data_seconds
        while (progress := mail.feed(await self._wire.inlet.chunk())) is Progress.MORE:
            self._wire.allow(min(self._house.limits.idle_seconds, deadline - now()))
        return progress

    async def _hand_over(self, transaction: Transaction, route: Route, raw: bytes) -> Reply:
        if not is_plain(raw):
            return replies.MALFORMED
        received = self._house.gate.receive(
            sender=transaction.sender, recipient=transaction.recipient, route=route, raw=raw, peer=self._peer
        )
        # 7  A peer that hangs up after the final dot ends this dialogue, but never a commit.
        task = asyncio.create_task(answer(received))
        self._house.receiving.add(task)
        task.add_done_callback(self._house.receiving.discard)
        reply = await asyncio.shield(task)
        if reply.accepted:
            self._commands = 0  # the limit is on commands that bring no mail
        return reply

    async def _rset(self, argument: str) -> Reply:
        if argument:
            return replies.BAD_ARGUMENT
        self._transaction = None
        return replies.OK

    async def _noop(self, _argument: str) -> Reply:
        return replies.OK

    async def _quit(self, argument: str) -> Reply:
        return replies.BAD_ARGUMENT if argument else replies.BYE

    async def _help(self, _argument: str) -> Reply:
        return replies.HELP

    async def _vrfy(self, _argument: str) -> Reply:
        return replies.UNVERIFIED

    async def _not_offered(self, _argument: str) -> Reply:
        return replies.NOT_OFFERED

    COMMANDS: ClassVar[Mapping[str, Callable[["Session", str], Awaitable[Reply | None]]]] = {
        "AUTH": _auth,
        "DATA": _data,
        "EHLO": _ehlo,
        "EXPN": _not_offered,
        "HELO": _helo,
        "HELP": _help,
        "MAIL": _mail,
        "NOOP": _noop,
        "QUIT": _quit,
        "RCPT": _rcpt,
        "RSET": _rset,
        "STARTTLS": _starttls,
        "VRFY": _vrfy,
    }
