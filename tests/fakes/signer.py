"""What the mail systems of staff do: compose a mail and sign it, with dkimpy, which is not the code under test."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.utils import format_datetime
from typing import Any, Literal, NamedTuple

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

# What a large provider signs since 2026: each field that is there, and most of them once more than they are there.
COVERED = (
    *("content-transfer-encoding", "mime-version", "message-id", "date", "subject", "to", "from", "content-type"),
    *("message-id", "date", "subject", "cc", "to", "from", "reply-to", "content-type"),
)


class Key(NamedTuple):
    """A key pair in the three forms in which tests need it."""

    private_pem: bytes
    pinned: str  # protocol 5.1b: SELECTOR:BASE64
    txt_record: str


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file to be sent along."""

    name: str
    data: bytes


def new_key(kind: Literal["rsa", "ed25519"] = "rsa", *, selector: str = "s1", bits: int = 2048) -> Key:
    """A fresh key, its `keys` entry for the configuration, and its TXT record."""
    if kind == "ed25519":
        edwards = ed25519.Ed25519PrivateKey.generate()
        public = base64.b64encode(edwards.public_key().public_bytes_raw()).decode()
        return Key(_pem(edwards), f"{selector}:{public}", f"v=DKIM1; k=ed25519; p={public}")
    private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    der = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = base64.b64encode(der).decode()
    return Key(_pem(private), f"{selector}:{public}", f"v=DKIM1; k=rsa; p={public}")


def staff_mail(
    key: bytes,
    domain: str,
    selector: str,
    sender: str,
    to: str,
    subject: str,
    text: str,
    headers: Mapping[str, str] | None = None,
    sign_headers: Sequence[str] = COVERED,
    *,
    date: datetime | None = None,
    message_id: str | None = None,
    charset: str = "utf-8",
    attachments: Iterable[Attachment] = (),
    canonical: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    tags: Mapping[str, str] | None = None,
) -> bytes:
    """A signed mail as staff would send it; `date` (default: now) is also the signature's t=."""
    date = date or datetime.now(UTC)
    mail = compose(
        sender, to, subject, text, headers, date=date, message_id=message_id, charset=charset, attachments=attachments
    )
    all_tags = {"t": str(int(date.timestamp())), **(tags or {})}
    return sign(mail, key, domain, selector, sign_headers, canonical=canonical, tags=all_tags)


def compose(
    sender: str,
    to: str,
    subject: str,
    text: str,
    headers: Mapping[str, str] | None = None,
    *,
    date: datetime | None = None,
    message_id: str | None = None,
    charset: str = "utf-8",
    attachments: Iterable[Attachment] = (),
) -> bytes:
    """The same mail without a signature. `sender` may be an address or a whole From value."""
    date = date or datetime.now(UTC)
    stamp = f"<{int(date.timestamp() * 1_000_000)}@mail.school.example>"
    part = _text_part(text, charset)
    content, body = _with_attachments(part, tuple(attachments))
    fields = {
        "MIME-Version": "1.0",
        "From": sender,
        "Date": format_datetime(date),
        "Message-ID": message_id or stamp,
        "Subject": Header(subject, charset if not subject.isascii() else "us-ascii").encode(linesep="\r\n"),
        "To": to,
        **content,
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode("ascii") + b"\r\n" + body


def sign(
    mail: bytes,
    key: bytes,
    domain: str,
    selector: str,
    sign_headers: Sequence[str] = COVERED,
    *,
    canonical: tuple[bytes, bytes] = (b"relaxed", b"relaxed"),
    tags: Mapping[str, str] | None = None,
) -> bytes:
    """`mail` with a DKIM-Signature on top. `tags` adds or replaces tags; the value "" leaves one out."""
    private = serialization.load_pem_private_key(key, password=None)
    algorithm = b"rsa-sha256"
    if isinstance(private, ed25519.Ed25519PrivateKey):
        algorithm, key = b"ed25519-sha256", base64.b64encode(private.private_bytes_raw())
    signer = _Signer(mail, signature_algorithm=algorithm)
    signer.tags = {name.encode(): value.encode() for name, value in (tags or {}).items()}
    signer.should_not_sign = set()
    include = [name.lower().encode() for name in sign_headers]
    return bytes(
        signer.sign(selector.encode(), domain.encode(), key, canonicalize=canonical, include_headers=include) + mail
    )


class _Signer(dkim.DKIM):  # type: ignore[misc]
    tags: Mapping[bytes, bytes] = {}

    def gen_header(self, fields: list[tuple[bytes, bytes]], *rest: Any, **named: Any) -> bytes:
        given = dict(fields)
        signature = given.pop(b"b")
        wanted = {name: value for name, value in (given | dict(self.tags)).items() if value}
        return bytes(super().gen_header([*wanted.items(), (b"b", signature)], *rest, **named))


def _text_part(text: str, charset: str) -> tuple[dict[str, str], bytes]:
    data = text.replace("\r\n", "\n").replace("\n", "\r\n").encode(charset)
    encoding = "7bit" if data.isascii() else "base64"
    fields = {"Content-Type": f'text/plain; charset="{charset}"', "Content-Transfer-Encoding": encoding}
    return fields, _base64_lines(data) if encoding == "base64" else data


def _with_attachments(
    part: tuple[dict[str, str], bytes], attachments: Sequence[Attachment]
) -> tuple[dict[str, str], bytes]:
    if not attachments:
        return part
    boundary = "=_f2a99c0e"
    parts = [part, *((_file_fields(file), _base64_lines(file.data)) for file in attachments)]
    body = b""
    for fields, data in parts:
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        body += f"--{boundary}\r\n{head}\r\n".encode() + data + b"\r\n"
    return {"Content-Type": f'multipart/mixed; boundary="{boundary}"'}, body + f"--{boundary}--\r\n".encode()


def _file_fields(file: Attachment) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Content-Transfer-Encoding": "base64",
    }


def _base64_lines(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _pem(private: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    kind = serialization.PrivateFormat.PKCS8
    if isinstance(private, rsa.RSAPrivateKey):
        kind = serialization.PrivateFormat.TraditionalOpenSSL
    return private.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
