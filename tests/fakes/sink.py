"""A fake next hop: an SMTP server on loopback that records what it is given and answers as it is told.

In a test: `async with Sink() as sink` (same event loop) or `with Sink() as sink` (a thread of its own).
As a process: `python tests/fakes/sink.py --port 2525 --file out.jsonl` prints `listening PORT` and ends with SIGTERM.
It may never listen elsewhere than on loopback, and it relays nothing.
"""

import argparse
import asyncio
import base64
import json
import signal
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import IO, Literal, Self

Stage = Literal["connect", "ehlo", "mail", "rcpt", "data", "dot"]
DROP = "DROP"  # as an answer: close the connection at once, without a reply
STALL = "STALL"  # as an answer: say nothing more over this connection

Rule = Callable[[Stage, str, int], str | None]
"""rule(stage, recipient, n) -> a reply such as `450 4.2.1 later`, or DROP, or None for the usual one.

`recipient` is the sender at stage `mail` and empty at `connect` and `ehlo`; `n` counts, from 1, how often this
stage was reached for this recipient.
"""


@dataclass(frozen=True, slots=True)
class Received:
    """One message that the sink took: dots unstuffed, CRLF kept, `at` in seconds since the epoch."""

    at: float
    sender: str
    recipients: tuple[str, ...]
    message: bytes
    session: int  # which connection brought it, counted from 1

    @property
    def recipient(self) -> str:
        return self.recipients[0]

    @property
    def line(self) -> str:
        """The message as a line of JSON; the octets of the message stand as Latin-1."""
        row = {"at": self.at, "from": self.sender, "to": list(self.recipients), "session": self.session}
        return json.dumps(row | {"message": self.message.decode("latin-1")})

    @classmethod
    def parse(cls, line: str) -> "Received":
        row = json.loads(line)
        return cls(row["at"], row["from"], tuple(row["to"]), row["message"].encode("latin-1"), row["session"])


def read_received(file: Path) -> list[Received]:
    """What a sink process has recorded so far; a line that is still being written is left out."""
    if not file.exists():
        return []
    return [Received.parse(line) for line in file.read_text("ascii").splitlines(keepends=True) if line.endswith("\n")]


