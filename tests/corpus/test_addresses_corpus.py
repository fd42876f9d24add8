"""Addresses that others collected to tell right from wrong (security of addresses: one function decides).

What the collections hold invalid is refused; what is a plain dot-atom and valid is accepted. Quoted local parts,
address literals and internationalised addresses are valid elsewhere and are not accepted here.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from handlers.addresses import parse

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
DOT_ATOM = re.compile(rf"{ATOM}(?:\.{ATOM})*@(?:{LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\Z")
# A collector holds it valid, but no top-level domain looks like an octet of an address.
NOT_A_HOST = "test@123.123.123.x123"


def accepted(addresses: list[str]) -> list[str]:
    return [address for address in addresses if parse(address) is not None]


def plain(addresses: list[str]) -> list[str]:
    return [address for address in addresses if DOT_ATOM.match(address) and address != NOT_A_HOST]


def isemail(file: Path) -> Iterator[tuple[str, str]]:
    """Addresses with their category; control characters stand as their pictures there."""
    for test in ElementTree.parse(file).getroot().iter("test"):
        text, category = test.findtext("address") or "", test.findtext("category") or ""
        yield (
            re.sub("[\u2400-\u241f]", lambda sign: chr(ord(sign[0]) - 0x2400), text).replace("\u2421", "\x7f"),
            category,
        )


@pytest.fixture(params=["tests.xml", "tests-original.xml"])
def judged(request: pytest.FixtureRequest, corpora: Path) -> list[tuple[str, str]]:
    return list(isemail(corpora / "isemail" / request.param))


def test_what_isemail_holds_an_error_is_refused(judged: list[tuple[str, str]]) -> None:
    wrong = [address for address, category in judged if category == "ISEMAIL_ERR"]
    assert len(wrong) > 60
    assert accepted(wrong) == []


def test_what_no_envelope_can_carry_is_refused(judged: list[tuple[str, str]]) -> None:
    wrong = [address for address, category in judged if category in ("ISEMAIL_CFWS", "ISEMAIL_DEPREC")]
    assert accepted(wrong) == []


def test_what_isemail_holds_valid_and_plain_is_accepted(judged: list[tuple[str, str]]) -> None:
    right = plain([address for address, category in judged if category == "ISEMAIL_VALID_CATEGORY"])
    assert right
    assert accepted(right) == right


@pytest.fixture
def cases(corpora: Path) -> list[tuple[str, str]]:
    found = json.loads((corpora / "email-validator" / "syntax_cases.json").read_text())
    return [(case["test"], case["args"][0]) for case in found if isinstance(case["args"][0], str)]


def test_what_email_validator_refuses_is_refused(cases: list[tuple[str, str]]) -> None:
    refusing = ("test_email_invalid_syntax", "test_email_invalid_syntax_strict", "test_email_unsafe_character")
    wrong = [address for name, address in cases if name in refusing]
    assert len(wrong) > 60
    assert accepted(wrong) == []


def test_internationalised_addresses_are_refused(cases: list[tuple[str, str]]) -> None:
    wrong = [address for name, address in cases if name == "test_email_valid_intl_local_part"]
    assert wrong
    assert accepted(wrong) == []


def test_what_email_validator_accepts_and_is_plain_is_accepted(cases: list[tuple[str, str]]) -> None:
    right = plain([address for name, address in cases if name == "test_email_valid"])
    assert right
    assert accepted(right) == right


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line and not line.startswith("#")]


def test_what_flanker_refuses_is_refused(corpora: Path) -> None:
    assert accepted(lines(corpora / "flanker-addr" / "mailbox_invalid.txt")) == []


def test_what_flanker_accepts_and_is_plain_is_accepted(corpora: Path) -> None:
    right = plain(lines(corpora / "flanker-addr" / "mailbox_valid.txt"))
    assert len(right) > 10
    assert accepted(right) == right


def test_no_accepted_address_holds_anything_that_a_header_or_an_envelope_could_trip_over(corpora: Path) -> None:
    everything = [
        address for name in ("tests.xml", "tests-original.xml") for address, _ in isemail(corpora / "isemail" / name)
    ]
    everything += [line for file in sorted((corpora / "flanker-addr").glob("*.txt")) for line in lines(file)]
    for address in everything:
        found = parse(address)
        assert found is None or re.fullmatch(r"[!-~]{3,254}", found.wire)
        assert found is None or parse(found.wire) == found
