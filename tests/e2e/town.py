"""A made-up port town with a whole gateway: real processes on loopback, a sink as next hop, and what tests ask of them.

Nothing here is shared between tests but the staff's key pairs, which are slow to make.
"""

import contextlib
import functools
import io
import json
import os
import queue
import re
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from gateway.cli import main
from gateway.example import toml
from gateway.init import CALENDAR, init
from tests.fakes.dns import DnsServer
from tests.fakes.signer import Key, compose, new_key, staff_mail
from tests.fakes.sink import Received, Sink

ROOT = Path(__file__).parents[2]
DOMAIN = "anshin.minato.example"
BOARD = "kyoiku@city.minato.example"  # may post everything
SCHOOL = "kyoto@yamate.school.example"  # may post storms in the hills only
ADMIN = "kanri@office.minato.example"
SELECTOR = "m2026"
READY = re.compile(r"serving on \S+:(\d+)")
NOBODY = "127.0.0.1:9"  # a name server that never answers
STOP_SECONDS = 30.0


@functools.cache
def key_of(domain: str) -> Key:
    """The key pair of a staff domain."""
    return new_key(selector=SELECTOR)


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def key_name(address: str) -> str:
    """Where the key of a staff address is published."""
    return f"{SELECTOR}._domainkey.{domain_of(address)}"


def settings(smarthost: str, *, nameserver: str = NOBODY, pinned: bool = True) -> dict[str, Any]:
    """The town's configuration, ready to be changed by a test."""

    def keys(address: str) -> dict[str, object]:
        return {"keys": [key_of(domain_of(address)).pinned]} if pinned else {}

    return {
        "gateway": {
            "domain": DOMAIN,
            "organisation": "みなと市教育委員会",
            "contact": "電話 00-1234-5678",
            "admin": ADMIN,
        },
        "listener": {"host": "127.0.0.1", "port": 0, "trusted_relays": ["127.0.0.0/8"]},
        "limits": {"refusal_floor_milliseconds": 0, "answer_floor_milliseconds": 0},
        "dns": {"nameservers": [nameserver]},
        "relay": {"smarthost": smarthost, "retry_first_seconds": 1},
        "categories": [
            {"code": "approach", "name": "声かけ", "aliases": ["声かけ事案"], "victim_consent": True},
            {"code": "storm", "name": "台風・警報", "aliases": ["台風", "警報"]},
            {"code": "lost", "name": "迷子"},
        ],
        "districts": [
            {"code": "hama", "name": "浜手", "kana": "はまて"},
            {"code": "yama", "name": "山手", "kana": "やまて", "aliases": ["山の手"]},
            {"code": "shima", "name": "中島", "kana": "なかじま"},
            {"code": "eki", "name": "駅前", "kana": "えきまえ"},
        ],
        "staff": [
            {"id": "board", "address": BOARD, "organisation": "みなと市教育委員会", **keys(BOARD)},
            {
                "id": "yamate",
                "address": SCHOOL,
                "organisation": "山手小学校",
                "districts": ["yama"],
                "categories": ["storm"],
                **keys(SCHOOL),
            },
        ],
    }


def write_settings(folder: Path, chosen: Mapping[str, Any]) -> Path:
    """Keys and terms as `mimamori init` makes them, and this configuration."""
    init(folder, interactive=False, ask=lambda _question, default: default, say=lambda _line: None)
    config = folder / "config.toml"
    config.write_text(as_toml(chosen), "utf-8")
    return config


def as_toml(chosen: Mapping[str, Any]) -> str:
    blocks = []
    for name, value in chosen.items():
        sections = [(f"[{name}]", value)] if isinstance(value, dict) else [(f"[[{name}]]", row) for row in value]
        for headline, facts in sections:
            blocks.append("\n".join([headline, *(f"{key} = {toml(fact)}" for key, fact in facts.items()), ""]))
    return "\n".join(blocks)


