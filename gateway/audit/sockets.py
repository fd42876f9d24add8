"""The machine's own logs: syslog and the journal take a copy of each entry over their sockets (RFC 5424, 6.2.1).

Nothing waits longer than a moment for them; what was not taken is offered again (protocol 8.3).
"""

import socket
from collections.abc import Sequence
from pathlib import Path

PRIORITY = 13 * 8 + 6  # log audit, informational
NAME = "mimamori-audit"
SECONDS = 5.0


class Syslog:
    """The local syslog."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, numbered: Sequence[tuple[int, str]]) -> None:
        """Raises OSError where not all were taken."""
        _send(self._path, [f"<{PRIORITY}>{NAME}: {line}".encode(errors="replace") for _, line in numbered])


class Journal:
    """The journal of systemd, with the number in a field of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, numbered: Sequence[tuple[int, str]]) -> None:
        """Raises OSError where not all were taken."""
        fields = f"PRIORITY=6\nSYSLOG_IDENTIFIER={NAME}\n"
        lines = [f"MESSAGE={line}\n{fields}MIMAMORI_SEQ={number}\n" for number, line in numbered]
        _send(self._path, [line.encode(errors="replace") for line in lines])


def _send(path: Path, datagrams: Sequence[bytes]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as plug:
        plug.settimeout(SECONDS)
        plug.connect(str(path))
        for datagram in datagrams:
            plug.send(datagram)
