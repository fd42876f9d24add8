"""Our DKIM signature, checked by dkimpy and by OpenDKIM, which are not the code under test."""

import base64
import hashlib
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as some

from gateway.relay.compose import Prepared, letter, prepare
from gateway.relay.outline import Outline
from gateway.relay.signing import Signer, covered_by, hash_of_body
from tests.fakes.signer import Key, new_key

DATE = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
KEYS = {"rsa": new_key("rsa", selector="s1"), "ed25519": new_key("ed25519", selector="s1")}


def an_alert(
    *, subject: str = "[不審者情報][富雄] 下校時の声かけ", web_base: str | None = "https://alerts.example.jp"
) -> Prepared:
    return prepare(
        domain="alerts.example.jp",
        organisation="奈良市教育委員会",
        subject=subject,
        text="本日十五時ごろ、\n\n  公園で声かけがありました。 \n\n\n",
        list_name="見守りメール",
        alert_name="2026-0042",
        date=DATE,
        web_base=web_base,
    )


PREPARED = an_alert()
COPY = PREPARED.copy("r@town.example", "2026-0042.1@alerts.example.jp", "abc", references="x@alerts.example.jp")


def signer(key: Key) -> Signer:
    return Signer("s1", "alerts.example.jp", key.private_pem, now=lambda: 1_795_000_000.5)


def verified(signed: bytes, key: Key) -> bool:
    try:
        return bool(dkim.DKIM(signed).verify(dnsfunc=lambda _name, timeout=5: key.txt_record.encode()))
    except dkim.DKIMException:
        return False


def tags(signed: bytes) -> dict[str, str]:
    field = re.sub(rb"\s+", b"", signed.partition(b"\r\n\r\n")[0].partition(b"\r\nFrom:")[0])
    pairs = field.partition(b":")[2].decode().split(";")
    return dict(pair.split("=", 1) for pair in pairs)


@pytest.fixture(params=["rsa", "ed25519"])
def key(request: pytest.FixtureRequest) -> Key:
    return KEYS[request.param]


def test_a_signed_copy_verifies(key: Key) -> None:
    assert verified(signer(key).sign(COPY), key)


def test_a_signed_letter_with_a_mail_inside_verifies(key: Key) -> None:
    raw = b"Subject: a  mail \r\nFrom: a@b.example\r\n\r\nline\t with  blanks \r\n \r\n\r\n"
    mail = letter(
        from_address="help@alerts.example.jp",
        display_name="見守り" * 30,
        to="r@town.example",
        subject="件名" * 50,
        text="本文\n",
        message_id="1@alerts.example.jp",
        date=DATE,
        in_reply_to="<q@town.example>",
        reply_to="confirm+abc@alerts.example.jp",
        attached=raw,
    )
    assert verified(signer(key).sign(mail), key)


@pytest.mark.parametrize("field", ["Subject", "To", "List-Unsubscribe", "List-Id", "References", "Content-Type"])
def test_a_changed_field_breaks_the_signature(key: Key, field: str) -> None:
    signed = signer(key).sign(COPY)
    changed = signed.replace(f"\r\n{field}: ".encode(), f"\r\n{field}: x".encode())
    assert changed != signed
    assert not verified(changed, key)


def test_a_second_from_breaks_the_signature(key: Key) -> None:
    assert not verified(signer(key).sign(COPY).replace(b"\r\nTo:", b"\r\nFrom: else@evil.example\r\nTo:"), key)


def test_a_changed_body_breaks_the_signature(key: Key) -> None:
    signed = signer(key).sign(COPY)
    assert not verified(signed[:-8] + b"AAAA\r\n", key)


def test_the_signature_names_its_time_its_fields_and_from_twice(key: Key) -> None:
    found = tags(signer(key).sign(COPY))
    assert found["t"] == "1795000000"
    names = found["h"].split(":")
    assert names.count("from") == 2
    assert {"list-unsubscribe", "list-unsubscribe-post", "list-id", "references", "message-id"} <= set(names)
    assert "in-reply-to" not in names


