"""The known ways to smuggle a second mail into a first one (CVE-2023-51764 and kin): one is seen, and it is refused."""

import json
import os
import socket
from pathlib import Path

import pytest

from tests.fakes.gate import Running

FOLDER = "smtp-smuggling"
BEFORE = (
    b"EHLO mail.example\r\nMAIL FROM:<hana@mail.example>\r\nRCPT TO:<subscribe@example.jp>\r\nDATA\r\n"
    b"Subject: first\r\n\r\nhello"
)
AFTER = (
    b"MAIL FROM:<staff@school.example>\r\nRCPT TO:<alert@example.jp>\r\nDATA\r\n"
    b"Subject: smuggled\r\n\r\nfor everybody\r\n.\r\nQUIT\r\n"
)


def sequences() -> list[bytes]:
    """The sequences of the corpus, or none where there is no corpus."""
    root = os.environ.get("MIMAMORI_CORPORA")
    file = Path(root or "") / FOLDER / "sequences.json"
    if not root or not file.exists():
        return []
    found = json.loads(file.read_text(encoding="ascii"))
    texts = [*found["the_login_inbound"], *found["the_login_outbound"], *found["smtpsmug"].values()]
    return [text.encode("ascii").decode("unicode_escape").encode("latin-1") for text in dict.fromkeys(texts)]


def test_the_corpus_is_here() -> None:
    if not sequences():
        absent = pytest.fail if os.environ.get("MIMAMORI_REQUIRE_ALL") == "1" else pytest.skip
        absent(f"no corpus: set MIMAMORI_CORPORA to the folder that holds {FOLDER}")


@pytest.mark.parametrize("sequence", sequences(), ids=repr)
@pytest.mark.parametrize("size", [65_536, 1])
def test_one_mail_is_seen_and_it_is_refused(sequence: bytes, size: int) -> None:
    wire = BEFORE + sequence + AFTER
    heard = b""
    with Running() as running:
        with socket.create_connection(("127.0.0.1", running.port), timeout=5) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(wire), size):
                peer.sendall(wire[at : at + size])
            while octets := peer.recv(65_536):
                heard += octets
        assert running.gate.taken == []
    codes = [line[:3] for line in heard.splitlines() if line[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"550", b"221"]
    assert b"550 5.6.0 " in heard
