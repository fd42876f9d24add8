"""Octets of Japanese mail become text, or are refused."""

import time

import pytest

from handlers.charsets import FOR_ALERTS, decode

LETTER = "富雄の公園で声かけ。16時〜17時、ＡＢＣ abc\r\n二行目"


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("iso-2022-jp", "iso2022_jp"),
        ("ISO-2022-JP-1", "iso2022_jp_1"),
        ("Shift_JIS", "shift_jis"),
        ("EUC-JP", "euc_jp"),
        (' "utf8" ', "utf-8"),
    ],
)
def test_ordinary_text_comes_back_as_it_was(charset: str, codec: str) -> None:
    assert decode(LETTER.encode(codec), charset) == LETTER


@pytest.mark.parametrize("charset", ["shift_jis", "cp932", "windows-31j"])
def test_shift_jis_may_hold_what_windows_added(charset: str) -> None:
    assert decode("①㈱髙橋ｱｲｳ".encode("cp932"), charset) == "①㈱髙橋ｱｲｳ"


def jis(text: str) -> bytes:
    """As Windows writes it: JIS pairs calculated from cp932."""
    pairs = b""
    for character in text:
        lead, trail = character.encode("cp932")
        row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + (trail >= 0x9F)
        cell = trail - 0x9F if trail >= 0x9F else trail - 0x40 - (trail > 0x7F)
        pairs += bytes((row + 0x21, cell + 0x21))
    return pairs


@pytest.mark.parametrize("added", ["①", "⑳", "Ⅳ", "㈱", "㌔", "№", "℡", "〝", "㍻", "髙", "﨑", "ⅰ"])
def test_iso_2022_jp_and_euc_may_hold_what_windows_added(added: str) -> None:
    if jis("①")[0] != 0x2D:
        pytest.fail("the test's own table is wrong")
    if added in "髙﨑ⅰ":  # IBM's rows are not reachable from JIS; NEC's copy of them is
        pair = {"髙": b"\x7c\x62", "﨑": b"\x79\x75", "ⅰ": b"\x7c\x71"}[added]
    else:
        pair = jis(added)
    assert decode(b"\x1b$B" + pair + b"\x1b(B", "iso-2022-jp") == added
    assert decode(bytes(octet | 0x80 for octet in pair), "euc-jp") == added


def test_mixed_text_of_windows_in_iso_2022_jp_is_read() -> None:
    data = b"A\x1b$B" + jis("富雄①公園㈱") + b"\x1b(I12\x1b(Bz\x1b(J\\\x1b(B"
    assert decode(data, "ISO-2022-JP") == "A富雄①公園㈱ｱｲz¥"


def test_a_line_that_ends_without_switching_back_is_read() -> None:
    assert decode(b"\x1b$B" + jis("①") + b"\r\n" + jis("㈱") + b"\x1b(B", "iso-2022-jp") == "①\r\n㈱"


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        (b"\xff", "utf-8"),
        (b"\xe3\x81", "utf-8"),
        (b"\x80", "us-ascii"),
        (b"\x1b$B!", "iso-2022-jp"),
        (b"\x1b$B" + b"\x2d\x21" + b"!", "iso-2022-jp"),
        (b"\x1b$B\x2f\x7e\x1b(B", "iso-2022-jp"),
        (b"\x1b$A\x30\x21", "iso-2022-jp"),
        (b"\x1b", "iso-2022-jp"),
        (b"\x1b$B\x2d\x21\x1b(B\xb1", "iso-2022-jp"),
        (b"\x81", "shift_jis"),
        (b"\xad\xa1\xff", "euc-jp"),
        (b"abc", "utf-7"),
        (b"abc", "unknown"),
        (b"abc", "hz"),
        (b"abc", "punycode"),
        (b"abc", "idna"),
        (b"abc", "rot13"),
        (b"abc", "unicode_escape"),
        (b"abc", ""),
        (b"abc", "utf-8\x00"),
    ],
)
def test_what_does_not_fit_is_none(data: bytes, charset: str) -> None:
    assert decode(data, charset) is None


def test_without_a_name_only_what_is_unmistakable_is_read() -> None:
    assert decode(LETTER.encode(), None) == LETTER
    assert decode(LETTER.encode("iso2022_jp"), None) == LETTER
    assert decode(LETTER.encode("cp932"), None) is None


def test_the_public_may_also_write_in_western_and_asian_charsets() -> None:
    assert decode("it’s café".encode("cp1252"), "ISO-8859-1") == "it’s café"
    assert decode("你好".encode("gb2312"), "GB2312") == "你好"
    assert not FOR_ALERTS & {"iso-8859-1", "gb2312"}


def test_a_large_text_is_read_in_linear_time() -> None:
    data = b"\x1b$B" + jis("①") * 400_000 + b"\x1b(B" + b"\x1b(B" * 60_000
    started = time.process_time()
    text = decode(data, "iso-2022-jp")
    assert text is not None
    assert len(text) == 400_000
    assert time.process_time() - started < 1