@pytest.mark.parametrize("subject", ["お知らせ", "100 % of %(to)s, %s and <number@x>", "x" * 300])
@pytest.mark.parametrize("first", ["", "<x@alerts.example.jp>"])
@pytest.mark.parametrize("web", [None, "https://alerts.example.jp/a"])
@pytest.mark.parametrize("to", ["r@town.example", '".taro.."@docomo.example', "%(token)s@town.example"])
def test_5_9_what_is_filled_in_is_what_would_be_found_in_the_copy(
    key: Key, subject: str, first: str, web: str | None, to: str
) -> None:
    prepared = an_alert(subject=subject, web_base=web)
    facts = (to, "<2026-0042.1@alerts.example.jp>", "abc", first)
    copy = prepared.copy(*facts)
    covered = Outline(prepared, follows=bool(first)).filled(*facts)
    assert covered == covered_by(copy)
    assert verified(signer(key).sign(copy, covered), key)


def test_the_hash_of_an_empty_body_is_that_of_no_octets() -> None:
    assert hash_of_body(b"\r\n\r\n") == base64.b64encode(hashlib.sha256(b"").digest())


def test_each_line_of_the_signature_is_short() -> None:
    head = signer(KEYS["rsa"]).sign(COPY).partition(b"\r\nFrom:")[0]
    assert max(len(line) for line in head.split(b"\r\n")) <= 78


@given(some.text(alphabet=" \t\r\nab.", max_size=80), some.text(alphabet=" \t=?ab日", max_size=60))
def test_any_spacing_verifies(body: str, subject: str) -> None:
    lines = b"\r\n".join(line.encode() for line in re.split("[\r\n]", body))
    message = f"From: a@alerts.example.jp\r\nSubject:{subject or ' '}x\r\n\ty \r\n z\r\n\r\n".encode() + lines + b"\r\n"
    assert verified(signer(KEYS["ed25519"]).sign(message), KEYS["ed25519"])


def test_a_key_that_cannot_sign_is_refused_with_its_remedy() -> None:
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    for private in (small, curve):
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with pytest.raises(ValueError, match="make an RSA key of 2048 bits"):
            Signer("s1", "alerts.example.jp", pem)
    locked = small.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    for pem in (b"", b"nonsense", locked):
        with pytest.raises(ValueError, match="not a private key"):
            Signer("s1", "alerts.example.jp", pem)


@pytest.mark.parametrize("name", ["", "s1\r\nX: y", "s1;", "-", "a..b", "日本"])
def test_a_name_that_is_no_dns_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="DNS names"):
        Signer(name, "alerts.example.jp", KEYS["rsa"].private_pem)


def test_a_signer_does_not_show_its_key() -> None:
    assert repr(signer(KEYS["rsa"])) == "<signer>"


@pytest.mark.skipif(shutil.which("opendkim") is None, reason="opendkim is not installed here")
def test_opendkim_accepts_a_signed_copy(tmp_path: Path) -> None:
    # OpenDKIM in test mode looks the key up in a file instead of DNS. It knows rsa-sha256 only.
    key = KEYS["rsa"]
    mail, keys = tmp_path / "mail", tmp_path / "keys"
    mail.write_bytes(signer(key).sign(COPY).replace(b"\r\n", b"\n"))
    keys.write_text(f"s1._domainkey.alerts.example.jp {key.txt_record}\n", "ascii")
    config = tmp_path / "conf"
    config.write_text(f"Mode v\nTestPublicKeys {keys}\nSyslog no\n", "ascii")
    command = ["opendkim", "-x", str(config), "-t", str(mail), "-v", "-v"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert "dkim=pass" in ran.stdout, ran.stdout + ran.stderr


def test_two_signatures_of_two_kinds_both_hold() -> None:
    keys = {"r1": KEYS["rsa"], "e1": KEYS["ed25519"]}
    signed = COPY
    for selector, key in keys.items():
        signed = Signer(selector, "alerts.example.jp", key.private_pem).sign(signed)
    assert signed.count(b"DKIM-Signature: ") == 2
    published = {f"{selector}._domainkey.alerts.example.jp.": key.txt_record for selector, key in keys.items()}
    for place in range(2):
        assert dkim.DKIM(signed).verify(place, dnsfunc=lambda name, timeout=5: published[name.decode()].encode())
