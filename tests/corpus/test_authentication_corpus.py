"""Mails that others wrote to fool mail systems, and mails that others signed. None was made to be passed here.

MIMAMORI_CORPORA names the folder; without it these tests are skipped, or fail where MIMAMORI_REQUIRE_ALL is 1.
"""

import asyncio
import json
import os
import random
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.authentication import canonical, freshness
from gateway.authentication.canonical import Form
from gateway.authentication.coverage import examine
from gateway.authentication.lint import Message, lint
from gateway.authentication.pipeline import TryLater
from gateway.authentication.sender import author
from gateway.authentication.signatures import Signature, read
from gateway.authentication.signing_keys import SigningKey, from_record
from gateway.authentication.verification import own_opinion, second_opinion
from handlers.coverage import Coverage
from handlers.mail import Verdict
from storage.records import Address
from tests.fakes.dns import FakeResolver
from tests.fakes.school import KEY, NOW, STRANGER, forge, letter, proof, town, verdict

BUDGET = 1.0  # seconds of processor time
CORPORA = os.environ.get("MIMAMORI_CORPORA")
REQUIRED = os.environ.get("MIMAMORI_REQUIRE_ALL") == "1"

pytestmark = pytest.mark.skipif(
    CORPORA is None and not REQUIRED, reason="MIMAMORI_CORPORA is not set: the collected mails were not tried"
)


def folder(name: str) -> Path:
    assert CORPORA, "MIMAMORI_CORPORA is not set; let it name the folder of the collected mails"
    return Path(CORPORA) / name


def files(name: str, pattern: str) -> list[str]:
    if not CORPORA:
        return ["none"]  # one test that fails, or is skipped, aloud
    return sorted(str(path.relative_to(folder(name))) for path in folder(name).rglob(pattern))


def crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def in_budget(raw: bytes, resolver: FakeResolver, **rest: Any) -> Verdict | TryLater:
    started = time.process_time()
    found = verdict(raw, resolver, **rest)
    assert time.process_time() - started < BUDGET
    return found


# --- espoofer: "Composition Kills" --------------------------------------------------------------

SPOOFED_AT = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
ADMIN = "admin@school.example"
COVERED = ("from", "to", "subject", "date", "message-id", "content-type")


@dataclass(frozen=True)
class Spoof:
    raw: bytes
    domain: str
    selector: str


def spoof(name: str) -> Spoof:
    """The case with our school as its victim, and what the attacker signs with."""
    cases = {case["file"]: case for case in json.loads((folder("espoofer") / "cases.json").read_text())}
    signing = cases[name]["dkim_para"] or {"d": "attack.com", "s": "selector"}
    raw = (folder("espoofer") / name).read_bytes()
    for victim in (b"legitimate.com", b"example.com"):
        raw = raw.replace(victim, b"school.example")
    return Spoof(raw, signing["d"].replace("legitimate.com", "school.example"), signing["s"])


def attackers_dns() -> FakeResolver:
    names = ("selector._domainkey.attack.com", "selector._domainkey.school.example'a.attack.com")
    return FakeResolver(
        {**{name: [STRANGER.txt_record] for name in names}, "s1._domainkey.school.example": [KEY.txt_record]}
    )


@pytest.mark.parametrize("name", files("espoofer", "*.eml"))
def test_a_spoofed_author_is_not_proven_without_a_signature(name: str) -> None:
    found = in_budget(spoof(name).raw, attackers_dns(), now=SPOOFED_AT, teacher=ADMIN)
    assert isinstance(found, Verdict)
    assert found.cause is not None


@pytest.mark.parametrize("name", files("espoofer", "*.eml"))
@pytest.mark.parametrize("domain", ["attack.com", "the case's own"])
def test_a_spoofed_author_is_not_proven_by_the_attackers_signature(name: str, domain: str) -> None:
    case, resolver = spoof(name), attackers_dns()
    signing = {"d": "attack.com", "s": "selector"} if domain == "attack.com" else {"d": case.domain, "s": case.selector}
    raw = forge(case.raw, COVERED, {**signing, "t": str(int(SPOOFED_AT.timestamp()))}, key=STRANGER)
    found = in_budget(raw, resolver, now=SPOOFED_AT, teacher=ADMIN)
    assert isinstance(found, Verdict)
    assert found.cause is not None
    assert resolver.queries == []


