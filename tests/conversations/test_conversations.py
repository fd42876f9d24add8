"""Runs each dialogue of this folder against the real listener.

`C: text` is sent with CRLF, `C- text` as it is, `C* n text` n times; `S: text` is the whole next line, `S~ text` its
beginning; `closed` means that the server has ended; `M: sender > recipient: raw` names the mails handed over, in
order, and `nothing` says that there was none. Texts have the escapes of Python. `settings:` and `limits:` change the
listener's, `#` begins a comment.
"""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from gateway.settings import LimitsSettings, ListenerSettings
from tests.fakes.gate import Running

HERE = Path(__file__).parent
DIALOGUES = sorted(HERE.glob("*.smtp"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ListenerSettings:
    folder = tmp_path_factory.mktemp("tls")
    issued = trustme.CA().issue_cert("mx.example.jp")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    return ListenerSettings(port=0, tls_certificate=folder / "cert.pem", tls_key=folder / "key.pem")


def octets(text: str) -> bytes:
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def lines_of(dialogue: Path) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(dialogue.read_text(encoding="ascii").splitlines(), 1):
        if line and not line.startswith("#"):
            mark, _, text = line.partition(" ")
            yield number, mark, text


def changed(dialogue: Path, mark: str) -> dict[str, object]:
    pairs = (text.split(" = ") for _, found, text in lines_of(dialogue) if found == mark)
    return {name: int(value) if value.isdigit() else value for name, value in pairs}


def speak(dialogue: Path, port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as peer, peer.makefile("rb") as answers:
        for number, mark, text in lines_of(dialogue):
            where = f"{dialogue.name}:{number}"
            match mark:
                case "C:":
                    peer.sendall(octets(text) + b"\r\n")
                case "C-":
                    peer.sendall(octets(text))
                case "C*":
                    count, _, piece = text.partition(" ")
                    peer.sendall(int(count) * octets(piece))
                case "S:":
                    assert answers.readline().decode() == f"{text}\r\n", where
                case "S~":
                    assert answers.readline().decode().startswith(text), where
                case "closed":
                    assert answers.readline() == b"", where


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda path: path.stem)
def test_the_dialogue_goes_as_written(dialogue: Path, certificate: ListenerSettings) -> None:
    told = changed(dialogue, "settings:")
    settings = replace(certificate, **told) if told else ListenerSettings(port=0)
    with Running(settings=settings, limits=replace(LimitsSettings(), **changed(dialogue, "limits:"))) as running:
        speak(dialogue, running.port)
    expected = [text for _, mark, text in lines_of(dialogue) if mark == "M:"]
    if expected or any(mark == "nothing" for _, mark, _ in lines_of(dialogue)):
        taken = [(mail.sender or "", mail.recipient, mail.raw) for mail in running.gate.taken]
        assert taken == [
            (sender.strip(), recipient.strip(), octets(raw))
            for sender, _, rest in (text.partition("> ") for text in expected)
            for recipient, _, raw in (rest.partition(": "),)
        ]
