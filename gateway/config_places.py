"""The kinds of value that name a place or a key: domains, hosts, addresses, networks, servers, databases, keys.

As in config_values: read once, and no message repeats an address or a secret (protocol 9).
"""

import base64
import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from gateway.config_values import Kind, UnfitError, read_path, worded
from gateway.submission import passwords
from handlers import addresses
from storage import token_uri
from storage.records import Address

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)(?:{LABEL}\.)+(?![0-9]+\Z){LABEL}\Z")  # RFC 1123 section 2.1
HOST = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})*\Z")
ED25519_OCTETS = 32
RSA_BITS = (1024, 4096)
PORTS = {"smtp": 25, "smtps": 465}
HTTPS_PORT = 443

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A host and a port. `host` has no brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _domain(text: str, _folder: Path) -> str:
    if not DOMAIN.match(text.lower()):
        raise UnfitError("not a domain; write it as mimamori.example.jp (a Japanese one in its xn-- form)")
    return text.lower()


def _host(text: str, _folder: Path) -> str:
    try:
        return str(ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    if not HOST.match(text.lower()) or text.rpartition(".")[2].isdigit():
        raise UnfitError('not a host; write "127.0.0.1", "::1" or a name')
    return text.lower()


def _address(text: str, _folder: Path) -> Address:
    address = addresses.parse(text)
    if address is None:
        raise UnfitError("not a mail address; write name@school.example.jp, without a display name")
    return address


def _network(text: str, _folder: Path) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        wider = ip_network(text, strict=False)
    except ValueError:
        raise UnfitError('not a network; write it as "192.0.2.0/24", "2001:db8::/32" or "192.0.2.1"') from None
    raise UnfitError(f'the address has bits beyond its network; write "{wider}"')


def _kek(text: str, folder: Path) -> str:
    if text.startswith(token_uri.SCHEME):
        try:
            token_uri.parse(text)
        except ValueError as error:
            raise UnfitError(str(error)) from None
        return text
    kind, colon, name = text.partition(":")
    if not colon or not name or kind not in ("file", "credential", "env"):
        raise UnfitError('write "file:keys/kek", "credential:NAME", "env:NAME" or "pkcs11:…"')
    if kind == "file":
        return f"file:{read_path(name, folder)}"
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,100}", name) or name in (".", ".."):
        raise UnfitError(f'"{kind}:" is followed by a plain name of letters, digits and _')
    return text


def _database(text: str, folder: Path) -> str:
    scheme, _, rest = text.partition("://")
    if scheme in ("postgresql+psycopg", "postgresql", "postgres") and rest:
        return f"postgresql+psycopg://{rest}"
    if scheme != "sqlite":
        raise UnfitError('write "sqlite:///var/mimamori.db" or "postgresql+psycopg://user@host/database"')
    file = rest.removeprefix("/")
    # A mail that got its 250 is on the disk, so the database has to be.
    if not rest.startswith("/") or not file or ":memory:" in file or "?" in file:
        raise UnfitError(
            'a plain file is needed; write "sqlite:///var/mimamori.db" (four slashes before an absolute path)'
        )
    return f"sqlite:///{read_path(file, folder)}"


def _endpoint(text: str, default_port: int | None = None) -> Endpoint | None:
    bare_v6 = text.count(":") > 1 and not text.startswith("[")
    try:
        parts = urlsplit(f"//[{text}]" if bare_v6 else f"//{text}")
        port = default_port if parts.port is None else parts.port
    except ValueError:
        return None
    if not parts.hostname or not port or "@" in text or parts.path or parts.query or parts.fragment:
        return None
    try:
        return Endpoint(host=_host(parts.hostname, Path()), port=port)
    except UnfitError:
        return None


def _listen(text: str, _folder: Path) -> Endpoint:
    if (found := _endpoint(text)) is None:
        raise UnfitError('write host and port as "127.0.0.1:8080" or "[::1]:8080"')
    return found


