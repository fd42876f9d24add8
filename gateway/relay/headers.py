"""Header fields as octets: free text is encoded (RFC 2047), what has a form is refused when it does not keep it.

No field can end early: free text loses its control characters, and everything else has a closed alphabet.
"""

import re
import unicodedata
from email.header import Header

LINE_LIMIT = 76  # columns, RFC 2047 section 2; RFC 5322 allows 998 where nothing can be folded
MESSAGE_ID_LIMIT = 200  # octets, protocol 6

_MESSAGE_ID = re.compile(r"<?([!-;=?A-~]{1,128}@[!-;=?A-~]{1,198})>?")
_ADDRESS = re.compile(r"[!-;=?-~]{1,66}@[A-Za-z0-9.\-]{1,255}")
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,252}[A-Za-z0-9])?")
_PLAIN = re.compile(r"[ -~]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*")


def clean(text: str) -> str:
    """One line of free text: blanks of every kind become one blank, other control characters and halves go."""
    kept = (" " if sign.isspace() else sign for sign in text if sign.isspace() or _printable(sign))
    return " ".join("".join(kept).split())


def clean_text(text: str) -> str:
    """Text of several lines, each ended by CRLF; of the control characters only the tabulator is kept."""
    lines = ("".join(sign for sign in line if sign == "\t" or _printable(sign)) for line in text.splitlines())
    return "".join(f"{line}\r\n" for line in lines)


def _printable(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp")


def unstructured(name: str, text: str) -> bytes:
    """A field of free text, as Subject."""
    text = clean(text)
    if _PLAIN.fullmatch(text) and "=?" not in text and len(name) + 2 + len(text) <= LINE_LIMIT:
        return f"{name}: {text}\r\n".encode("ascii")
    return f"{name}: {_encoded(name, text)}\r\n".encode("ascii")


def named(name: str, text: str, angle: str) -> bytes:
    """A field with a display name before `<angle>`, as From and List-Id; `angle` has been checked by the caller."""
    text = clean(text)
    if not text:
        return f"{name}: <{angle}>\r\n".encode("ascii")
    if _ATOMS.fullmatch(text) and "=?" not in text and len(name) + 2 + len(text) <= LINE_LIMIT:
        phrase = text
    else:
        phrase = _encoded(name, text)
    column = len(phrase.rpartition("\n")[2]) + (0 if "\n" in phrase else len(name) + 2)
    gap = " " if column + len(angle) + 3 <= LINE_LIMIT else "\r\n "
    return f"{name}: {phrase}{gap}<{angle}>\r\n".encode("ascii")


def _encoded(name: str, text: str) -> str:
    return Header(text, charset="utf-8", maxlinelen=LINE_LIMIT, header_name=name).encode(linesep="\r\n")


def message_id(text: str) -> str:
    """`<left@right>`, from a msg-id with or without its brackets."""
    found = _MESSAGE_ID.fullmatch(text)
    if found is None or len(text) > MESSAGE_ID_LIMIT:
        raise ValueError("a Message-ID must be LEFT@RIGHT in printable ASCII, of 200 octets at most")
    return f"<{found[1]}>"


def address(text: str) -> str:
    """An address in its wire form."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError("an address in a header must be LOCAL@DOMAIN in printable ASCII; give its wire form")
    return text


def domain(text: str) -> str:
    """A domain in its ASCII form."""
    if not _DOMAIN.fullmatch(text):
        raise ValueError("a domain must be made of letters, digits, dots and hyphens; give an IDN as its A-label")
    return text
