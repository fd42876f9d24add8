"""A school with one enrolled teacher, and a signer with which a test can make what no honest mail system makes."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from gateway.authentication.pipeline import TryLater, prove
from gateway.authentication.resolver import TxtResolver
from handlers.mail import Proof, Verdict
from handlers.town import Calendar, StaffMember, Terms, Town
from storage.records import Address
from tests.fakes.dns import FakeResolver
from tests.fakes.signer import COVERED, Key, new_key, staff_mail

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DOMAIN = "school.example"
TEACHER = "taro@school.example"
KEY_NAME = "s1._domainkey.school.example"
KEY = new_key()
EDWARDS = new_key("ed25519")
STRANGER = new_key()

DEFAULT_TAGS = {
    "v": "1",
    "a": "rsa-sha256",
    "c": "relaxed/relaxed",
    "d": DOMAIN,
    "s": "s1",
    "t": str(int(NOW.timestamp())),
}


def town(keys: Sequence[str] = (), teacher: str = TEACHER) -> Town:
    """Ours, at example.jp, with the one teacher."""
    member = StaffMember(id="taro", address=Address(teacher), organisation="富雄小学校", keys=tuple(keys))
    return Town(
        domain="example.jp",
        organisation="見守りメール",
        contact="0742-00-0000",
        admin=None,
        language="ja",
        calendar=Calendar(timezone=ZoneInfo("Asia/Tokyo")),
        terms=Terms(text="", version="1", digest=""),
        districts=(),
        categories=(),
        staff=(member,),
    )


def letter(
    text: str = "District: tomio\n\n公園で声かけがありました。\n",
    headers: dict[str, str] | None = None,
    sign_headers: Sequence[str] = COVERED,
    *,
    key: Key = KEY,
    sender: str = TEACHER,
    domain: str = DOMAIN,
    selector: str = "s1",
    subject: str = "不審者情報",
    date: datetime = NOW,
    **rest: object,
) -> bytes:
    """A mail of the teacher as their mail system signs it."""
    return staff_mail(
        key.private_pem, domain, selector, sender, "alert@example.jp", subject, text, headers, sign_headers,
        date=date, **rest,  # type: ignore[arg-type]
    )  # fmt: skip


def published(record: str = KEY.txt_record) -> FakeResolver:
    """A name server that knows the school's key."""
    return FakeResolver({KEY_NAME: [record]})


def verdict(
    raw: bytes,
    resolver: TxtResolver | None = None,
    *,
    now: datetime = NOW,
    keys: Sequence[str] = (),
    teacher: str = TEACHER,
) -> Verdict | TryLater:
    """What the pipeline says."""
    return asyncio.run(prove(raw, town=town(keys, teacher), resolver=resolver or published(), now=now))


def cause(
    raw: bytes, resolver: TxtResolver | None = None, *, now: datetime = NOW, keys: Sequence[str] = ()
) -> str | None:
    """Why the author is not proven; None where they are."""
    found = verdict(raw, resolver, now=now, keys=keys)
    assert isinstance(found, Verdict), "expected an answer, not 'try later'"
    assert (found.author is None) == (found.proof is None) == (found.cause is not None)
    return found.cause


def proof(
    raw: bytes,
    resolver: TxtResolver | None = None,
    *,
    now: datetime = NOW,
    keys: Sequence[str] = (),
    teacher: str = TEACHER,
) -> Proof:
    """The proof of an author who must be proven."""
    found = verdict(raw, resolver, now=now, keys=keys, teacher=teacher)
    assert isinstance(found, Verdict)
    assert found.proof is not None, found.cause
    return found.proof


def forge(
    mail: bytes,
    covered: Sequence[str],
    tags: Mapping[str, str | None] | None = None,
    *,
    key: Key = KEY,
    last: str = "",
) -> bytes:
    """A right signature with any tags at all; None leaves one out, `last` follows b=."""
    head, _, body = mail.partition(b"\r\n\r\n")
    form, _, body_form = str((tags or {}).get("c") or "relaxed/relaxed").partition("/")
    of_field = _relaxed if form == "relaxed" else bytes
    digest = hashlib.sha256(_relaxed_body(body) if body_form == "relaxed" else body.rstrip(b"\r\n") + b"\r\n").digest()
    wanted = DEFAULT_TAGS | {"h": ":".join(covered), "bh": base64.b64encode(digest).decode()} | dict(tags or {})
    line = "DKIM-Signature: " + "; ".join(f"{name}={value}" for name, value in wanted.items() if value is not None)
    fields = re.split(rb"\r\n(?![ \t])", head)
    chosen = []
    for name in covered:
        own = [field for field in fields if field.split(b":")[0].strip().lower() == name.lower().encode()]
        if own:
            chosen.append(own[-1])
            fields.remove(own[-1])
    hashed = [of_field(field) + b"\r\n" for field in chosen]
    data = b"".join([*hashed, of_field(f"{line}; b={last}".encode())])
    value = base64.b64encode(_signed(key, data)).decode()
    return f"{line}; b={value}{last}\r\n".encode() + mail


def _signed(key: Key, data: bytes) -> bytes:
    private = serialization.load_pem_private_key(key.private_pem, password=None)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(hashlib.sha256(data).digest())
    assert isinstance(private, rsa.RSAPrivateKey)
    return private.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _relaxed(field: bytes) -> bytes:
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + b" ".join(value.replace(b"\r\n", b"").split())


def _relaxed_body(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)
