"""The kinds of value that settings have: what each takes, and what it refuses (protocol 5.1b, 9)."""

import base64
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway import config_places as place
from gateway import config_values as kind
from gateway.config_values import Kind, UnfitError

FOLDER = Path("/town")


@pytest.mark.parametrize(
    ("of", "written", "becomes"),
    [
        (place.domain, "Mimamori.Example.JP", "mimamori.example.jp"),
        (place.domain, "xn--n8j.example", "xn--n8j.example"),
        (place.host, "::1", "::1"),
        (place.host, "localhost", "localhost"),
        (place.network, "192.0.2.0/24", ip_network("192.0.2.0/24")),
        (place.network, "2001:db8::1", ip_network("2001:db8::1/128")),
        (place.nameserver, "192.0.2.1", "192.0.2.1:53"),
        (place.nameserver, "127.0.0.1:5353", "127.0.0.1:5353"),
        (place.nameserver, "[::1]:53", "[::1]:53"),
        (place.nameserver, "2001:db8::1", "[2001:db8::1]:53"),
        (place.smarthost, "smtp://127.0.0.1", "smtp://127.0.0.1:25"),
        (place.smarthost, "smtp://[::1]:2525/", "smtp://[::1]:2525"),
        (place.smarthost, "smtps://Mail.example.jp", "smtps://mail.example.jp:465"),
        (place.smarthost, "maildir:var/outbox", "maildir:/town/var/outbox"),
        (place.smarthost, "maildir:/srv/outbox", "maildir:/srv/outbox"),
        (place.kek, "file:keys/kek", "file:/town/keys/kek"),
        (place.kek, "credential:kek", "credential:kek"),
        (place.kek, "env:MIMAMORI_KEK", "env:MIMAMORI_KEK"),
        (place.database, "sqlite:///var/mimamori.db", "sqlite:////town/var/mimamori.db"),
        (place.database, "sqlite:////srv/mimamori.db", "sqlite:////srv/mimamori.db"),
        (place.database, "postgresql+psycopg://h/m", "postgresql+psycopg://h/m"),
        (place.database, "postgresql://h/m", "postgresql+psycopg://h/m"),
        (place.listen, "[::1]:8080", place.Endpoint(host="::1", port=8080)),
        (place.web_base, "https://Mimamori.Example/", "https://mimamori.example"),
        (place.web_base, "https://mimamori.example:443", "https://mimamori.example"),
        (place.web_base, "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        (place.selector, "S2026", "s2026"),
        (kind.month_day, "03-31", (3, 31)),
        (kind.path, "terms.ja.txt", Path("/town/terms.ja.txt")),
        (kind.path, "/srv/terms.txt", Path("/srv/terms.txt")),
        (kind.optional(kind.path), "", None),
        (kind.each(kind.filled), ["a", " b "], ("a", "b")),
        (kind.secret, " blanks count ", " blanks count "),
        (kind.whole(1, 4), 4, 4),
    ],
)
def test_what_fits_is_read_once(of: Kind, written: object, becomes: object) -> None:
    read = of.read(written, FOLDER)
    assert read == becomes


@pytest.mark.parametrize(
    ("of", "written"),
    [
        *(
            (place.domain, text)
            for text in ("", "jp", "a..jp", "-a.jp", "a.jp.", "192.0.2.1", "日本.jp", "a b.jp", "x@a.jp")
        ),
        *((place.host, text) for text in ("", "1.2.3.400", "a b", "a:1", "http://a")),
        *((place.network, text) for text in ("", "192.0.2.1/24", "192.0.2.0/33", "example.jp")),
        *(
            (place.nameserver, text)
            for text in ("", "ns.example.jp", "192.0.2.1:x", "192.0.2.1:70000", "[::1", "192.0.2.1/24")
        ),
        *(
            (place.smarthost, text)
            for text in (
                "",
                "127.0.0.1:25",
                "smtp:127.0.0.1",
                "smtp://",
                "smtp://u:p@mail.example.jp",
                "smtp://mail.example.jp/x",
                "smtp://mail.example.jp:99999",
                "smtp://mail.example.jp:0",
                "lmtp://127.0.0.1",
                "maildir:",
                "maildir://",
            )
        ),
        *(
            (place.kek, text)
            for text in ("", "keys/kek", "file:", "env:a b", "credential:../x", "credential:..", "c2VjcmV0")
        ),
        *(
            (place.database, text)
            for text in (
                "",
                "sqlite://",
                "sqlite:///:memory:",
                "sqlite:///",
                "sqlite:///a?mode=ro",
                "mysql://h/m",
                "var/x.db",
            )
        ),
        *((place.listen, text) for text in ("127.0.0.1", ":8080", "host:0")),
        *((place.web_base, text) for text in ("", "http://a.b", "a.b", "https://", "https://a.b/c", "https://a@b.c?d")),
        *((place.address, text) for text in ("", "a", "a@", "A <a@example.jp>", "あ@example.jp")),
        *((place.selector, text) for text in ("a b", "a..b", "_x")),
        *((kind.month_day, text) for text in ("02-29", "3-31", "13-01", "2026-03-31", "03-31T00", "")),
        *((kind.timezone, text) for text in ("", "Tokyo/Asia", "../../etc/passwd", "Asia")),
        *((kind.whole(1, 4), value) for value in (0, 5, True, "3", 3.0, None)),
        *((kind.switch, value) for value in (1, "true")),
        *((kind.text, value) for value in (1, "a\nb", "a\x00", "x" * 501, "a\u2028b")),
        (kind.secret, "a\r\nb"),
        (kind.each(kind.filled), ["a", ""]),
        (kind.each(kind.filled), "a"),
        (kind.code, "-a"),
    ],
)
def test_what_does_not_fit_is_refused_without_repeating_it(of: Kind, written: object) -> None:
    with pytest.raises(UnfitError) as caught:
        of.read(written, FOLDER)
    assert not (isinstance(written, str) and len(written) > 6 and f'"{written}"' in str(caught.value))


def _rsa(bits: int, form: PublicFormat) -> str:
    key = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, form)).decode()


