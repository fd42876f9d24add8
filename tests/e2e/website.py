"""The web endpoint of a gateway as others meet it: mail programs, scanners, proxies, whoever pokes at it."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

BASE = "https://mimamori.minato.example"
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # by name in lower case
    text: str


@dataclass(frozen=True)
class Website:
    """What the reverse proxy of BASE would pass on to."""

    port: int

    @property
    def settings(self) -> dict[str, object]:
        return {"listen": f"127.0.0.1:{self.port}", "base_url": BASE}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def path(self, page: str) -> str:
        """The path of a page that a copy links to."""
        assert page.startswith(f"{BASE}/")
        return urlsplit(page).path

    def ask(
        self, method: str, path: str, body: str | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, fields, response.read().decode())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def click(self, path: str) -> Answer:
        """What a mail program does when its reader presses Unsubscribe."""
        return self.ask("POST", path, ONE_CLICK, FORM)

    def raw(self, octets: bytes, seconds: float = 15.0) -> bytes:
        """Whatever comes back for these octets, until the other end closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(octets)
            said = b""
            while True:
                try:
                    part = connection.recv(65_536)
                except ConnectionResetError:
                    return said
                if not part:
                    return said
                said += part
