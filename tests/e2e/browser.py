"""A real Chromium of the size of a phone, JavaScript switched off, driven over chromedriver's WebDriver protocol."""

import base64
import json
import os
import shutil
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.town import until
from tests.e2e.website import free_port

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update"),
    *("--disable-background-networking", "--disable-sync", "--hide-scrollbars"),
)
TAB, ENTER = "\ue004", "\ue007"  # W3C WebDriver, section 17.4.2
ALLOW, BLOCK = 1, 2


@dataclass(frozen=True)
class Browser:
    """One window."""

    session: str

    def visit(self, url: str) -> None:
        self._ask("POST", "/url", {"url": url})

    @property
    def title(self) -> str:
        return str(self._ask("GET", "/title"))

    def press_first(self) -> None:
        """Moves to the first thing that can be pressed, by the keyboard, and presses it.

        WebDriver's own click asks the page where the button is, by a script, which is off.
        """
        strokes = [{"type": kind, "value": key} for key in (TAB, ENTER) for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def look(self) -> bytes:
        """What the window shows, as PNG."""
        return base64.b64decode(self._ask("GET", "/screenshot"))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return ask(method, self.session + path, body)


def ask(method: str, url: str, body: dict[str, Any] | None = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["value"]


@contextmanager
def phone(profile: Path, width: int = 390, height: int = 844, *, scripts: bool = False) -> Iterator[Browser]:
    """A window of this size; everything of it is gone afterwards."""
    assert CHROMIUM is not None
    assert DRIVER is not None
    port = free_port()
    silent = subprocess.DEVNULL
    # A group of its own: whatever Chromium has started and forgotten ends with it.
    driver = subprocess.Popen([DRIVER, f"--port={port}"], stdout=silent, stderr=silent, start_new_session=True)
    try:
        until(lambda: _ready(port), "chromedriver")
        options = {
            "binary": CHROMIUM,
            "args": [*QUIET, f"--user-data-dir={profile}"],
            "prefs": {"profile.managed_default_content_settings.javascript": ALLOW if scripts else BLOCK},
            "mobileEmulation": {"deviceMetrics": {"width": width, "height": height, "pixelRatio": 2.0}},
        }
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        session = ask("POST", f"http://127.0.0.1:{port}/session", wanted)["sessionId"]
        browser = Browser(f"http://127.0.0.1:{port}/session/{session}")
        yield browser
        browser._ask("DELETE", "")
    finally:
        os.killpg(driver.pid, signal.SIGKILL)
        driver.wait(30)


def _ready(port: int) -> bool:
    try:
        return bool(ask("GET", f"http://127.0.0.1:{port}/status")["ready"])
    except OSError:
        return False