def test_a_pinned_key_is_rsa_in_either_form_or_a_bare_ed25519_key() -> None:
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        written = f"S1:{_rsa(1024, form)}"
        assert place.pinned_key.read(f" {written[:60]}\n {written[60:]}", FOLDER) == f"s1:{written[3:]}"
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert place.pinned_key.read(f"ed.2026:{base64.b64encode(raw).decode()}", FOLDER).startswith("ed.2026:")


def test_a_key_that_no_signature_could_fit_is_refused_with_its_remedy() -> None:
    ed = ed25519.Ed25519PrivateKey.generate().public_key()
    spki = base64.b64encode(ed.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    for written, said in (
        (f"s1:{_WEAK}", "an RSA key of 512 bits; it must have from 1024 to 4096"),
        (f"s1:{spki}", "neither an RSA key nor the 32 octets"),
        ("s1:!!!!", "not base64"),
        ("s1:AAAA", "neither an RSA key"),
        ("s 1", "SELECTOR:BASE64"),
        (f"a_b:{spki}", "SELECTOR:BASE64"),
        (7, "SELECTOR:BASE64"),
    ):
        with pytest.raises(UnfitError, match=said):
            place.pinned_key.read(written, FOLDER)


def _pkcs1(bits: int) -> str:
    """A bare RSAPublicKey of a size that no library makes any more: SEQUENCE { n, 65537 }."""
    modulus = (1 << (bits - 1) | 1).to_bytes(bits // 8, "big")
    body = b"\x02" + bytes([len(modulus) + 1, 0]) + modulus + b"\x02\x03\x01\x00\x01"
    return base64.b64encode(b"\x30" + bytes([len(body)]) + body).decode()


_WEAK = _pkcs1(512)
