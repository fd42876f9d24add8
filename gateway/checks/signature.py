"""Our own DKIM key: usable, private, and the one that is published (protocol 5.9 and 9 [relay])."""

import asyncio
import base64
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.authentication.resolver import LookupTrouble, Resolver
from gateway.authentication.tags import tag_list, without_blanks
from gateway.checks.finding import Finding, failure, ok, trouble, warning
from gateway.checks.permissions import NOT_FOR_ALL, exposed
from gateway.relay.signing import Signer
from gateway.settings import Settings

NAME = "dkim"
SECONDS = 2.0


def look(settings: Settings, now: datetime) -> Iterator[Finding]:
    file, selector, domain = settings.relay.dkim_key, settings.relay.dkim_selector, settings.gateway.domain
    if file is None:
        yield ok(NAME, "署名しません(送信先に任せます) / we do not sign; the smarthost may")
        return
    try:
        pem = file.read_bytes()
        Signer(selector, domain, pem)
    except OSError as error:
        yield failure(
            NAME,
            f"{file} を読めません / the DKIM key cannot be read: {error.strerror}",
            "[relay] dkim_key を確かめる / check [relay] dkim_key",
        )
        return
    except ValueError as error:
        yield trouble(NAME, "DKIM の鍵が使えません", error)
        return
    yield from exposed(NAME, file.resolve(), NOT_FOR_ALL)
    yield _published(settings, f"{selector}._domainkey.{domain}", pem)


def published_record(file: Path) -> str:
    """The TXT record of a private key's other half. Raises OSError, or ValueError where it is no key."""
    return _record(file.read_bytes())


def _record(pem: bytes) -> str:
    kind, octets = _public(pem)
    return f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}"


def _published(settings: Settings, name: str, pem: bytes) -> Finding:
    octets = _public(pem)[1]
    try:
        texts = asyncio.run(Resolver(settings.dns.nameservers, timeout=SECONDS).txt(name))
    except LookupTrouble:
        return warning(
            NAME,
            f"{name} を引けません / the published key could not be looked up",
            "DNS が答えるときにもう一度 / check again when the name servers answer",
        )
    remedy = f'DNS に公開する / publish: {name} TXT "{_record(pem)}"'
    if not texts:
        return failure(NAME, f"{name} が公開されていません / our DKIM record is not published", remedy)
    if len(texts) > 1 or _of_record(texts[0]) != octets:
        return failure(NAME, f"{name} は別の鍵です / the DKIM record there has another key", remedy)
    return ok(NAME, f"{name} は DKIM の鍵と一致します / the published record has our key")


def _public(pem: bytes) -> tuple[str, bytes]:
    """What stands in k= and, decoded, in p=."""
    key = serialization.load_pem_private_key(pem, password=None)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519", key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert isinstance(key, rsa.RSAPrivateKey)  # the signer takes no other
    return "rsa", _spki(key.public_key())


def _of_record(text: bytes) -> bytes | None:
    """The key in a TXT record, in the form of `_public`; None where it holds none."""
    tags = tag_list(text) or {}
    try:
        octets = base64.b64decode(without_blanks(tags.get("p", b"")), validate=True)
        if tags.get("k", b"rsa") != b"rsa":
            return octets
        key = serialization.load_der_public_key(octets)  # some publish bare PKCS#1
    except (ValueError, UnsupportedAlgorithm):
        return None
    return _spki(key) if isinstance(key, rsa.RSAPublicKey) else None


def _spki(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
