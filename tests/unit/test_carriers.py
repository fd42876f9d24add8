"""Whose filter may hold our letters back, and that the first letter says how to let us through (protocol 3.1, 3.3)."""

import pytest

from handlers import letters
from handlers.carriers import carrier
from handlers.letters import Text
from storage.records import Address
from tests.fakes.village import MOTHER, TOWN


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("docomo.ne.jp", "docomo"),
        ("ezweb.ne.jp", "au"),
        ("au.com", "au"),
        ("a4.ezweb.ne.jp", "au"),
        ("softbank.ne.jp", "softbank"),
        ("i.softbank.jp", "softbank"),
        ("t.vodafone.ne.jp", "softbank"),
        ("ymobile.ne.jp", "softbank"),
        ("mail.example", None),
        ("notdocomo.ne.jp", None),
        ("docomo.ne.jp.example", None),
        ("ne.jp", None),
    ],
)
def test_a_carrier_is_known_by_its_domains_and_what_is_below_them(domain: str, name: str | None) -> None:
    assert carrier(Address(f"a..b.@{domain}")) == name


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("domain", ["docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp"])
def test_the_first_letter_to_a_carrier_has_its_own_steps_and_our_domain(
    language: letters.Language, domain: str
) -> None:
    to = Address(f"hanako@{domain}")
    for letter in first_letters(language, to):
        steps = set(letter.body.splitlines()) - {
            line for plain in first_letters(language, MOTHER) for line in plain.body.splitlines()
        }
        assert 2 <= len(steps) <= 4
        assert any(TOWN.domain in line for line in steps)
        assert "http" not in letter.body


def first_letters(language: letters.Language, to: Address) -> tuple[Text, Text]:
    return letters.confirm(language, TOWN, to, ["tomio"], 2026), letters.form(language, TOWN, to, 2026)
