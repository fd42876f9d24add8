"""The author of a public mail: whom the handlers see, and whether everybody would see the same."""

import pytest

from gateway.authentication.public.public_mail import PublicMail, read


def mail(author: str | bytes, more: bytes = b"") -> PublicMail:
    value = author if isinstance(author, bytes) else author.encode()
    found = read(b"From: " + value + b"\r\n" + more + b"\r\nText\r\n")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("hana@family.test", "hana@family.test"),
        ("<Hana@Family.test>", "hana@family.test"),
        ("=?utf-8?B?6Iqx?= <hana@family.test>", "hana@family.test"),
        ('"Yamada, Hana (mother)" <hana@family.test>', "hana@family.test"),
        ('"hana@family.test" <hana@family.test>', "hana@family.test"),
        ("Hana\r\n Yamada\r\n\t<hana@family.test>", "hana@family.test"),
        ("山田花 <hana@family.test>", "hana@family.test"),
        ("<foo..bar.@docomo.ne.jp>", "foo..bar.@docomo.ne.jp"),
        ('"foo..bar."@docomo.ne.jp', "foo..bar.@docomo.ne.jp"),
    ],
)
def test_what_phones_write_is_plain(value: str, address: str) -> None:
    found = mail(value)
    assert found.author is not None
    assert (found.author.canonical, found.plain) == (address, True)
    assert found.domain == address.rpartition("@")[2]


@pytest.mark.parametrize(
    "value",
    [
        "hana@family.test (hana)",
        "(a <evil@evil.test>) hana@family.test",
        "hana@family.test, evil@evil.test",
        "<hana@family.test> <evil@evil.test>",
        "friends: hana@family.test;",
        "<@evil.test:hana@family.test>",
        '"a\\"b" <hana@family.test>',
        "evil@evil.test <hana@family.test>",
        "<hana@family.test>x",
        "hana@family.test\x00",
        "=?utf-8?q?=3Cevil=40evil.test=3E?=, <hana@family.test>",
        "",
        "hana",
    ],
)
def test_what_programs_could_read_differently_is_not_plain(value: str) -> None:
    found = read(f"From: {value}\r\n\r\n".encode())
    assert found is None or not found.plain


def test_a_second_author_or_subject_is_not_plain() -> None:
    two = mail("hana@family.test", b"From: evil@evil.test\r\n")
    assert (two.author, two.plain) == (None, False)
    assert not mail("hana@family.test", b"Subject: a\r\nSUBJECT: b\r\n").plain
    assert mail("hana@family.test", b"Received: a\r\nReceived: b\r\n").plain


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"From: a@family.test\r\n",
        b"From: a@family.test\n\nText",
        b"From: a@family.test\r\nX: a\rFrom: evil@evil.test\r\n\r\n",
        b"From : a@family.test\r\n\r\n",
        b"From a@family.test\r\nFrom: a@family.test\r\n\r\n",
        b" From: a@family.test\r\n\r\n",
        b"no field\r\n\r\n",
        b"From: a@family.test\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"From: " + b"a" * 2_000 + b"@family.test\r\n\r\n",
        b"From: a@family.test\r\n\r\n" + b"a" * 1_048_576,
        b"From: a@family.test\r\n\r\n\0",
    ],
)
def test_what_cannot_be_read_in_one_way_is_not_read(raw: bytes) -> None:
    assert read(raw) is None


def test_an_author_at_an_address_literal_or_a_bare_host_has_no_domain_to_ask() -> None:
    assert mail("hana@[192.0.2.1]").domain is None
    assert mail("hana@localhost").domain is None