@pytest.mark.parametrize("name", ["client_a1.eml", "client_a2.eml"])
def test_two_authors_are_not_proven_even_by_the_schools_own_signature(name: str) -> None:
    tags = {"d": "school.example", "s": "s1", "t": str(int(SPOOFED_AT.timestamp()))}
    for teacher in (ADMIN, "attacker@school.example"):
        raw = forge(spoof(name).raw, COVERED, tags)
        found = in_budget(raw, attackers_dns(), now=SPOOFED_AT, teacher=teacher)
        assert isinstance(found, Verdict)
        assert found.cause in ("duplicate-field", "from-grammar")


GENUINE = letter("District: tomio\n\nBe careful.\n", subject="Alert", sender=ADMIN, date=SPOOFED_AT)


def fields_of(raw: bytes) -> list[bytes]:
    """The header fields of a mail, as it has them."""
    return re.split(rb"\r\n(?![ \t])", raw.partition(b"\r\n\r\n")[0])


def permuted(name: str, others: list[str], chance: random.Random) -> bytes:
    """The case with its fields in another order, doubled, or mixed with those of another case."""
    fields, body = fields_of(spoof(name).raw), spoof(name).raw.partition(b"\r\n\r\n")[2]
    stranger = fields_of(spoof(chance.choice(others)).raw)
    match chance.choice(["order", "double", "merge", "swap"]):
        case "order":
            chance.shuffle(fields)
        case "double":
            fields.insert(chance.randrange(len(fields) + 1), chance.choice(fields))
        case "merge":
            fields = chance.choice([fields + stranger, stranger + fields])
        case _:
            fields[chance.randrange(len(fields))] = chance.choice(stranger)
    return b"\r\n".join(fields) + b"\r\n\r\n" + body


@pytest.mark.parametrize("name", files("espoofer", "*.eml"))
def test_no_permutation_of_a_spoofed_author_is_proven(name: str) -> None:
    chance, others = random.Random(name), files("espoofer", "*.eml")
    tags = {"t": str(int(SPOOFED_AT.timestamp()))}
    for _ in range(12):
        raw = permuted(name, others, chance)
        for domain, selector in (("attack.com", "selector"), ("example.com", "s1"), ("school.example", "s1")):
            signed = forge(
                raw, chance.sample(COVERED, len(COVERED)), {**tags, "d": domain, "s": selector}, key=STRANGER
            )
            for mail in (raw, signed):
                found = in_budget(mail, attackers_dns(), now=SPOOFED_AT, teacher=ADMIN)
                assert isinstance(found, Verdict)
                assert found.author is None


@pytest.mark.parametrize("name", files("espoofer", "*.eml"))
def test_a_genuine_mail_with_fields_of_a_spoofed_one_says_what_it_said_or_nothing(name: str) -> None:
    own, genuine = fields_of(spoof(name).raw), proof(GENUINE, now=SPOOFED_AT, teacher=ADMIN)
    chance = random.Random(name)
    for _ in range(12):
        fields = fields_of(GENUINE)
        for field in chance.sample(own, min(len(own), chance.randrange(1, 3))):
            fields.insert(chance.randrange(len(fields) + 1), field)
        raw = b"\r\n".join(fields) + b"\r\n\r\n" + GENUINE.partition(b"\r\n\r\n")[2]
        found = in_budget(raw, attackers_dns(), now=SPOOFED_AT, teacher=ADMIN)
        assert isinstance(found, Verdict)
        if found.proof is not None:
            assert found.author == Address(ADMIN)
            assert (found.proof.subject, found.proof.text) == (genuine.subject, genuine.text)
            assert found.proof.body_hash == genuine.body_hash


@pytest.mark.parametrize("name", [*files("espoofer", "*.eml")])
def test_the_self_test_of_a_spoofed_mail_finds_what_an_alert_would(name: str) -> None:
    raw = forge(spoof(name).raw, COVERED, {"d": "attack.com", "s": "selector"}, key=STRANGER)
    for mail in (spoof(name).raw, raw):
        resolver = attackers_dns()
        found = asyncio.run(examine(mail, town=town(teacher=ADMIN), resolver=resolver, now=SPOOFED_AT))
        assert isinstance(found, Coverage)
        assert found.objections
        assert not found.proven
        assert resolver.queries == []


# --- signed mails of rspamd and of mail-auth ----------------------------------------------------


def date_of(message: Message) -> datetime:
    """The moment of the mail itself, so that its age is not what decides."""
    date = message.first("date")
    return parsedate_to_datetime(date.line).astimezone(UTC) if date else NOW


def rspamd_dns() -> FakeResolver:
    entries = json.loads((folder("rspamd") / "dns.json").read_text())
    trouble = [entry["name"] for entry in entries if entry["rcode"] not in (None, "norec", "nxdomain")]
    return FakeResolver({entry["name"]: entry["txt"] for entry in entries if entry["txt"]}, trouble)


