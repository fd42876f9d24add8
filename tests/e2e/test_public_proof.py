"""Proven and unproven residents from end to end: real processes, name server and signatures (3.7, 3.8, 4.2)."""

import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Start, starter
from tests.e2e.town import DOMAIN, NOBODY, Gateway, domain_of, fresh_id
from tests.fakes.signer import compose, new_key, sign

KEY, STRANGER = new_key(), new_key()
PEER = "198.51.100.7"  # where the family's mail comes from
STRICT, LOOSE, SILENT = "strict.test", "loose.test", "silent.test"
RECORDS = {
    f"_dmarc.{STRICT}": ["v=DMARC1; p=reject"],
    f"_dmarc.{LOOSE}": ["v=DMARC1; p=none"],
    f"s1._domainkey.{STRICT}": [KEY.txt_record],
    f"s1._domainkey.{LOOSE}": [KEY.txt_record],
    STRICT: [f"v=spf1 ip4:{PEER} -all"],
    LOOSE: [f"v=spf1 ip4:{PEER} -all"],
}
ACCEPTED = (250, "2.0.0 accepted")
REGISTER = "地区：浜手\n同意：はい\n"


class Client(smtplib.SMTP):
    """A peer whose address the PROXY header names; without one, loopback's own."""

    peer: str | None = None

    def _get_socket(self, *rest: Any) -> socket.socket:
        plug: socket.socket = super()._get_socket(*rest)  # type: ignore[misc]
        if self.peer:
            plug.sendall(f"PROXY TCP4 {self.peer} 127.0.0.1 40000 25\r\n".encode())
        return plug


def send(to: Gateway, raw: bytes, local: str, sender: str, peer: str | None = None) -> tuple[int, str]:
    client = Client(timeout=30, local_hostname=f"mail.{domain_of(sender)}")
    client.peer = peer
    client.connect("127.0.0.1", to.port)
    with client:
        client.ehlo()
        client.mail(sender)
        client.rcpt(to.ours(local))
        code, text = client.data(raw)
        return code, text.decode()


def mail(sender: str, local: str, text: str = "", **headers: str) -> bytes:
    return compose(sender, f"{local}@{DOMAIN}", "", text, headers, message_id=fresh_id(sender))


