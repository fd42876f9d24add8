"""Text becomes an address, or not; and the one author of a From field."""

import pytest

from handlers.addresses import in_from_field, parse
from storage.records import Address


@pytest.mark.parametrize(
    ("text", "canonical", "wire"),
    [
        ("Hanako@Mail.Example", "hanako@mail.example", "hanako@mail.example"),
        ("a+b/c=d@example.jp", "a+b/c=d@example.jp", "a+b/c=d@example.jp"),
        ("foo..bar@docomo.ne.jp", "foo..bar@docomo.ne.jp", '"foo..bar"@docomo.ne.jp'),
        ('"foo..bar"@docomo.ne.jp', "foo..bar@docomo.ne.jp", '"foo..bar"@docomo.ne.jp'),
        ("foo.@ezweb.ne.jp", "foo.@ezweb.ne.jp", '"foo."@ezweb.ne.jp'),
        (".foo@t.vodafone.ne.jp", ".foo@t.vodafone.ne.jp", '".foo"@t.vodafone.ne.jp'),
        ("foo-@ido.ezweb.ne.jp", "foo-@ido.ezweb.ne.jp", "foo-@ido.ezweb.ne.jp"),
        ("FOO_.-bar@softbank.ne.jp", "foo_.-bar@softbank.ne.jp", "foo_.-bar@softbank.ne.jp"),
    ],
)
def test_an_address_has_one_canonical_form_and_one_for_the_envelope(text: str, canonical: str, wire: str) -> None:
    found = parse(text)
    assert found == Address(canonical)
    assert found.wire == wire


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hanako",
        "@example.jp",
        "hanako@",
        "花子@example.jp",
        "ｈanako@example.jp",
        "hanako@例え.jp",
        "hanako@[192.0.2.1]",
        "hanako@[IPv6:2001:db8::1]",
        '"quoted"@example.jp',
        "two..dots@example.jp",
        ".dot@example.jp",
        "dot.@example.jp",
        "a b@docomo.ne.jp",
        '""@docomo.ne.jp',
        "a@docomo.ne.jp.evil.example\n",
        " a@example.jp",
        "a@example.jp\r\n",
        "a@b@example.jp",
        "x" * 65 + "@example.jp",
        "x" * 65 + "@docomo.ne.jp",
        "a@" + "b" * 63 + "." + "c" * 63 + "." + "d" * 63 + "." + "e" * 63 + ".jp",
    ],
)
def test_what_no_mailbox_of_ours_could_have_is_no_address(text: str) -> None:
    assert parse(text) is None


def test_an_address_prints_as_sealed() -> None:
    assert f"{Address('a@example.jp')} {Address('a@example.jp')!r}" == "<sealed> <sealed>"


@pytest.mark.parametrize(
    "field",
    [
        "a@example.jp",
        "<a@example.jp>",
        "< a@example.jp >",
        "花子 <a@example.jp>",
        '"b@other.example" <a@example.jp>',
        "b@other.example <a@example.jp>",
        '"Sato, Hanako" <a@example.jp>',
        "a@example.jp (Hanako (at home))",
        "(Hanako) <a@example.jp>",
        "=?utf-8?b?6Iqx5a2Q?= <a@example.jp>",
        '"escaped \\" quote" <a@example.jp>',
    ],
)
def test_the_one_author_is_found_in_every_form_that_programs_write(field: str) -> None:
    assert in_from_field(field) == Address("a@example.jp")


def test_an_old_carriers_address_is_found_in_its_quotation_marks() -> None:
    assert in_from_field('"foo..bar"@docomo.ne.jp') == Address("foo..bar@docomo.ne.jp")
    assert in_from_field('花子 <"foo..bar"@docomo.ne.jp>') == Address("foo..bar@docomo.ne.jp")


@pytest.mark.parametrize(
    "field",
    [
        "",
        "Hanako",
        "a@example.jp, b@example.jp",
        "<a@example.jp>, <b@example.jp>",
        "a@example.jp, Hanako <b@example.jp>",
        "Hanako <a@example.jp",
        "(a@example.jp)",
        "<>",
        "undisclosed-recipients:;",
        "x" * 9_000 + " <a@example.jp>",
    ],
)
def test_none_or_several_authors_are_nobody(field: str) -> None:
    assert in_from_field(field) is None
