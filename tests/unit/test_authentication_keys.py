"""A key counts only if it is fit for the signature, published alone, and strong enough (protocol 5.1b)."""

import base64
import hashlib
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.authentication.lint import Field
from gateway.authentication.signatures import Signature, read
from gateway.authentication.signing_keys import SigningKey, from_record, pinned, published
from tests.fakes.school import EDWARDS, KEY, STRANGER
from tests.fakes.signer import new_key

SHORT = new_key(bits=1024)
P = KEY.txt_record.partition("p=")[2]


def signature(algorithm: str = "rsa-sha256", identity: str = "@school.example") -> Signature:
    line = f"DKIM-Signature: v=1; a={algorithm}; d=school.example; s=S1; i={identity}; h=from; bh=abcd; b=abcd\r\n"
    found = read(Field("dkim-signature", line.encode()))
    assert isinstance(found, Signature)
    return found


def spki(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def pkcs1(text: str) -> str:
    public = serialization.load_der_public_key(base64.b64decode(text))
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return base64.b64encode(der).decode()


@pytest.mark.parametrize(
    "record",
    [
        KEY.txt_record,
        f"p={P}",
        f" v=DKIM1 ; p={P[:60]} {P[60:]};",
        f"v=DKIM1; h=sha1:sha256; s=email; t=s; p={P}",
        f"v=DKIM1; s=web : email; p={P}",
        f"v=DKIM1; n=note; x=unknown; p={P}",
        f"v=DKIM1; p={pkcs1(P)}",
    ],
)
def test_a_fit_key_is_taken(record: str) -> None:
    key = published([record.encode()], signature())
    assert isinstance(key, SigningKey)
    assert (key.kind, key.pinned) == ("rsa", False)


def test_an_edwards_key_is_taken() -> None:
    key = published([EDWARDS.txt_record.encode()], signature("ed25519-sha256"))
    assert isinstance(key, SigningKey)
    assert key.kind == "ed25519"
    assert key.record == EDWARDS.txt_record.encode()


def test_the_fingerprint_is_that_of_the_decoded_key() -> None:
    key = published([KEY.txt_record.encode()], signature())
    assert isinstance(key, SigningKey)
    assert key.fingerprint == hashlib.sha256(base64.b64decode(P)).hexdigest()


@pytest.mark.parametrize(
    ("texts", "cause"),
    [
        ([], "no-key"),
        ([KEY.txt_record, STRANGER.txt_record], "several-keys"),
        ([KEY.txt_record, "v=spf1 -all"], "several-keys"),
        (["v=spf1 -all"], "key-grammar"),
        (["v=DKIM1; k=rsa"], "key-grammar"),
        (["v=DKIM1; p="], "key-revoked"),
        (["v=DKIM1; p=;"], "key-revoked"),
        (["v=DKIM1; p=BARF"], "key-grammar"),
        (["v=DKIM1; p=%%%"], "key-grammar"),
        ([f"p={P}; v=DKIM1"], "key-grammar"),
        ([f"v=DKIM2; p={P}"], "key-grammar"),
        ([f"v=dkim1; p={P}"], "key-grammar"),
        ([f"v=DKIM1; p={P}; p={P}"], "key-grammar"),
        ([f"v=DKIM1; t=y; p={P}"], "key-testing"),
        ([f"v=DKIM1; t=s:y; p={P}"], "key-testing"),
        ([f"v=DKIM1; s=web; p={P}"], "key-purpose"),
        ([f"v=DKIM1; s=tlsrpt; p={P}"], "key-purpose"),
        ([f"v=DKIM1; h=sha1; p={P}"], "key-purpose"),
        ([f"v=DKIM1; k=ed25519; p={P}"], "key-type"),
        ([f"v=DKIM1; k=dsa; p={P}"], "key-type"),
        ([EDWARDS.txt_record], "key-type"),
        ([SHORT.txt_record], "key-too-short"),
        (["v=DKIM1; p=" + "A" * 1_400], "key-too-long"),
        (["v=DKIM1; p=" + "A" * 5_000], "key-grammar"),
        ([f"v=DKIM1; p={spki(ec.generate_private_key(ec.SECP256R1()).public_key())}"], "key-type"),
    ],
)  # fmt: skip
def test_an_unfit_key_is_refused(texts: list[str], cause: str) -> None:
    found = published([text.encode() for text in texts], signature())
    assert found == cause


def numbers(bits: int, exponent: int) -> str:
    return spki(rsa.RSAPublicNumbers(exponent, (1 << bits - 1) | (1 << bits // 2) | 1).public_key())


@pytest.mark.parametrize(
    ("bits", "exponent", "cause"),
    [(4096, 65537, None), (4224, 65537, "key-too-long"), (2048, 3, "key-exponent"), (2048, 65539, "key-exponent")],
)  # fmt: skip
def test_size_and_exponent_have_bounds(bits: int, exponent: int, cause: str | None) -> None:
    found = published([f"v=DKIM1; p={numbers(bits, exponent)}".encode()], signature())
    assert found == cause or (cause is None and isinstance(found, SigningKey))


def test_a_huge_key_costs_nothing() -> None:
    started = time.process_time()
    assert published([f"v=DKIM1; p={numbers(16_384, (1 << 4_096) | 1)}".encode()], signature()) == "key-too-long"
    assert time.process_time() - started < 0.05


def test_a_key_for_one_identity_refuses_a_subdomain() -> None:
    record = f"v=DKIM1; t=s; p={P}".encode()
    assert published([record], signature(identity="x@mail.school.example")) == "key-identity"
    assert isinstance(published([record], signature(identity="x@school.example")), SigningKey)


def test_a_record_is_read_apart_from_its_strength() -> None:
    assert isinstance(from_record(SHORT.txt_record.encode(), signature()), SigningKey)


def test_a_pinned_key_is_found_by_its_selector_whatever_its_case() -> None:
    key = pinned([STRANGER.pinned.replace("s1:", "s2:"), KEY.pinned.replace("s1:", "S1:")], signature())
    assert isinstance(key, SigningKey)
    assert (key.octets, key.pinned) == (base64.b64decode(P), True)


def test_pins_of_both_kinds_may_share_a_selector() -> None:
    for algorithm, kind in (("rsa-sha256", "rsa"), ("ed25519-sha256", "ed25519")):
        key = pinned([EDWARDS.pinned, KEY.pinned], signature(algorithm))
        assert isinstance(key, SigningKey)
        assert key.kind == kind


def test_a_short_key_counts_only_where_it_is_pinned() -> None:
    key = pinned([SHORT.pinned], signature())
    assert isinstance(key, SigningKey)
    assert key.public.key_size == 1024  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "pin",
    [
        pytest.param(KEY.pinned.replace("s1:", "s2:"), id="another selector"),
        pytest.param(EDWARDS.pinned, id="another kind"),
        "s1",
        "s1:",
        "s1:富雄",
        f"s1:{P[:-8]}",
    ],
)
def test_other_pins_do_not_count(pin: str) -> None:
    assert pinned([pin], signature()) == "not-pinned"


def test_a_pinned_pkcs1_key_counts() -> None:
    assert isinstance(pinned([f"s1:{pkcs1(P)}"], signature()), SigningKey)
