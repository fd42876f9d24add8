"""The real listener over real sockets: TLS, hang-ups, floods, memory, orderly end. The gate is the next hop here."""

import asyncio
import contextlib
import logging
import re
import resource
import smtplib
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import trustme

from gateway.listener import CertificateError, Listener, load_certificate
from gateway.settings import LimitsSettings, ListenerSettings
from tests.fakes.gate import STAFF_COMMANDS, RecordingGate, Running

ROOT = Path(__file__).parents[2]
ENVELOPE = b"EHLO mail.example\r\nMAIL FROM:<hana@mail.example>\r\nRCPT TO:<subscribe@example.jp>\r\nDATA\r\n"
MEBIBYTE = 1_048_576


@dataclass(frozen=True)
class Certified:
    ca: trustme.CA
    settings: ListenerSettings

    def renew(self) -> None:
        issued = self.ca.issue_cert("127.0.0.1")
        assert self.settings.tls_certificate
        assert self.settings.tls_key
        self.settings.tls_certificate.write_bytes(issued.cert_chain_pems[0].bytes())
        self.settings.tls_key.write_bytes(issued.private_key_pem.bytes())

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        self.ca.configure_trust(context)
        return context


@pytest.fixture
def certified(tmp_path: Path) -> Certified:
    settings = ListenerSettings(port=0, tls_certificate=tmp_path / "cert.pem", tls_key=tmp_path / "key.pem")
    certified = Certified(trustme.CA(), settings)
    certified.renew()
    return certified


@contextlib.contextmanager
def connected(port: int, seconds: float = 10) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as peer:
        yield peer


def until(peer: socket.socket, pattern: bytes) -> bytes:
    """What `peer` hears, up to the first line that `pattern` matches, or to the end."""
    heard = b""
    while not re.search(rb"(?m)^" + pattern, heard):
        octets = peer.recv(65_536)
        if not octets:
            break
        heard += octets
    return heard


