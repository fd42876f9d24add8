"""A whole gateway of the port town (minato.py): real processes on loopback, and what tests ask of them."""

import contextlib
import io
import json
import re
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.cli import main
from gateway.config import load
from gateway.ground import open_store
from gateway.init import CALENDAR
from storage import audit
from tests.e2e.arrived import Arrived
from tests.e2e.minato import (
    ADMIN,
    BOARD,
    DOMAIN,
    NOBODY,
    SCHOOL,
    SELECTOR,
    alert,
    as_toml,
    domain_of,
    fresh_id,
    key_name,
    key_of,
    merged,
    settings,
    staff_reply,
    write_settings,
)  # fmt: skip
from tests.fakes.dns import DnsServer
from tests.fakes.signer import compose
from tests.fakes.sink import Sink

__all__ = [
    "ADMIN", "BOARD", "DOMAIN", "NOBODY", "ROOT", "SCHOOL", "SELECTOR", "Arrived", "AuditLog", "Gateway", "alert",
    "as_toml", "children", "counted", "domain_of", "fresh_id", "key_name", "key_of", "merged", "mimamori", "run",
    "settings", "staff_reply", "this_year", "until", "write_settings",
]  # fmt: skip

ROOT = Path(__file__).parents[2]
READY = re.compile(r"serving on \S+:(\d+)")
STOP_SECONDS = 30.0


@dataclass
class Gateway:
    """One running `mimamori serve`, what it was given, and what came out of it."""

    config: Path
    sink: Sink
    dns: DnsServer | None = None
    process: subprocess.Popen[str] = field(init=False)
    port: int = field(init=False, default=0)
    log: Path = field(init=False)

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
        answer = self.write(address, self.ours("subscribe"), text)
        assert answer[0] == 250, answer
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

    def answer(self, letter: "Arrived", author: str, text: str, **headers: str) -> tuple[int, str]:
        """The signed answer of staff to a preview or a receipt, with the letter quoted below."""
        to = str(letter.mail["Reply-To"] or letter.mail["From"]).rpartition("<")[2].rstrip(">")
        quoted = "".join(f"> {line}\n" for line in letter.text.splitlines())
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send(
            staff_reply(to, f"{text}\n\n2026年11月26日(木) 15:00 <{to}>:\n{quoted}", author, named), to, author
        )

    def post(self, raw: bytes, author: str = BOARD) -> tuple[int, str]:
        return self.send(raw, self.ours("alert"), author)

    # --- mail out -------------------------------------------------------------------------------

    def arrived(self, address: str) -> list["Arrived"]:
        return [Arrived.of(one) for one in list(self.sink.received) if one.recipient == address]

    def copies(self, address: str) -> list["Arrived"]:
        """Relayed alerts alone, no letters."""
        return [one for one in self.arrived(address) if one.is_copy]

    def await_mail(self, address: str, count: int, seconds: float = 30.0) -> list["Arrived"]:
        """All mails to the address, once there are `count`."""
        until(lambda: len(self.arrived(address)) >= count, f"{count} mails to one address", seconds)
        return self.arrived(address)

    def await_copies(self, address: str, count: int, seconds: float = 30.0) -> list["Arrived"]:
        until(lambda: len(self.copies(address)) >= count, f"{count} copies to one address", seconds)
        return self.copies(address)

    # --- audit ----------------------------------------------------------------------------------

    @property
    def audit(self) -> "AuditLog":
        return AuditLog(self.config)


class AuditLog:
    """The audit log of a gateway, read beside the running server as `audit tail` does."""

    def __init__(self, config: Path) -> None:
        self._config = config

    @property
    def entries(self) -> list[dict[str, Any]]:
        """All entries, oldest first."""
        store = open_store(load(self._config), read_only=True)
        try:
            return [entry.value() for entry in store.read(datetime.now(UTC), lambda tx: audit.read(tx.connection))]
        finally:
            store.close()

    @property
    def last(self) -> int:
        """The number of the newest entry."""
        return len(self.entries)

    def wait_for(self, event: str, after: int = 0, seconds: float = 30.0) -> dict[str, Any]:
        """The first entry of this event that is numbered above `after`."""
        deadline = time.monotonic() + seconds
        while True:
            new = self.entries[after:]
            for entry in new:
                if entry["event"] == event:
                    return entry
            assert time.monotonic() < deadline, f"no {event} in {seconds} s, only {[one['event'] for one in new]}"
            time.sleep(0.03)


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


def until(holds: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


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
