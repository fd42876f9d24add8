"""The stage of the tour: a gateway of its own on loopback, with files in place of mailboxes. It tells nothing.

All of it lies in one temporary folder. No name server is asked and nothing leaves the machine.
"""

import asyncio
import smtplib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway import example
from gateway.app import Gateway
from gateway.config import load
from gateway.demo.names import nameless
from gateway.demo.staff import StaffKey
from gateway.ground import open_store
from gateway.init import CONFIG, init
from gateway.settings import Settings
from storage import audit, audit_walk
from storage.audit import Entry
from storage.audit_walk import Fault

WAIT_SECONDS = 10.0
LOOK_SECONDS = 0.02
CHOSEN: dict[tuple[str, str], object] = {
    ("listener", "port"): 0,
    ("relay", "smarthost"): "maildir:mailboxes",
    ("alerts", "haste_checks"): [],  # the story tells of an afternoon, whenever it is told
}


class NotHeldError(Exception):
    """What the story promised did not come true; the message says what was missing."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in a mailbox."""

    to: str
    message: EmailMessage = field(repr=False)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""

    @property
    def alert(self) -> str | None:
        """The number of the alert that this is a copy of; None where it is a letter."""
        number = self.message["X-Mimamori-Alert"]
        return None if number is None else str(number)

    @property
    def answer_to(self) -> str:
        return str(self.message["Reply-To"])

    @property
    def leave(self) -> str:
        """The address in List-Unsubscribe."""
        return str(self.message["List-Unsubscribe"]).removeprefix("<mailto:").rstrip(">")


class Stage:
    """A running gateway, and the mailboxes around it."""

    def __init__(self, folder: Path, settings: Settings, key: StaffKey, port: int) -> None:
        self._mailboxes = folder / "mailboxes" / "new"
        self._settings = settings
        self._port = port
        self._read: dict[Path, Mail] = {}
        self.key = key

    def ours(self, local: str) -> str:
        return f"{local}@{self._settings.gateway.domain}"

    @property
    def timezone(self) -> ZoneInfo:
        return self._settings.gateway.timezone

    async def send(self, raw: bytes, to: str, sender: str) -> str:
        """Hands a mail over as any mail server would; returns the gateway's last answer."""
        return await asyncio.to_thread(self._send, raw, to, sender)

    def _send(self, raw: bytes, to: str, sender: str) -> str:
        with smtplib.SMTP("127.0.0.1", self._port, local_hostname="mail.example", timeout=WAIT_SECONDS) as client:
            client.ehlo()
            code, text = client.mail(sender)
            if code < 400:
                code, text = client.rcpt(to)
            if code < 400:
                code, text = client.data(raw)
            return f"{code} {text.decode()}"

    async def letter(self, to: str, word: str) -> Mail:
        """The newest letter to somebody whose subject has this word; waited for."""
        return (await self.until(lambda: self._letters(to, word), f"a letter about {word}"))[-1]

    def newest_alert(self) -> str:
        """The number of the alert that was accepted last."""
        accepted = [entry.value()["subject"] for entry in self.audit() if entry.event == "alert:accepted"]
        if not accepted:
            raise NotHeldError("no alert was accepted")
        return str(accepted[-1])

    def _letters(self, to: str, word: str) -> list[Mail]:
        return [mail for mail in self._mails() if mail.to == to and mail.alert is None and word in mail.subject]

    async def copies(self, number: str, author: str) -> dict[str, list[Mail]]:
        """All copies of an alert by recipient, once its author has the report that it is done."""
        await self.until(lambda: self._letters(author, f"{number} の配信結果"), f"the report of {number}")
        found: dict[str, list[Mail]] = {}
        for mail in self._mails():
            if mail.alert == number:
                found.setdefault(mail.to, []).append(mail)
        return found

    def audit(self, last: int | None = None) -> list[Entry]:
        store = open_store(self._settings, read_only=True)
        try:
            return store.read(datetime.now(UTC), lambda transaction: audit.read(transaction.connection, last=last))
        finally:
            store.close()

    def audit_holds(self) -> bool:
        store = open_store(self._settings, read_only=True)
        try:
            return not isinstance(store.read(datetime.now(UTC), lambda tx: audit_walk.verify(tx.connection)), Fault)
        finally:
            store.close()

    async def until(self, look: Callable[[], list[Mail]], what: str) -> list[Mail]:
        deadline = time.monotonic() + WAIT_SECONDS
        while not (found := await asyncio.to_thread(look)):
            if time.monotonic() > deadline:
                raise NotHeldError(f"{what} did not come within {WAIT_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
        return found

    def _mails(self) -> Iterator[Mail]:
        """All mails in the order in which they came."""
        for path in sorted(self._mailboxes.glob("*")):
            if path not in self._read:
                message = message_from_bytes(path.read_bytes(), policy=policy.default)
                self._read[path] = Mail(str(message["Delivered-To"]).strip("<>"), message)
        yield from list(self._read.values())


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """The gateway while it runs; afterwards its port, processes and connections are gone."""
    key = await asyncio.to_thread(StaffKey)
    async with nameless() as nameserver:
        settings = await asyncio.to_thread(configured, folder, key, nameserver)
        gateway = Gateway(settings)
        try:
            await gateway.start()
            yield Stage(folder, settings, key, gateway.listener.port)
        finally:
            await gateway.stop()


def configured(folder: Path, key: StaffKey, nameserver: str) -> Settings:
    """What `mimamori init` writes, with the key of its first member of staff pinned."""
    init(folder, interactive=False, ask=lambda _question, default: default, say=lambda _line: None)
    address = f"address = {example.toml(school())}\n"
    chosen = {**CHOSEN, ("dns", "nameservers"): [nameserver]}
    text = example.render(chosen).replace(address, f"{address}keys = {example.toml([key.pinned])}\n", 1)
    (folder / CONFIG).write_text(text, "utf-8")
    return load(folder / CONFIG)


def school() -> str:
    """The address of who posts: the example's first member of staff."""
    return str(example.ROWS["staff"][0]["address"])