def wait_until(true: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def in_data(peer: socket.socket) -> None:
    peer.sendall(ENVELOPE)
    assert b"\r\n354 " in until(peer, rb"354 ")


# --- TLS -----------------------------------------------------------------------------------------------------------


def test_a_mail_after_starttls_is_taken_and_known_to_be_encrypted(certified: Certified) -> None:
    with Running(settings=replace(certified.settings, require_tls="all")) as running:
        with smtplib.SMTP("127.0.0.1", running.port, timeout=5) as client:
            client.ehlo()
            assert client.has_extn("starttls")
            client.starttls(context=certified.client())
            assert client.noop()[0] == 250
            assert client.mail("hana@mail.example")[0] == 503  # RFC 3207 section 4.2: the greeting is forgotten
            client.ehlo()
            assert not client.has_extn("starttls")
            assert client.docmd("STARTTLS")[0] == 503
            client.sendmail("hana@mail.example", "subscribe@example.jp", "Subject: x\r\n\r\nhello\r\n")
        assert [mail.peer.tls for mail in running.gate.taken] == [True]


def test_staff_who_must_use_tls_are_heard_under_tls(certified: Certified) -> None:
    with (
        Running(settings=replace(certified.settings, require_tls="staff")) as running,
        smtplib.SMTP("127.0.0.1", running.port, timeout=5) as client,
    ):
        client.starttls(context=certified.client())
        assert client.sendmail("hana@mail.example", "alert@example.jp", "Subject: x\r\n\r\nhello\r\n") == {}


def test_what_was_slipped_in_behind_starttls_is_never_answered(certified: Certified) -> None:
    with Running(settings=certified.settings) as running, connected(running.port) as plain:
        until(plain, rb"220 ")
        plain.sendall(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<evil@mail.example>\r\n")
        assert until(plain, rb"220 ") == b"220 2.0.0 go ahead\r\n"
        with certified.client().wrap_socket(plain, server_hostname="127.0.0.1") as peer:
            peer.sendall(b"RCPT TO:<subscribe@example.jp>\r\n")
            assert until(peer, rb"\d").startswith(b"503 5.5.1 ")


def test_a_peer_that_breaks_off_the_handshake_leaves_nothing_behind(certified: Certified) -> None:
    with Running(settings=certified.settings) as running:
        for rubbish in (b"", b"NOOP\r\n" * 10):
            with connected(running.port) as peer:
                until(peer, rb"220 ")
                peer.sendall(b"STARTTLS\r\n")
                until(peer, rb"220 ")
                peer.sendall(rubbish)
                peer.shutdown(socket.SHUT_WR)
                assert b" 2" not in until(peer, rb"never")
        wait_until(lambda: len(running.listener._house.guests) == 0)


def test_nothing_older_than_tls_1_2_is_spoken(certified: Certified) -> None:
    context = load_certificate(certified.settings.tls_certificate, certified.settings.tls_key)
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def served_certificate(running: Running, certified: Certified) -> bytes | None:
    with smtplib.SMTP("127.0.0.1", running.port, timeout=5) as client:
        client.starttls(context=certified.client())
        assert isinstance(client.sock, ssl.SSLSocket)
        return client.sock.getpeercert(binary_form=True)


def test_a_reloaded_certificate_serves_new_connections_and_a_bad_one_leaves_the_old_in_place(
    certified: Certified, caplog: pytest.LogCaptureFixture
) -> None:
    with Running(settings=certified.settings) as running:
        first = served_certificate(running, certified)
        certified.renew()
        running.listener.reload_certificate()
        second = served_certificate(running, certified)
        assert second != first
        assert certified.settings.tls_key
        certified.settings.tls_key.write_text("rubbish")
        running.listener.reload_certificate()
        assert served_certificate(running, certified) == second
    assert "the old certificate stays in use" in caplog.text


def test_a_bad_certificate_or_none_where_tls_is_required_is_an_error_at_start(certified: Certified) -> None:
    assert certified.settings.tls_key
    certified.settings.tls_key.write_text("rubbish")
    for settings in (certified.settings, ListenerSettings(port=0, require_tls="staff")):
        listener = Listener(settings, LimitsSettings(), "mx.example.jp", RecordingGate(), STAFF_COMMANDS)
        with pytest.raises(CertificateError, match="tls_certificate"):
            asyncio.run(listener.start())


def test_a_mail_that_is_too_large_is_cut_off_under_tls_too(certified: Certified) -> None:
    with Running(settings=certified.settings) as running, connected(running.port) as plain:
        until(plain, rb"220 ")
        plain.sendall(b"STARTTLS\r\n")
        until(plain, rb"220 ")
        with certified.client().wrap_socket(plain, server_hostname="127.0.0.1") as peer:
            in_data(peer)
            peer.sendall(b"A" * 100_000)
            assert until(peer, rb"\d").startswith(b"552 5.3.4 ")


# --- the end of a mail ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reset", [False, True])
def test_a_hang_up_right_after_the_final_dot_does_not_disturb_the_commit(reset: bool) -> None:
    with Running() as running:
        running.gate.seconds = 0.3
        with connected(running.port) as peer:
            in_data(peer)
            peer.sendall(b"Subject: x\r\n\r\nhello\r\n.\r\n")
            if reset:
                time.sleep(0.1)  # a reset takes with it what the kernel has not handed over
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        assert [mail.raw for mail in running.gate.wait_for(1)] == [b"Subject: x\r\n\r\nhello\r\n"]


def test_a_peer_that_ends_its_side_first_still_hears_the_answer() -> None:
    with Running() as running, connected(running.port) as peer:
        running.gate.seconds = 0.1
        in_data(peer)
        peer.sendall(b"x\r\n.\r\nQUIT\r\n")
        peer.shutdown(socket.SHUT_WR)
        heard = until(peer, rb"221 ")
    assert heard.splitlines() == [b"250 2.0.0 accepted", b"221 2.0.0 goodbye"]


def test_a_mail_whose_final_dot_never_comes_is_not_handed_over() -> None:
    with Running() as running:
        with connected(running.port) as peer:
            in_data(peer)
            peer.sendall(b"Subject: x\r\n\r\nhello\r\n.")
        wait_until(lambda: len(running.listener._house.guests) == 0)
        assert running.gate.taken == []


def test_250_comes_after_the_commit_and_not_before() -> None:
    with Running() as running, connected(running.port) as peer:
        running.gate.seconds = 0.3
        in_data(peer)
        peer.sendall(b"x\r\n.\r\n")
        peer.settimeout(0.15)
        with pytest.raises(TimeoutError):
            peer.recv(1)
        peer.settimeout(5)
        assert until(peer, rb"\d").startswith(b"250 ")
        assert len(running.gate.taken) == 1


def test_the_text_of_an_exception_is_neither_said_nor_logged(caplog: pytest.LogCaptureFixture) -> None:
    with Running() as running, connected(running.port) as peer:
        peer.sendall(ENVELOPE.replace(b"subscribe@", b"breaks@"))
        until(peer, rb"354 ")
        peer.sendall(b"x\r\n.\r\n")
        assert until(peer, rb"\d") == b"451 4.3.0 internal error; please try again later\r\n"
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert re.fullmatch(r"GateError at tests\.fakes\.gate:\d+", record.getMessage())
    assert record.exc_info is None


def test_no_address_and_no_line_of_a_mail_is_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("mail.log", "mail.debug"):
        caplog.set_level(logging.DEBUG, logger=name)
    with Running() as running, connected(running.port) as peer:
        in_data(peer)
        peer.sendall(b"Subject: hello\r\n\r\nhello\r\n.\r\nFOO bar\r\nVRFY hana@mail.example\r\nQUIT\r\n")
        until(peer, rb"221 ")
    assert not re.search(r"hana|example|hello|subscribe", caplog.text)


def test_no_reply_tells_a_version() -> None:
    with Running() as running, connected(running.port) as peer:
        peer.sendall(b"HELP\r\nHELO x\r\nEHLO x\r\nNOOP\r\nQUIT\r\n")
        heard = until(peer, rb"221 ")
    assert not re.search(rb"(?i)python|smtpd|mimamori|\d\.\d+\.\d+[a-z]|1\.4\.6", heard)


# --- orderly end ---------------------------------------------------------------------------------------------------


def test_stopping_lets_mails_finish_and_says_421_to_the_others() -> None:
    with Running() as running, connected(running.port) as idle, connected(running.port) as writing:
        with connected(running.port) as committing:
            running.gate.seconds = 0.4
            until(idle, rb"220 ")
            in_data(writing)
            in_data(committing)
            committing.sendall(b"x\r\n.\r\n")
            time.sleep(0.1)
            port = running.port
            stopping = threading.Thread(target=lambda: running.call(running.listener.stop(5)))
            stopping.start()
            assert until(idle, rb"421 ") == b"421 4.4.2 closing the connection\r\n"
            with pytest.raises(ConnectionRefusedError), connected(port):
                pass
            writing.sendall(b"y\r\n.\r\n")
            for peer in (committing, writing):
                assert until(peer, rb"421 ").splitlines() == [
                    b"250 2.0.0 accepted",
                    b"421 4.4.2 closing the connection",
                ]
            stopping.join()
        assert len(running.gate.taken) == 2


def test_stopping_does_not_wait_longer_than_it_was_given_for_a_mail_that_never_ends() -> None:
    with Running() as running, connected(running.port) as peer:
        in_data(peer)
        began = time.monotonic()
        running.call(running.listener.stop(0.2))
        assert time.monotonic() - began < 1
        assert until(peer, rb"421 ").startswith(b"421 ")


# --- floods --------------------------------------------------------------------------------------------------------


def test_the_longest_idle_leaves_for_a_newcomer_and_is_counted() -> None:
    refused: list[tuple[str, int]] = []
    limits = LimitsSettings(connections=2)
    running = Running(limits=limits, on_refused=lambda network, count: refused.append((network, count)))
    with running, connected(running.port) as oldest, connected(running.port) as busy:
        until(oldest, rb"220 ")
        in_data(busy)
        with connected(running.port) as newcomer:
            assert until(newcomer, rb"220 ").startswith(b"220 ")
            assert until(oldest, rb"421 ") == b"421 4.3.2 too many connections; please try again later\r\n"
            in_data(newcomer)
            with connected(running.port) as late:
                assert until(late, rb"421 ").startswith(b"421 4.3.2 ")
    assert refused == [("127.0.0.0/24", 2)]


def test_accepted_sockets_do_not_wait_to_fill_packets() -> None:
    with Running() as running, connected(running.port) as peer:
        until(peer, rb"220 ")
        (guest,) = running.listener._house.guests.everybody
        accepted = guest.transport.get_extra_info("socket")  # type: ignore[attr-defined]
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


@contextlib.contextmanager
def listener_process() -> Iterator[tuple[int, int]]:
    """The port and the process id of a listener with default limits."""
    command = [sys.executable, "-m", "tests.fakes.gate"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline()), process.pid
        process.communicate(timeout=10)


def most_memory(process: int) -> int:
    status = Path(f"/proc/{process}/status")
    if not status.exists():
        pytest.skip("memory is measured with /proc, which is not here")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) * 1_024


def send(peer: socket.socket, times: int, block: bytes) -> None:
    for _ in range(times):
        peer.sendall(block)


@pytest.mark.parametrize(
    ("mebibytes", "block"),
    [(200, b"A" * MEBIBYTE), (30, b"\r\n" * (MEBIBYTE // 2)), (30, (b"A" * 998 + b"\r\n") * 1_048)],
    ids=["no line ends", "nothing but line ends", "ordinary lines"],
)
def test_a_mail_without_end_is_refused_at_once_and_costs_no_memory(mebibytes: int, block: bytes) -> None:
    with listener_process() as (port, process), connected(port) as peer:
        in_data(peer)
        before = most_memory(process)
        began = time.monotonic()
        send(peer, mebibytes, block)
        assert until(peer, rb"never").startswith(b"552 5.3.4 ")
        assert time.monotonic() - began < 10
        assert most_memory(process) - before < 12 * MEBIBYTE


def test_a_peer_that_never_stops_sending_is_cut_off() -> None:
    with listener_process() as (port, _), connected(port) as peer:
        in_data(peer)
        with pytest.raises(ConnectionError):
            send(peer, 400, b"A" * MEBIBYTE)


def test_a_mail_that_drips_in_is_cut_off_after_its_time() -> None:
    limits = LimitsSettings(data_seconds=1, idle_seconds=60)
    with Running(limits=limits) as running, connected(running.port) as peer:
        in_data(peer)
        began = time.monotonic()
        peer.settimeout(0.1)
        heard = b""
        while not heard and time.monotonic() - began < 5:
            peer.sendall(b"A")
            with contextlib.suppress(TimeoutError):
                heard = peer.recv(1_000)
        assert heard == b"421 4.4.2 waited too long; closing the connection\r\n"


def test_two_thousand_idle_connections_never_lock_a_resident_out() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2_200:
        pytest.skip(f"2,000 connections need more open files than the hard limit of {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2_200), hard))
    with listener_process() as (port, _), contextlib.ExitStack() as flood:
        for _ in range(2_000):
            flood.enter_context(connected(port))
        began = time.monotonic()
        with smtplib.SMTP("127.0.0.1", port, timeout=5) as client:
            assert client.sendmail("hana@mail.example", "subscribe@example.jp", "Subject: x\r\n\r\nhello\r\n") == {}
        assert time.monotonic() - began < 2
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# --- the PROXY protocol --------------------------------------------------------------------------------------------

VERSION_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes([198, 51, 100, 7, 192, 0, 2, 1, 16, 0, 0, 25])
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\x11\0\x0c" + bytes([198, 51, 100, 7, 192, 0, 2, 1, 16, 0, 0, 25])


def behind_proxy() -> ListenerSettings:
    return ListenerSettings(port=0, proxy_protocol_from=(ip_network("127.0.0.0/8"),))


@pytest.mark.parametrize(
    ("header", "network"),
    [
        (b"PROXY TCP4 198.51.100.7 192.0.2.1 4096 25\r\n", "198.51.100.0/24"),
        (b"PROXY TCP6 2001:db8:1:2ff::1 2001:db8::2 4096 25\r\n", "2001:db8:1:200::/56"),
        (VERSION_2, "198.51.100.0/24"),
        (LOCAL, "127.0.0.0/24"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.0/24"),
    ],
)
def test_a_configured_proxy_says_whom_it_speaks_for(header: bytes, network: str) -> None:
    with Running(settings=behind_proxy()) as running:
        with connected(running.port) as peer:
            peer.sendall(header)
            in_data(peer)
            peer.sendall(b"x\r\n.\r\n")
            assert until(peer, rb"\d").startswith(b"250 ")
        assert [mail.peer.network for mail in running.gate.taken] == [network]


@pytest.mark.parametrize("header", [b"EHLO mail.example\r\n", b"PROXY TCP4 nowhere\r\n"])
def test_a_configured_proxy_that_sends_no_header_is_not_served(header: bytes) -> None:
    with Running(settings=behind_proxy()) as running, connected(running.port) as peer:
        peer.sendall(header)
        assert until(peer, rb"never") == b"421 4.5.0 a PROXY header is needed from here\r\n"


@pytest.mark.parametrize("header", [b"PROXY TCP4 198.51.100.7 192.0.2.1 4096 25\r\n", VERSION_2 + b"\r\n"])
def test_anybody_else_who_sends_a_header_gets_an_error(header: bytes) -> None:
    with Running() as running:
        with connected(running.port) as peer:
            until(peer, rb"220 ")
            peer.sendall(header)
            assert until(peer, rb"\d").startswith(b"500 5.5.2 ")
        with connected(running.port) as peer:
            until(peer, rb"220 ")
            assert [guest.network for guest in running.listener._house.guests.everybody] == ["127.0.0.0/24"]
