"""The author that From claims: exactly one plain address, by a grammar much narrower than RFC 5322 (protocol 5.1).

It reads the raw octets in one pass. The display name is skipped, whatever it says: it is nobody's identity.
"""

import re
from email.utils import getaddresses

from gateway.authentication.causes import Cause
from gateway.authentication.lint import Field
from gateway.authentication.names import host_name
from storage.records import Address

LONGEST_LOCAL = 64  # octets, RFC 5321, 4.5.3.1.1

# Comments, groups, routes, lists and quoted pairs are what spoofed authors are made of: ( ) , ; : \ [ ] are not here.
_DISPLAY_TOKEN = re.compile(rb'[A-Za-z0-9!#$%&\'*+/=?^_`{|}~.-]+|[ \t]+|"[^"\\]*"')
_LOCAL = re.compile(rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")
_BLANK_LINE = re.compile(rb"\r\n[ \t]+(?=\r\n|\Z)")


def author(field: Field | None) -> Address | Cause:
    """The one address of From, in lower case."""
    if field is None or _BLANK_LINE.search(field.value):
        return Cause.FROM_GRAMMAR
    # An address never stands on two lines: after unfolding, no blank is left within it.
    value = field.value.replace(b"\r\n", b"").strip(b" \t")
    address = _address(_between_brackets(value))
    if address is None or not _stdlib_agrees(value, address):
        return Cause.FROM_GRAMMAR
    return address


def _between_brackets(value: bytes) -> bytes:
    """The octets that should be an address; none where something odd stands around them."""
    if not value.endswith(b">"):
        return value
    display, _, inner = value[:-1].rpartition(b"<")
    return inner if _is_display_name(display) else b""


def _is_display_name(display: bytes) -> bool:
    at = 0
    while at < len(display):
        token = _DISPLAY_TOKEN.match(display, at)
        if token is None:
            return False
        at = token.end()
    return True


def _address(spec: bytes) -> Address | None:
    local, _, domain = spec.rpartition(b"@")
    host = host_name(domain, labels=2)
    if host is None or len(local) > LONGEST_LOCAL or not _LOCAL.match(local) or b"=?" in local:
        return None
    return Address(f"{local.decode('ascii').lower()}@{host}")


def _stdlib_agrees(value: bytes, address: Address) -> bool:
    """A second reading by other people's code, as for the signature."""
    found = getaddresses([value.decode("ascii")])
    return [spec.lower() for _, spec in found] == [address.canonical]
