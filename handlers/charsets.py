"""Octets to text, strictly: a charset that is known and octets that fit it, or None. It never guesses letters.

Mail from Windows and from Japanese phones says iso-2022-jp, shift_jis or euc-jp and means Microsoft's larger sets:
①, ㈱, 髙 and half-width kana are in daily use there, and the codecs of the standard library refuse them.
"""

import re
from functools import lru_cache

UTF_8 = frozenset({"us-ascii", "ascii", "ansi-x3.4-1968", "utf-8", "utf8", "unicode-1-1-utf-8"})
ISO_2022_JP = frozenset(
    {"iso-2022-jp", "iso-2022-jp-1", "iso-2022-jp-ms", "csiso2022jp", "cp50220", "cp50221", "x-windows-iso2022jp"}
)
SHIFT_JIS = frozenset(
    {
        "shift-jis",
        "sjis",
        "x-sjis",
        "x-shift-jis",
        "ms-kanji",
        "csshiftjis",
        "cp932",
        "ms932",
        "windows-31j",
        "cswindows31j",
    }
)
EUC_JP = frozenset({"euc-jp", "eucjp", "x-euc-jp", "x-eucjp", "eucjp-ms", "cp51932"})

# What may stand in an alert (security of 5.1): the charsets of Japanese mail, and no others.
FOR_ALERTS = UTF_8 | ISO_2022_JP | SHIFT_JIS | EUC_JP

# What the public's phones and programs send besides. Browsers, too, read Latin 1 as Windows' superset.
OTHERS = {
    "iso-8859-1": "cp1252", "latin1": "cp1252", "windows-1252": "cp1252", "cp1252": "cp1252",
    "iso-8859-15": "iso8859_15", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5",
    "euc-kr": "cp949", "ks-c-5601-1987": "cp949", "windows-1258": "cp1258",
}  # fmt: skip

ESCAPE = re.compile(rb"\x1b(\([BJI]|\$[@B]|\$\(D)")


def decode(data: bytes, charset: str | None) -> str | None:
    """The text, or None where the charset is not known here or the octets do not fit it. None as charset: not named."""
    if charset is None:
        return _unnamed(data)
    name = canonical(charset)
    if name in ("us-ascii", "ascii", "ansi-x3.4-1968"):
        return _strictly(data, "ascii")
    if name in UTF_8:
        return _strictly(data, "utf-8")
    if name in ISO_2022_JP:
        return _iso_2022_jp(data)
    if name in SHIFT_JIS:
        return _shift_jis(data)
    if name in EUC_JP:
        return _euc_jp(data)
    return _strictly(data, OTHERS[name]) if name in OTHERS else None


def canonical(charset: str) -> str:
    """The name as the tables above write it."""
    return charset.strip(" \t\"'").lower().replace("_", "-")


def _unnamed(data: bytes) -> str | None:
    return _iso_2022_jp(data) if b"\x1b" in data else _strictly(data, "utf-8")


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _shift_jis(data: bytes) -> str | None:
    # The standard's mapping first, so that a wave dash is one whatever the charset was.
    text = _strictly(data, "shift_jis")
    return text if text is not None else _strictly(data, "cp932")


def _euc_jp(data: bytes) -> str | None:
    text = _strictly(data, "euc_jp")
    if text is not None:
        return text
    kept: list[str | None] = []
    at = 0
    while at < len(data):
        width = 1 if data[at] < 0x80 else 3 if data[at] == 0x8F else 2
        kept.append(_euc_character(data[at : at + width]))
        at += width
    return _joined(kept)


def _iso_2022_jp(data: bytes) -> str | None:
    text = _strictly(data, "iso2022_jp_ext")
    if text is not None:
        return text
    if not data.isascii():
        return None
    first, *rest = ESCAPE.split(data)
    segments = [("(B", first), *((rest[i].decode("ascii"), rest[i + 1]) for i in range(0, len(rest), 2))]
    return _joined([_segment(kind, segment) for kind, segment in segments])


def _segment(kind: str, data: bytes) -> str | None:
    """What stands between two escape sequences; None where it holds an escape sequence that is not known."""
    if b"\x1b" in data:
        return None
    match kind:
        case "(B":
            return data.decode("ascii")
        case "(J":
            return data.decode("ascii").replace("\\", "¥").replace("~", "‾")
        case "(I":
            return _strictly(bytes(octet | 0x80 if 0x20 < octet < 0x60 else octet for octet in data), "cp932")
        case _:
            return _pairs(data, supplementary=kind == "$(D")


def _pairs(data: bytes, *, supplementary: bool) -> str | None:
    kept: list[str | None] = []
    at = 0
    while at < len(data):
        if data[at] <= 0x20:  # the end of a line, in mail that forgets to switch back before it
            kept.append(chr(data[at]))
            at += 1
            continue
        pair = bytes(octet | 0x80 for octet in data[at : at + 2])
        kept.append(_euc_character(b"\x8f" + pair if supplementary else pair))
        at += 2
    return _joined(kept)


@lru_cache(maxsize=16_384)
def _euc_character(octets: bytes) -> str | None:
    """One character in EUC: as JIS has it, or else from the rows that Microsoft added to JIS X 0208."""
    text = _strictly(octets, "euc_jp")
    if text is not None or len(octets) != 2:
        return text
    row, cell = octets[0] - 0xA1, octets[1] - 0xA1
    if not (0 <= row < 94 and 0 <= cell < 94):
        return None
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41)
    return _strictly(bytes((lead, trail)), "cp932")


def _joined(pieces: list[str | None]) -> str | None:
    known = [piece for piece in pieces if piece is not None]
    return "".join(known) if len(known) == len(pieces) else None
