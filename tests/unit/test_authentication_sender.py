"""From holds exactly one plain address, or the mail has no author."""

import time

import pytest

from gateway.authentication.lint import Field
from gateway.authentication.sender import author
from storage.records import Address


def read(value: bytes) -> Address | str:
    return author(Field("from", b"From:" + value + b"\r\n"))


@pytest.mark.parametrize(
    "value",
    [
        b" taro@school.example",
        b"taro@school.example",
        b" <taro@school.example>",
        b" Taro@SCHOOL.Example ",
        b" Taro <taro@school.example>",
        b" Taro Q. Yamada <taro@school.example>",
        b" =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <taro@school.example>",
        b" =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?=<taro@school.example>",
        b" =?utf-8?B?5bGx55Sw?=\r\n =?utf-8?Q?=E5=A4=AA=E9=83=8E?=\r\n\t<taro@school.example>",
        b' "=?utf-8?B?5bGx55Sw?=" <taro@school.example>',
        b' "Yamada, Taro (Tomio)" <taro@school.example>',
        b' "admin@other.example" <taro@school.example>',
        b' "<admin@other.example>" <taro@school.example>',
        b' "a" b "c"<taro@school.example>',
        b"\r\n taro@school.example",
        b' "folded\r\n name" <taro@school.example>',
    ],
)
def test_what_mail_programs_write_is_read(value: bytes) -> None:
    assert read(value) == Address("taro@school.example")


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b" ",
        b" <>",
        b" Taro",
        b" taro@school",
        b" taro@school.example, other@other.example",
        b" <taro@school.example>, <other@other.example>",
        b" <taro@school.example><other@other.example>",
        b" <taro@school.example> other@other.example",
        b" other@other.example <taro@school.example>",
        b" <other@other.example>taro@school.example",
        b" <taro@school.example>\\,<other@other.example>",
        b" <@other.example,@b.example:taro@school.example>",
        b" <taro@school.example:other@other.example>",
        b" group: taro@school.example;",
        b" group:;",
        b" (x) taro@school.example",
        b" taro@school.example (Taro)",
        b" taro(x)@school.example",
        b" <taro @school.example>",
        b" <taro@ school.example>",
        b" < taro@school.example>",
        b" <taro@\r\n school.example>",
        b" <taro\r\n @school.example>",
        b" taro@school.example\r\n \r\n",
        b" Taro\r\n \r\n <taro@school.example>",
        b' "taro"@school.example',
        b' <"taro"@school.example>',
        b' "Taro <taro@school.example>',
        b' "Ta\\"ro" <taro@school.example>',
        b' Ta"ro <taro@school.example>',
        b" <taro@[192.0.2.1]>",
        b" <taro@school.example.>",
        b" <taro@.school.example>",
        b" <taro@school..example>",
        b" <taro@-school.example>",
        b" <taro@school_.example>",
        b" <taro@xn--\xff.example>",
        b" <.taro@school.example>",
        b" <taro.@school.example>",
        b" <ta..ro@school.example>",
        b" <taro@school.example@other.example>",
        b" <=?utf-8?q?taro?=@school.example>",
        b" =?utf-8?B?PGFkbWluQGxlZ2l0aW1hdGUuY29tPg==?=,<second@attack.example>",
        b" =?utf-8?B?dGFyb0BzY2hvb2wuZXhhbXBsZQ==?=",
        b" Yamada, Taro <taro@school.example>",
        b" [Taro] <taro@school.example>",
        b" Taro; <taro@school.example>",
        b" <" + b"a" * 65 + b"@school.example>",
        b" <taro@" + b"a" * 64 + b".example>",
        b" <taro@" + b"a." * 130 + b"example>",
        b" taro@school.example>",
        b" <taro@school.example",
        b" <<taro@school.example>>",
    ],
)  # fmt: skip
def test_anything_else_is_nobody(value: bytes) -> None:
    assert read(value) == "from-grammar"


def test_a_mail_without_from_has_no_author() -> None:
    assert author(None) == "from-grammar"


@pytest.mark.parametrize(
    "value", [b'"' * 8_000, b"a " * 4_000, b"<" * 8_000, b'"" ' * 2_600 + b"<a@b.example>", b"a@" * 4_000]
)
def test_reading_is_cheap(value: bytes) -> None:
    started = time.process_time()
    read(value)
    assert time.process_time() - started < 0.2