@dataclass
class Gateway:
    """One running `mimamori serve`, what it was given, and what came out of it."""

    config: Path
    sink: Sink
    dns: DnsServer | None = None
    process: subprocess.Popen[str] = field(init=False)
    port: int = field(init=False, default=0)
    log: Path = field(init=False)
    _tail: "AuditTail | None" = None

    # --- the process ----------------------------------------------------------------------------

    def start(self) -> None:
        self.log = self.config.parent / "serve.log"
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                mimamori("serve", "--config", str(self.config)), cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if found := READY.search(line):
                self.port = int(found[1])
                return
        raise AssertionError(f"serve ended with {self.process.wait()} before it was ready:\n{self.log.read_text()}")

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self._tail is not None:
            self._tail.stop()
            self._tail = None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def kill(self) -> None:
        """SIGKILL for the server alone: what it started must notice by itself."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def workers(self) -> list[int]:
        """The processes that the server has started."""
        return children(self.process.pid)

    def command(self, *words: str, code: int = 0) -> str:
        """What a command prints; it must end with this code. Not a process of its own: starting Python is slow."""
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            ended = main([*words, "--config", str(self.config)])
        assert ended == code, told.getvalue()
        return told.getvalue()

    def json(self, *words: str) -> Any:
        return json.loads(self.command(*words, "--json"))

    # --- mail in --------------------------------------------------------------------------------

    def send(self, raw: bytes, to: str, sender: str) -> tuple[int, str]:
        """Hands one mail over: code and text of the last answer, a refusal at whatever step it came."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="mail.example", timeout=30) as client:
            client.ehlo()
            code, text = client.mail(sender)
            if code < 400:
                code, text = client.rcpt(to)
            if code < 400:
                code, text = client.data(raw)
            return code, text.decode()

    def write(self, sender: str, to: str, text: str = "", subject: str = "", **headers: str) -> tuple[int, str]:
        """An ordinary, unsigned mail of somebody to an address of ours."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        raw = compose(sender, to, subject, text, named, message_id=fresh_id(sender))
        return self.send(raw, to, sender)

    def ours(self, local: str) -> str:
        return f"{local}@{DOMAIN}"

    def subscribe(self, address: str, districts: str) -> None:
        """All of 3.1 and 3.2, up to the receipt."""
        arrived = len(self.arrived(address))
        text = f"地区：{districts}\n同意：はい\n"
        assert self.write(address, self.ours("subscribe"), text)[0] == 250
        (letter,) = self.await_mail(address, arrived + 1)[arrived:]
        assert self.reply(letter, "はい")[0] == 250
        self.await_mail(address, arrived + 2)

    def reply(self, letter: "Arrived", text: str = "") -> tuple[int, str]:
        """The answer that a mail program would send."""
        to = str(letter.mail["Reply-To"] or letter.mail["From"])
        to = to.rpartition("<")[2].rstrip(">")
        subject = f"Re: {letter.mail['Subject']}"
        quoted = "".join(f"> {line}\n" for line in letter.text.splitlines())
        known = {"In_Reply_To": str(letter.mail["Message-ID"])}
        return self.write(letter.recipient, to, f"{text}\n\n{quoted}", subject, **known)

    def post(self, raw: bytes, author: str = BOARD) -> tuple[int, str]:
        return self.send(raw, self.ours("alert"), author)

    # --- mail out -------------------------------------------------------------------------------

    def arrived(self, address: str) -> list["Arrived"]:
        return [Arrived.of(one) for one in list(self.sink.received) if one.recipient == address]

    def copies(self, address: str) -> list["Arrived"]:
        """Relayed alerts alone, no letters."""
        return [one for one in self.arrived(address) if one.is_copy]

    def await_mail(self, address: str, count: int, seconds: float = 15.0) -> list["Arrived"]:
        """All mails to the address, once there are `count`."""
        until(lambda: len(self.arrived(address)) >= count, f"{count} mails to one address", seconds)
        return self.arrived(address)

    def await_copies(self, address: str, count: int, seconds: float = 15.0) -> list["Arrived"]:
        until(lambda: len(self.copies(address)) >= count, f"{count} copies to one address", seconds)
        return self.copies(address)

    # --- audit ----------------------------------------------------------------------------------

    @property
    def audit(self) -> "AuditTail":
        if self._tail is None:
            self._tail = AuditTail(self.config)
        return self._tail


class AuditTail:
    """`mimamori audit tail -f --json`, running beside the server."""

    def __init__(self, config: Path) -> None:
        words = mimamori("audit", "tail", "-n", "1000000", "-f", "--json", "--config", str(config))
        self._process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.entries: list[dict[str, Any]] = []

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)

    def wait_for(self, event: str, after: int = 0, seconds: float = 15.0) -> dict[str, Any]:
        """The first entry of this event that is numbered above `after`."""
        deadline = time.monotonic() + seconds
        while True:
            for entry in self.entries:
                if entry["seq"] > after and entry["event"] == event:
                    return entry
            try:
                self.entries.append(json.loads(self._lines.get(timeout=max(0.0, deadline - time.monotonic()))))
            except queue.Empty:
                seen = [entry["event"] for entry in self.entries if entry["seq"] > after]
                raise AssertionError(f"no {event} within {seconds} s, only {seen}") from None

    @property
    def last(self) -> int:
        """The number of the newest entry seen."""
        while not self._lines.empty():
            self.entries.append(json.loads(self._lines.get()))
        return self.entries[-1]["seq"] if self.entries else 0

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(STOP_SECONDS)
        self._thread.join(STOP_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()


@dataclass(frozen=True)
class Arrived:
    """One mail that the next hop was given."""

    sender: str
    recipient: str
    raw: bytes
    mail: EmailMessage

    @classmethod
    def of(cls, one: Received) -> "Arrived":
        mail = message_from_bytes(one.message, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert len(one.recipients) == 1, "one recipient a message"
        assert not mail.defects, mail.defects
        return cls(one.sender, one.recipient, one.message, mail)

    @property
    def text(self) -> str:
        body = self.mail.get_body(("plain",))
        assert body is not None
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def is_copy(self) -> bool:
        return "List-Id" in self.mail

    @property
    def leave(self) -> str:
        """The address that List-Unsubscribe names."""
        found = re.fullmatch(r"<mailto:([^>]+)>", str(self.mail["List-Unsubscribe"]))
        assert found is not None
        return found[1]

    @property
    def lines(self) -> int:
        """6  Lines of a letter, terms apart."""
        return len(self.text.partition("――")[0].rstrip().splitlines())


def alert(
    text: str,
    author: str = BOARD,
    subject: str = "お知らせ",
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> bytes:
    """A posting of staff, as their mail system signs it."""
    key, domain = key_of(domain_of(author)), domain_of(author)
    options.setdefault("message_id", fresh_id(author))
    return staff_mail(key.private_pem, domain, SELECTOR, author, f"alert@{DOMAIN}", subject, text, headers, **options)


def fresh_id(sender: str) -> str:
    return f"<{time.time_ns()}.{os.urandom(4).hex()}@{domain_of(sender)}>"


def mimamori(*words: str) -> list[str]:
    return [sys.executable, "-m", "gateway.cli", *words]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(mimamori(*words), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def children(parent: int) -> list[int]:
    """The living processes that this one has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, its_parent = stat.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has ended meanwhile
            continue
        if int(its_parent) == parent and state != "Z":
            found.append(int(stat.parent.name))
    return found


def until(holds: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def merged(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with some sections' values changed; a list takes the place of a list."""
    for name, value in changes.items():
        base[name] = {**base.get(name, {}), **value} if isinstance(value, dict) else value
    return base


def this_year() -> int:
    """The fiscal year of now."""
    return CALENDAR.year(datetime.now(UTC))


def counted(active: int, pending: int = 0) -> dict[str, object]:
    """What `subscribers count` says of so many residents: in March each is registered for two years (3.9)."""
    years = CALENDAR.open_years(datetime.now(UTC))
    return {
        "active": active * len(years),
        "pending": pending,
        "suspended": 0,
        "years": {str(year): active for year in years},
    }