def signed(raw: bytes, sender: str, key: bytes = KEY.private_pem) -> bytes:
    return sign(raw, key, domain_of(sender), "s1", tags={"t": str(int(datetime.now(UTC).timestamp()))})


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway behind a proxy that registers proven authors at once; each test uses addresses of its own."""
    with ExitStack() as stack:
        yield starter(stack, tmp_path_factory.mktemp("proof"))(
            records=RECORDS,
            listener={"trusted_relays": [], "proxy_protocol_from": ["127.0.0.0/8"]},
            registration={"confirm": "unproven"},
        )


@pytest.mark.parametrize("way", ["signature", "envelope"])
def test_a_proven_author_registers_changes_asks_and_leaves_without_a_confirmation(story: Gateway, way: str) -> None:
    person = f"{way}@{LOOSE}"
    peer = PEER if way == "envelope" else "203.0.113.9"
    finish: Callable[[bytes], bytes] = (lambda raw: raw) if way == "envelope" else (lambda raw: signed(raw, person))

    def write(local: str, text: str = "") -> str:
        count = len(story.arrived(person))
        assert send(story, finish(mail(person, local, text)), local, person, peer) == ACCEPTED
        letter = story.await_mail(person, count + 1)[-1]
        assert "confirm+" not in str(letter.mail["From"])
        return letter.text

    last = story.audit.last
    assert "浜手" in write("subscribe", REGISTER)
    confirmed = story.audit.wait_for("subscribe:confirmed", after=last)
    assert confirmed["detail"]["way"] == "proven"
    assert "山手" in write("change", "地区：+山手\n")
    told = write("status")
    assert "浜手、山手" in told
    assert "お申し込みのメール" in told
    write("unsubscribe")
    story.audit.wait_for("unsubscribe:done", after=last)
    assert "浜手" not in write("status")


def test_an_unproven_author_is_asked_to_confirm(story: Gateway) -> None:
    for number, (domain, key) in enumerate(((LOOSE, STRANGER), (SILENT, KEY))):
        person = f"unproven{number}@{domain}"
        raw = signed(mail(person, "subscribe", REGISTER), person, key.private_pem)
        assert send(story, raw, "subscribe", person, "203.0.113.9") == ACCEPTED
        (letter,) = story.await_mail(person, 1)
        assert "confirm+" in str(letter.mail["From"])


def test_a_robot_is_not_registered_however_well_it_is_proven(story: Gateway) -> None:
    person, last = f"robot@{STRICT}", story.audit.last
    raw = signed(mail(person, "subscribe", REGISTER, **{"Auto-Submitted": "auto-replied"}), person)
    assert send(story, raw, "subscribe", person, PEER) == ACCEPTED
    story.audit.wait_for("mail:ignored", after=last)
    assert story.arrived(person) == []


@pytest.mark.parametrize("local", ["subscribe", "unsubscribe", "change", "status", "help"])
def test_what_the_authors_domain_rejects_is_refused(story: Gateway, local: str) -> None:
    person, last = f"forged-{local}@{STRICT}", story.audit.last
    raw = signed(mail(person, local, REGISTER), person, STRANGER.private_pem)
    code, text = send(story, raw, local, person, "203.0.113.9")
    assert (code, text[:6]) == (550, "5.7.1 ")
    refused = story.audit.wait_for("mail:refused", after=last)
    assert refused["detail"] == {"cause": "dmarc-reject"}
    assert refused["subject"] is None
    assert story.arrived(person) == []


def test_a_token_proves_by_itself_whatever_the_domain_says(story: Gateway) -> None:
    person = f"holder@{SILENT}"
    assert send(story, mail(person, "subscribe", REGISTER), "subscribe", person, "203.0.113.9") == ACCEPTED
    (letter,) = story.await_mail(person, 1)
    local = str(letter.mail["Reply-To"] or letter.mail["From"]).rpartition("<")[2].partition("@")[0]
    forged = mail(f"elsewhere@{STRICT}", local, "はい")
    assert send(story, forged, local, f"elsewhere@{STRICT}", "203.0.113.9") == ACCEPTED
    assert "浜手" in story.await_mail(person, 2)[1].text
    assert send(story, mail(person, "unsubscribe"), "unsubscribe", person, "203.0.113.9") == ACCEPTED


@pytest.mark.parametrize("listener", [{"trusted_relays": []}, {"trusted_relays": ["127.0.0.0/8"]}])
def test_behind_a_front_server_nobody_is_refused_for_a_missing_envelope(gateway: Start, listener: object) -> None:
    running = gateway(records=RECORDS, listener=listener)
    person = f"fronted@{STRICT}"
    raw = signed(mail(person, "unsubscribe"), person, STRANGER.private_pem)
    assert send(running, raw, "unsubscribe", person) == ACCEPTED
    assert "confirm+" in str(running.await_mail(person, 1)[0].mail["From"])
    assert send(running, signed(mail(person, "unsubscribe"), person), "unsubscribe", person) == ACCEPTED
    assert "confirm+" not in str(running.await_mail(person, 2)[1].mail["From"])


def test_by_default_a_proven_author_too_confirms_a_registration(gateway: Start) -> None:
    running = gateway(records=RECORDS)
    person = f"careful@{STRICT}"
    assert send(running, signed(mail(person, "subscribe", REGISTER), person), "subscribe", person) == ACCEPTED
    (letter,) = running.await_mail(person, 1)
    assert "confirm+" in str(letter.mail["From"])


def test_dead_name_servers_slow_one_mail_and_refuse_none(gateway: Start) -> None:
    running = gateway(dns={"nameservers": [NOBODY]}, listener={"trusted_relays": []})
    seconds = []
    for number in range(3):
        person, started = f"patient{number}@{STRICT}", time.monotonic()
        assert send(running, mail(person, "unsubscribe"), "unsubscribe", person) == ACCEPTED
        seconds.append(time.monotonic() - started)
    assert seconds[0] < 5.0
    assert max(seconds[1:]) < 2.0


def test_explain_says_what_a_proven_author_gets(story: Gateway, tmp_path: Path) -> None:
    person = f"explained@{LOOSE}"
    for raw, letter in (
        (mail(person, "unsubscribe"), "unsubscribe:pending"),
        (signed(mail(person, "unsubscribe"), person), "unsubscribe:done"),
    ):
        file = tmp_path / "mail.eml"
        file.write_bytes(raw)
        assert letter in story.command("explain", str(file), "--to", story.ours("unsubscribe"))
