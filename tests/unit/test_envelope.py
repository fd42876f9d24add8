"""The grammar of MAIL and RCPT, and that no argument makes it slow (RFC 5321 section 4.1.2)."""

import time

import pytest

from gateway.data_reader import LONGEST_COMMAND
from gateway.envelope import Sender, parse_recipient
from handlers import replies


@pytest.mark.parametrize(
    "address",
    [
        "hana@mail.example",
        "Hana.O'Neil+x=y@mail.example",
        ".hana.@ezweb.ne.jp",
        "foo..bar@docomo.ne.jp",
        '"foo..bar"@docomo.ne.jp',
        r'"a \"b\\ <c>"@mail.example',
        "a" * 64 + "@mail.example",
        "bounces@[192.0.2.1]",
        "bounces@[IPv6:2001:db8::1]",
        "hana@localhost",
    ],
)
def test_an_address_comes_out_as_it_was_written(address: str) -> None:
    assert Sender.parse(f"FROM:<{address}>") == Sender(address=address)
    assert parse_recipient(f"TO:<{address}>") == address


@pytest.mark.parametrize(
    "path",
    [
        "hana@mail.example",
        "<hana@mail.example",
        "<hana>",
        "<@mail.example>",
        "<hana@>",
        "<hana@mail..example>",
        "<hana@mail.example.>",
        "<hana@mail example>",
        "<hana@@mail.example>",
        "<hana@mail.example,taro@mail.example>",
        "<(hana)@mail.example>",
        "<@relay.example:hana@mail.example>",
        "<hana@mail.example\r>",
        "<hana@mail.example\n>",
        "<ha\0na@mail.example>",
        "<ha\x7fna@mail.example>",
        "<h\xe4na@mail.example>",
        '<"hana@mail.example>',
        '<"ha"na@mail.example>',
        "<" + "a" * 65 + "@mail.example>",
        "<hana@" + "a" * 64 + ".example>",
        "<hana@" + "a." * 130 + "example>",
        " <<hana@mail.example>>",
    ],
)
def test_what_is_no_address_is_refused(path: str) -> None:
    assert Sender.parse(f"FROM:{path}") in (replies.BAD_ADDRESS, replies.BAD_ARGUMENT)
    assert parse_recipient(f"TO:{path}") in (replies.BAD_ADDRESS, replies.BAD_ARGUMENT)


def test_the_null_path_is_a_sender_but_no_recipient() -> None:
    assert Sender.parse("FROM:<>") == Sender(address=None)
    assert parse_recipient("TO:<>") == replies.BAD_ADDRESS


@pytest.mark.parametrize("name", ["postmaster", "PostMaster"])
def test_only_the_postmaster_needs_no_domain(name: str) -> None:
    assert parse_recipient(f"TO:<{name}>") == name
    assert parse_recipient("TO:<abuse>") == replies.BAD_ADDRESS


def test_an_announced_size_is_read_and_its_address_does_not_print() -> None:
    sender = Sender.parse("from: <hana@mail.example> size=12 body=7bit")
    assert sender == Sender(address="hana@mail.example", octets=12)
    assert "hana" not in repr(sender)


@pytest.mark.parametrize("piece", ["<", '"', '"\\', "a.", "a@", "@a.", '""', "-", "\\", " ", '<"a"', "SIZE=1 "])
def test_no_argument_takes_long(piece: str) -> None:
    arguments = [start + piece * (LONGEST_COMMAND // len(piece)) for start in ("", "<", '<"', "<a@", "<a@b> ")]
    began = time.process_time()
    for argument in arguments:
        Sender.parse("FROM:" + argument)
        parse_recipient("TO:" + argument)
    assert time.process_time() - began < 0.1
