"""The submission listener of a running gateway (protocol 7.2): a password under TLS, then the signature as always."""

import os
import pty
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from gateway.submission import passwords
from tests.e2e.conftest import Start
from tests.e2e.town import BOARD, DOMAIN, ROOT, SCHOOL, Gateway, alert, merged, mimamori, run, settings, write_settings

PASSWORD = "a long password of the board"
TEXT = "地区：山手\n区分：台風\n\n本日9時から休校です。登校しないでください。\n"
NOT_ACCEPTED = "5.7.1 not accepted; staff: write to probe@"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Door:
    """The gateway's second port, and a client's trust in its certificate."""

    def __init__(self, start: Start, folder: Path, tls: str) -> None:
        self.tls, self.port, ca = tls, free_port(), trustme.CA()
        issued = ca.issue_cert("127.0.0.1")
        (folder / "cert.pem").write_bytes(issued.cert_chain_pems[0].bytes())
        (folder / "key.pem").write_bytes(issued.private_key_pem.bytes())
        (folder / "key.pem").chmod(0o600)
        self.trust = ssl.create_default_context()
        ca.configure_trust(self.trust)
        listener = {
            "submission_port": self.port,
            "submission_tls": tls,
            "tls_certificate": str(folder / "cert.pem"),
            "tls_key": str(folder / "key.pem"),
        }
        staff = settings("")["staff"]
        staff[0]["submission"] = passwords.hashed(PASSWORD)
        self.running: Gateway = start(listener=listener, staff=staff)

    def client(self) -> smtplib.SMTP:
        """Connected, under TLS, and greeted."""
        if self.tls == "implicit":
            return smtplib.SMTP_SSL("127.0.0.1", self.port, "mail.example", timeout=30, context=self.trust)
        client = smtplib.SMTP("127.0.0.1", self.port, "mail.example", timeout=30)
        client.starttls(context=self.trust)
        return client

    def post(self, raw: bytes, to: str) -> tuple[int, str]:
        with self.client() as client:
            client.login(BOARD, PASSWORD)
            client.mail(BOARD)
            code, text = client.rcpt(to)
            if code < 400:
                code, text = client.data(raw)
            return code, text.decode()


@pytest.fixture
def door(gateway: Start, tmp_path: Path) -> Callable[[str], Door]:
    return lambda tls: Door(gateway, tmp_path, tls)


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_7_2_who_logs_in_posts_and_the_signature_still_decides(door: Callable[[str], Door], tls: str) -> None:
    there = door(tls)
    ours = there.running.ours
    assert there.post(alert(TEXT), ours("alert")) == (250, "2.0.0 accepted")
    assert there.running.audit.wait_for("alert:accepted")["detail"]["author"] == "board"
    unsigned = alert(TEXT)[alert(TEXT).index(b"MIME-Version") :]
    assert there.post(unsigned, ours("alert")) == (550, NOT_ACCEPTED)
    assert there.post(alert(TEXT, SCHOOL), ours("alert")) == (550, NOT_ACCEPTED)
    causes = [each["detail"]["cause"] for each in there.running.audit.entries if each["event"] == "alert:refused"]
    assert causes == ["no-signature", "other-login"]
    assert there.post(alert(TEXT), ours("probe"))[0] == 250
    for address in ("subscribe", "help", "postmaster", "unsubscribe"):
        assert there.post(alert(TEXT), ours(address))[0] == 550


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_7_2_without_a_password_nothing_is_taken_and_wrong_ones_are_counted(
    door: Callable[[str], Door], tls: str
) -> None:
    there = door(tls)
    with there.client() as client:
        client.ehlo()
        assert client.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"]
        assert client.mail(BOARD)[0] == 530
        codes = []
        for name, password in ((BOARD, "wrong"), (SCHOOL, PASSWORD), ("nobody@x.example", "wrong")):
            client.user, client.password = name, password
            with pytest.raises(smtplib.SMTPAuthenticationError) as refused:
                client.auth("PLAIN", client.auth_plain)
            codes.append((refused.value.smtp_code, refused.value.smtp_error))
        assert set(codes) == {(535, b"5.7.8 name or password is wrong")}
        assert client.docmd("AUTH", "PLAIN")[0] == 421
    with there.client() as client, pytest.raises(smtplib.SMTPAuthenticationError) as waiting:
        client.login(BOARD, PASSWORD)
    assert waiting.value.smtp_code == 454
    there.running.stop()
    (told,) = [each for each in there.running.audit.entries if each["event"] == "login:refused"]
    assert told["detail"]["count"] >= 4
    assert told["subject"] is None


def test_7_2_before_tls_no_password_is_asked_for_and_on_the_other_port_never(door: Callable[[str], Door]) -> None:
    there = door("starttls")
    with smtplib.SMTP("127.0.0.1", there.port, "mail.example", timeout=30) as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] == 530
        assert client.mail(BOARD)[0] == 530
    with smtplib.SMTP("127.0.0.1", there.running.port, "mail.example", timeout=30) as client:
        client.starttls(context=there.trust)
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] == 502


def test_7_2_without_a_certificate_it_does_not_start(tmp_path: Path) -> None:
    chosen: dict[str, Any] = merged(settings("smtp://127.0.0.1:9"), {"listener": {"submission_port": free_port()}})
    config = write_settings(tmp_path / "town", chosen)
    ended = run("serve", "--config", str(config))
    assert ended.returncode != 0
    assert "submission_port needs a certificate" in ended.stderr


def test_7_2_the_command_asks_on_the_terminal_and_prints_the_line(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    command = mimamori("staff", "password")
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=follower, stdout=subprocess.PIPE, stderr=follower, start_new_session=True
    )
    os.close(follower)
    for _ in range(2):
        while b": " not in os.read(leader, 1_024) and process.poll() is None:
            continue
        os.write(leader, PASSWORD.encode() + b"\n")
    told, _ = process.communicate(timeout=60)
    name, _, line = told.decode().strip().partition(" = ")
    assert name == "submission"
    assert passwords.fits(PASSWORD.encode(), line.strip('"'))
    assert DOMAIN not in told.decode()