def _web_base(text: str, _folder: Path) -> str:
    """Scheme, host and perhaps a port: what stands before `/leave/TOKEN` in List-Unsubscribe (RFC 8058 wants https)."""
    scheme, _, rest = text.partition("://")
    if scheme != "https" or (found := _endpoint(rest.removesuffix("/"), HTTPS_PORT)) is None:
        raise UnfitError('write it as "https://mimamori.example.jp", without a path')
    host = f"[{found.host}]" if ":" in found.host else found.host
    return f"https://{host}" if found.port == HTTPS_PORT else f"https://{found}"


def _nameserver(text: str, _folder: Path) -> str:
    found = _endpoint(text, 53)
    try:
        ip_address(found.host if found else "")
    except ValueError:
        raise UnfitError('write an IP address, as "192.0.2.1", "127.0.0.1:5353" or "[::1]:53"') from None
    return str(found)


def _smarthost(text: str, folder: Path) -> str:
    scheme, colon, rest = text.partition(":")
    if scheme == "maildir" and rest.removeprefix("//"):
        return f"maildir:{read_path(rest.removeprefix('//'), folder)}"
    if not colon or scheme not in PORTS or not rest.startswith("//"):
        raise UnfitError('write "smtp://127.0.0.1:25", "smtps://mail.example.jp" or "maildir:var/outbox"')
    if "@" in rest:
        raise UnfitError("no user in the address of the smarthost; use `username` and `password`")
    if (found := _endpoint(rest[2:].removesuffix("/"), PORTS[scheme])) is None:
        raise UnfitError(f'not a host with or without a port; write "{scheme}://mail.example.jp:{PORTS[scheme]}"')
    return f"{scheme}://{found}"


def _pinned_key(text: str) -> str:
    selector, colon, encoded = "".join(text.split()).partition(":")
    if not colon or not HOST.match(selector.lower()):
        raise UnfitError('write a key as "SELECTOR:BASE64", with the base64 that stands after p= in DKIM')
    try:
        octets = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise UnfitError("what follows the selector is not base64; copy it whole from p= of the DKIM record") from None
    if len(octets) != ED25519_OCTETS:
        _check_rsa(octets)
    return f"{selector.lower()}:{encoded}"


def _check_rsa(octets: bytes) -> None:
    try:
        key = load_der_public_key(octets)  # takes SPKI and bare PKCS#1
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise UnfitError(
            "neither an RSA key nor the 32 octets of an Ed25519 key; copy it whole from p= of the DKIM record"
        )
    if not RSA_BITS[0] <= key.key_size <= RSA_BITS[1]:
        raise UnfitError(f"an RSA key of {key.key_size} bits; it must have from {RSA_BITS[0]} to {RSA_BITS[1]}")


def _selector(text: str, _folder: Path) -> str:
    if text and not HOST.match(text.lower()):
        raise UnfitError("a selector is one or more names of letters, digits and -, with dots between")
    return text.lower()


def _long_text(value: object, _folder: Path) -> str:
    if not isinstance(value, str):  # no `string`: a key of 4096 bits is longer than LONGEST_TEXT
        raise UnfitError('write a key as "SELECTOR:BASE64"')
    return _pinned_key(value)


def _password_hash(text: str, _folder: Path) -> str:
    if not passwords.acceptable(text):
        raise UnfitError("take the line that `mimamori staff password` prints, whole")
    return text


domain = worded("a domain", _domain)
password_hash = worded("a hash of a password", _password_hash)
host = worded("an IP address or a host name", _host)
address = worded("a mail address", _address)
network = worded("a network or an IP address", _network)
kek = worded('"file:PATH", "credential:NAME", "env:NAME" or "pkcs11:…" (RFC 7512)', _kek)
database = worded("sqlite:///PATH or postgresql+psycopg://…", _database)
smarthost = worded("smtp://HOST:PORT, smtps://HOST:PORT or maildir:PATH", _smarthost)
listen = worded("HOST:PORT", _listen)
web_base = worded("an https URL", _web_base)
nameserver = worded("an IP address, with or without a port", _nameserver)
selector = worded('a DKIM selector; "" for none', _selector)
pinned_key = Kind("SELECTOR:BASE64", _long_text)