def right_signatures(message: Message, resolver: FakeResolver) -> list[Signature]:
    """Those that both verifiers find right, whoever signed, whatever they cover, however old and short the key."""
    found = [read(field) for field in message.fields if field.name == "dkim-signature"]
    return [
        signature for signature in found if isinstance(signature, Signature) and is_right(message, signature, resolver)
    ]


def is_right(message: Message, signature: Signature, resolver: FakeResolver) -> bool:
    texts = resolver.records.get(signature.key_name, [])
    key = from_record(texts[0].encode(), signature) if len(texts) == 1 else None
    if not isinstance(key, SigningKey):
        return False
    right = own_opinion(message, signature, key) is None
    assert right == second_opinion(message, signature, key)
    return right


@pytest.mark.parametrize("name", files("rspamd", "*.eml"))
def test_what_rspamd_does_not_allow_is_not_proven(name: str) -> None:
    raw = crlf((folder("rspamd") / name).read_bytes())
    expected = json.loads((folder("rspamd") / "expected_symbols.json").read_text()).get(name, [])
    message, resolver = lint(raw), rspamd_dns()
    claimed = author(message.first("from")) if isinstance(message, Message) else None
    teacher = claimed.canonical if isinstance(claimed, Address) else ADMIN
    now = date_of(message) if isinstance(message, Message) else NOW
    found = in_budget(raw, resolver, now=now, teacher=teacher)
    if "Expect Symbol  R_DKIM_ALLOW" in expected:
        assert isinstance(message, Message), message
        assert right_signatures(message, resolver)
    elif any("DKIM" in line for line in expected):
        assert isinstance(found, TryLater) or found.author is None


@pytest.mark.parametrize("name", ["dmarc/good_dkim_highsecure.eml", "dmarc/good_dkim_rspamd.eml"])
def test_what_rspamd_names_good_is_right(name: str) -> None:
    message = lint(crlf((folder("rspamd") / name).read_bytes()))
    assert isinstance(message, Message)
    assert right_signatures(message, rspamd_dns())


@pytest.mark.parametrize("name", ["dmarc/bad_dkim_highsecure.eml", "dmarc/bad_dkim_rspamd.eml", "ed25519-broken.eml"])
def test_what_rspamd_names_bad_is_wrong(name: str) -> None:
    message = lint(crlf((folder("rspamd") / name).read_bytes()))
    assert not isinstance(message, Message) or not right_signatures(message, rspamd_dns())


@pytest.mark.parametrize("name", files("stalwart-mail-auth/dkim", "*.txt"))
def test_the_signatures_of_mail_auth_are_right_and_the_expired_one_is_not_proven(name: str) -> None:
    head, _, raw = crlf((folder("stalwart-mail-auth/dkim") / name).read_bytes()).partition(b"\r\n\r\n")
    records = dict(line.decode().split(" ", 1) for line in head.split(b"\r\n"))
    resolver = FakeResolver({key: [text] for key, text in records.items()})
    message = lint(raw)
    assert isinstance(message, Message), message
    right = right_signatures(message, resolver)
    assert right
    claimed = author(message.first("from"))
    assert isinstance(claimed, Address)
    found = in_budget(raw, resolver, teacher=claimed.canonical)
    assert isinstance(found, Verdict)
    assert found.author is None  # all are years old, and their keys are short
    if name == "005.txt":
        assert {freshness.of_signature(signature, NOW) for signature in right} == {"signature-expired"}


# --- dkimpy's own mails -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rfc6376.signed.msg", "rfc6376.signed.rsa.msg", "ed25519test.msg"])
def test_the_signed_mails_of_dkimpy_are_read_alike_by_both_verifiers(name: str) -> None:
    message = lint(crlf((folder("dkimpy") / name).read_bytes()))
    assert isinstance(message, Message), message
    right_signatures(message, rspamd_dns())


# --- canonical forms ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", files("flanker-dkim-canon", "email.*"))
@pytest.mark.parametrize("form", list(Form))
def test_canonical_forms_are_those_that_others_expect(name: str, form: Form) -> None:
    raw = (folder("flanker-dkim-canon") / name).read_bytes()
    expected = (folder("flanker-dkim-canon") / name.replace("email", f"{form}.expected")).read_bytes()
    head, _, body = re.sub(rb"\r?\n", b"\r\n", raw).partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head.removesuffix(b"\r\n")) if head else []
    got = b"".join(canonical.header(field + b"\r\n", form) for field in fields)
    assert got + b"\r\n" + canonical.body(body, form) == expected
