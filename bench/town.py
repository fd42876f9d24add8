"""A made-up town in a temporary directory: seeded, served by real processes, and asked how fast it was."""

import random
import re
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.seed import seed
from gateway.config import load
from gateway.ground import open_store
from gateway.relay.compose import prepare
from storage.store import Store
from storage.tables import alert as alerts
from storage.tables import chunk
from tests.e2e.minato import BOARD, DOMAIN, alert, merged, settings, write_settings

ROOT = Path(__file__).parents[1]
TEXT = (
    "地区：全域\n区分：台風\n\n" + "大雨警報が出ました。児童は保護者と一緒に下校します。お迎えをお願いします。\n" * 10
)
READY = re.compile(r"serving on \S+:(\d+)")
RUN_SECONDS = 600.0


@dataclass
class Town:
    """A seeded town; between `with town.serving()` its gateway runs."""

    config: Path
    subscribers: int
    process: "subprocess.Popen[str] | None" = None
    port: int = 0
    posted: int = 0

    @contextmanager
    def serving(self) -> Iterator[None]:
        words = [sys.executable, "-m", "gateway.cli", "serve", "--config", str(self.config)]
        with (self.config.parent / "serve.log").open("a") as log:
            self.process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert self.process.stdout is not None
            found = next(found for line in self.process.stdout if (found := READY.search(line)))
            self.port = int(found[1])
            yield
        finally:
            self.process.terminate()
            self.process.wait(60)

    def post(self) -> float:
        """Hands one alert to all in; the moment at which its final dot was sent."""
        self.posted += 1
        raw = alert(TEXT + f"{self.posted}\n")
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="mail.example", timeout=60) as client:
            client.ehlo()
            client.mail(BOARD)
            client.rcpt(f"alert@{DOMAIN}")
            client.putcmd("data")
            client.getreply()
            body = raw.replace(b"\r\n.", b"\r\n..")
            dot = time.time()
            client.send(body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            code, text = client.getreply()
        if code != 250:
            raise RuntimeError(f"the alert was answered with {code} {text.decode()}")
        return dot

    def ended(self) -> tuple[datetime, datetime]:
        """When the newest alert was accepted, and when its last copy was recorded; the report to its author follows."""
        until = time.monotonic() + RUN_SECONDS
        store = open_store(load(self.config), read_only=True)
        try:
            while True:
                row = store.read(datetime.now(UTC), lambda tx: tx.connection.execute(
                    alerts.select().order_by(alerts.c.id.desc()).limit(1)).one_or_none())  # fmt: skip
                if row is not None and row.number == self.posted and row.finished_at is not None:
                    return _moment(row.accepted_at), _moment(_recorded(store, row.id))
                if time.monotonic() > until:
                    raise RuntimeError(f"the alert did not end within {RUN_SECONDS:g} s; see serve.log")
                time.sleep(1)  # the processors belong to those who are measured
        finally:
            store.close()

    def fan_out(self) -> float:
        """Copies per second of one alert to all, from its acceptance to the commit of the last copy."""
        self.post()
        accepted, finished = self.ended()
        return self.subscribers / (finished - accepted).total_seconds()


def _recorded(store: Store, alert_id: int) -> int:
    """When the last chunk of the alert was done."""
    last = select(func.max(chunk.c.finished_at)).where(chunk.c.alert_id == alert_id)
    return int(store.read(datetime.now(UTC), lambda tx: tx.connection.scalar(last)) or 0)


def _moment(stored: int) -> datetime:
    return datetime.fromtimestamp(stored / 1_000_000, UTC)


@contextmanager
def town(subscribers: int, smarthost: str, changes: Mapping[str, Any] | None = None) -> Iterator[Town]:
    """A town of so many subscribers that relays to `smarthost`; its directory goes with the `with` block."""
    folder = Path(tempfile.mkdtemp(prefix="mimamori-bench-"))
    try:
        roomy = {"release_above": 100_000_000, "haste_checks": []}
        limits = {"alerts_per_author_an_hour": 10_000}
        chosen = merged(settings(smarthost), {"alerts": roomy, "limits": limits})
        config = write_settings(folder / "town", merged(chosen, changes or {}))
        loaded = load(config)
        codes = [district.code for district in loaded.town.districts]
        seed(loaded, subscribers, codes, random.Random(1), lambda _done: None)
        yield Town(config, subscribers)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy_octets() -> int:
    """The size of one unsigned copy of the alert that `Town.post` posts."""
    prepared = prepare(
        domain=DOMAIN,
        organisation="みなと市教育委員会",
        subject="[台風・警報][全域] お知らせ",
        text=TEXT,
        list_name="みなと市教育委員会",
        alert_name="2026-0001",
        date=datetime.now(UTC),
    )
    return len(prepared.copy("resident-000001@family-1.example", f"<{'0' * 32}@{DOMAIN}>", "a" * 36))