@dataclass(slots=True, kw_only=True)
class Sink:
    """The server, its options and what it has recorded."""

    port: int = 0
    pipelining: bool = True
    rule: Rule | None = None
    delay: float = 0.0  # seconds before the answer to each final dot
    file: Path | None = None  # append each message as a line of JSON, flushed
    keep: bool = True  # record messages in memory
    certificate: ssl.SSLContext | None = None
    implicit_tls: bool = False
    users: Mapping[str, str] | None = None  # AUTH is offered when given
    auth: tuple[str, ...] = ("PLAIN", "LOGIN")
    received: list[Received] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)  # what no client may do (RFC 5321, RFC 2920)
    connections: int = 0
    count: int = 0
    commands: Counter[str] = field(default_factory=Counter)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    interrupted: set[str] = field(default_factory=set)  # whose message was on its way when its connection was dropped
    sessions: "set[_Session]" = field(default_factory=set)
    _unended: "set[_Session]" = field(default_factory=set)  # those, and what is just being accepted
    _back: "list[asyncio.Future[None]]" = field(default_factory=list)  # asyncio itself holds no task for long
    _server: asyncio.Server | None = None
    _out: IO[str] | None = None
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"{'smtps' if self.implicit_tls else 'smtp'}://127.0.0.1:{self.port}"

    @property
    def recipients(self) -> list[str]:
        """The first recipient of each message taken, in order."""
        return [one.recipient for one in self.received]

    def answer(self, stage: Stage, about: str) -> str | None:
        if self.rule is None:
            return None
        self.seen[stage, about] += 1
        return self.rule(stage, about, self.seen[stage, about])

    def take(self, one: Received) -> None:
        self.count += 1
        if self.keep:
            self.received.append(one)
        if self._out is not None:
            self._out.write(one.line + "\n")
            self._out.flush()

    async def start(self) -> None:
        if self.file is not None:
            self._out = self.file.open("a", encoding="ascii")
        self._loop = asyncio.get_running_loop()
        tls = self.certificate if self.implicit_tls else None
        self._server = await self._loop.create_server(lambda: _Session(self), "127.0.0.1", self.port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            for plug in self._server.sockets:  # Python 3.11 loses a connection that is accepted while its server closes
                asyncio.get_running_loop().remove_reader(plug.fileno())
            await asyncio.sleep(0.01)
            self._server.close()
            self.hang_up()
            await self._server.wait_closed()
            for _ in range(200):
                if not self._unended:
                    break
                await asyncio.sleep(0.01)
                self.hang_up()
            self._server = None
        if self._out is not None:
            self._out.close()
            self._out = None

    def hang_up(self) -> None:
        """Closes every open connection, as a server does with an idle one; new ones are welcome."""
        for session in list(self.sessions):
            session.drop()

    def out_for(self, seconds: float) -> None:
        """For a sink in a thread: it is gone for so long, with every connection; then it listens again."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._out_for(seconds), self._loop).result(10)

    async def _out_for(self, seconds: float) -> None:
        await self.stop()
        asyncio.get_running_loop().call_later(seconds, lambda: self._back.append(asyncio.ensure_future(self.start())))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def __enter__(self) -> Self:
        ready = threading.Event()

        async def live() -> None:
            await self.start()
            self._ended = asyncio.Event()
            ready.set()
            await self._ended.wait()
            await self.stop()

        self._thread = threading.Thread(target=asyncio.run, args=(live(),), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the sink did not start within 10 s; is its port taken?")
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._thread is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def wait_for(self, count: int, seconds: float = 10.0) -> None:
        """For a sink in a thread: waits until it has taken `count` messages."""
        until = time.monotonic() + seconds
        while self.count < count:
            if time.monotonic() > until:
                raise TimeoutError(f"the sink has {self.count} of {count} messages after {seconds} s")
            time.sleep(0.005)

    _ended: asyncio.Event = field(init=False, repr=False)


class _Session(asyncio.Protocol):
    """One connection: a buffer, the envelope so far, and replies gathered into one write."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        sink._unended.add(self)
        self.buffer = bytearray()
        self.replies: list[str] = []
        self.transport: asyncio.Transport | None = None
        self.secure = sink.implicit_tls
        self.in_data = self.waiting = self.closing = False
        self.login: Iterator[None] | None = None
        self.number = 0
        self.name = ""
        self.forget_envelope()

    def forget_envelope(self) -> None:
        self.sender: str | None = None
        self.recipients: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.sink.sessions.add(self)
        self.sink.connections += 1
        self.number = self.sink.connections
        self.reply("connect", "", "220 sink.test ESMTP")
        self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        self.sink.sessions.discard(self)
        self.sink._unended.discard(self)

    def drop(self) -> None:
        self.closing = True
        if self.in_data:
            self.sink.interrupted.update(self.recipients)
        self.replies.clear()
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.work()

    def work(self) -> None:
        while not (self.waiting or self.closing) and (self.message() if self.in_data else self.command()):
            pass
        self.flush()

    def flush(self) -> None:
        if self.replies and not self.waiting and self.transport is not None:
            self.transport.write("".join(self.replies).encode("ascii"))
            self.replies.clear()

    def reply(self, stage: Stage, about: str, usual: str) -> bool:
        """Answers as the rule says, else as usual; True when the step succeeded."""
        text = self.sink.answer(stage, about) or usual
        if text == STALL:
            self.flush()
            self.waiting = True
            return False
        if text == DROP:
            self.flush()  # what was answered before was answered
            self.drop()
            return False
        self.replies.append(text + "\r\n")
        if text.startswith("421"):
            self.flush()
            self.closing = True
            assert self.transport is not None
            self.transport.close()
        return text[0] in "23"

    def message(self) -> bool:
        # The buffer begins behind the CRLF of DATA, so a lone dot may stand first.
        if self.buffer.startswith(b".\r\n"):
            raw, end = b"", 3
        else:
            at = self.buffer.find(b"\r\n.\r\n")
            if at < 0:
                return False
            raw, end = bytes(self.buffer[: at + 2]), at + 5
        del self.buffer[:end]
        self.in_data = False
        if not self.sink.pipelining and self.buffer:
            self.sink.violations.append("something follows the final dot, without PIPELINING")
        if self.sink.delay:
            self.waiting = True
            asyncio.get_running_loop().call_later(self.sink.delay, self.finish, raw)
        else:
            self.finish(raw)
        return True

    def finish(self, raw: bytes) -> None:
        late, self.waiting = self.waiting, False
        if self.closing:
            return
        if not self.recipients:
            self.reply("dot", "", "554 5.5.1 no valid recipients")
        elif self.reply("dot", self.recipients[0], "250 2.0.0 kept"):
            message = raw[1:] if raw.startswith(b".") else raw
            message = message.replace(b"\r\n.", b"\r\n")
            sender, recipients = self.sender or "", tuple(self.recipients)
            self.sink.take(Received(time.time(), sender, recipients, message, self.number))
        self.forget_envelope()
        if late:
            self.work()

    def command(self) -> bool:
        at = self.buffer.find(b"\r\n")
        if at < 0:
            return False
        line = self.buffer[:at].decode("ascii", "backslashreplace")
        del self.buffer[: at + 2]
        if "\n" in line or "\r" in line or "\0" in line:
            self.sink.violations.append("a control character in a command")
        if self.login is not None:
            self.step(line)
            return True
        verb = line[:4].upper()
        self.sink.commands[verb] += 1
        if self.buffer and (verb == "DATA" or not self.sink.pipelining):
            self.sink.violations.append(f"something follows {verb} before its answer")
        handler = self.VERBS.get(verb)
        if handler is None:
            self.replies.append("500 5.5.1 unknown command\r\n")
        else:
            handler(self, line)
        return True

    def on_ehlo(self, line: str) -> None:
        offers = ["sink.test", "8BITMIME", "ENHANCEDSTATUSCODES"]
        if self.sink.pipelining:
            offers.append("PIPELINING")
        if self.sink.certificate is not None and not self.secure:
            offers.append("STARTTLS")
        if self.sink.users is not None:
            offers.append("AUTH " + " ".join(self.sink.auth))
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        self.forget_envelope()
        self.reply("ehlo", "", "\r\n".join(lines))

    def on_helo(self, line: str) -> None:
        self.forget_envelope()
        self.replies.append("250 sink.test\r\n")

    def on_starttls(self, line: str) -> None:
        if self.sink.certificate is None or self.secure:
            self.replies.append("502 5.5.1 no\r\n")
            return
        self.replies.append("220 2.0.0 go ahead\r\n")
        self.flush()
        self.waiting = True
        self._upgrade = asyncio.ensure_future(self.upgrade(self.sink.certificate))

    async def upgrade(self, certificate: ssl.SSLContext) -> None:
        assert self.transport is not None
        self.buffer.clear()
        try:
            self.transport = await asyncio.get_running_loop().start_tls(
                self.transport, self, certificate, server_side=True
            )
        except (OSError, ssl.SSLError):  # the client did not like the certificate
            self.drop()
            return
        self.secure, self.waiting = True, False
        self.work()  # the client may have spoken already

    def on_auth(self, line: str) -> None:
        _, _, rest = line.partition(" ")
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "PLAIN" and initial:
            _, user, password = base64.b64decode(initial).decode().split("\0")
            self.judge(user, password)
        elif mechanism.upper() == "LOGIN":
            self.replies.append("334 VXNlcm5hbWU6\r\n")
            self.login = iter((None,))
        else:
            self.replies.append("504 5.5.4 unknown mechanism\r\n")

    def step(self, line: str) -> None:
        assert self.login is not None
        text = base64.b64decode(line).decode()
        if next(self.login, self) is None:
            self.name = text
            self.replies.append("334 UGFzc3dvcmQ6\r\n")
        else:
            self.login = None
            self.judge(self.name, text)

    def judge(self, user: str, password: str) -> None:
        good = self.sink.users is not None and self.sink.users.get(user) == password
        self.replies.append("235 2.7.0 welcome\r\n" if good else "535 5.7.8 wrong\r\n")

    def on_mail(self, line: str) -> None:
        sender = line[line.find("<") + 1 : line.rfind(">")]
        if self.sender is not None:
            self.replies.append("503 5.5.1 nested MAIL\r\n")
        elif self.reply("mail", sender, "250 2.1.0 ok"):
            self.sender = sender

    def on_rcpt(self, line: str) -> None:
        recipient = line[line.find("<") + 1 : line.rfind(">")]
        if self.sender is None:
            self.replies.append("503 5.5.1 MAIL first\r\n")
        elif self.reply("rcpt", recipient, "250 2.1.5 ok"):
            self.recipients.append(recipient)

    def on_data(self, line: str) -> None:
        if self.sender is None or not self.recipients:
            # RFC 2920 lets a server answer 354 all the same; a rule for the empty recipient makes this one do so.
            self.in_data = self.reply("data", "", "554 5.5.1 no valid recipients")
        else:
            self.in_data = self.reply("data", self.recipients[0], "354 go ahead")

    def on_rset(self, line: str) -> None:
        self.forget_envelope()
        self.replies.append("250 2.0.0 ok\r\n")

    def on_noop(self, line: str) -> None:
        self.replies.append("250 2.0.0 ok\r\n")

    def on_quit(self, line: str) -> None:
        self.replies.append("221 2.0.0 bye\r\n")
        self.flush()
        self.closing = True
        assert self.transport is not None
        self.transport.close()

    VERBS: Mapping[str, "Callable[[_Session, str], None]"] = {
        "EHLO": on_ehlo, "HELO": on_helo, "STAR": on_starttls, "AUTH": on_auth, "MAIL": on_mail, "RCPT": on_rcpt,
        "DATA": on_data, "RSET": on_rset, "NOOP": on_noop, "QUIT": on_quit,
    }  # fmt: skip


def rules(texts: list[str]) -> Rule | None:
    """`STAGE:PATTERN:N:REPLY` each, as `rcpt:gone@*:*:550 5.1.1 no` or `dot:*:1-2:DROP`; the first that fits counts."""
    parsed = []
    for text in texts:
        stage, pattern, times, reply = text.split(":", 3)
        first, _, last = times.partition("-")
        span = (1, sys.maxsize) if times == "*" else (int(first), int(last or first))
        parsed.append((stage, pattern, span, reply))

    def rule(stage: Stage, about: str, n: int) -> str | None:
        for its_stage, pattern, (low, high), reply in parsed:
            if stage == its_stage and low <= n <= high and fnmatch(about, pattern):
                return reply
        return None

    return rule if parsed else None


async def _serve(sink: Sink) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with sink:
        print(f"listening {sink.port}", flush=True)
        await ended.wait()
    print(f"took {sink.count}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="a fake next hop for tests and benchmarks")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--file", type=Path, help="append each message here, one line of JSON each")
    parser.add_argument("--no-pipelining", action="store_true")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before the answer to each final dot")
    parser.add_argument("--rule", action="append", default=[], help=rules.__doc__)
    chosen = parser.parse_args()
    asyncio.run(
        _serve(
            Sink(
                port=chosen.port,
                file=chosen.file,
                keep=False,
                pipelining=not chosen.no_pipelining,
                delay=chosen.delay,
                rule=rules(chosen.rule),
            )
        )
    )


if __name__ == "__main__":
    main()
