"""The mail that a poster's QR code opens, and how a district is found (protocol 1, 2, 3.1)."""

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from gateway import config, example
from gateway.poster.invitation import Invitation, find, invite, means_all
from handlers import districts
from handlers.fields import YES
from handlers.folding import fold
from handlers.mail import InboundMail
from handlers.public_fields import read_fields
from handlers.reading import read
from handlers.routes import route
from handlers.town import District, Language, Town
from tests.fakes import school

ODD = (
    District(code="tomio", name="富雄", kana="とみお", aliases=("富雄小",)),
    District(code="west", name="西・北 町", kana=""),
    District(code="long", name="長" * 41),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The town of the example configuration."""
    folder: Path = tmp_path_factory.mktemp("town")
    (folder / "terms.ja.txt").write_text("版: 1\n規約", encoding="utf-8")
    (folder / "config.toml").write_text(example.render(), encoding="utf-8")
    return config.load(folder / "config.toml").town


def odd_town() -> Town:
    return replace(school.town(), districts=ODD)


def opened(invitation: Invitation) -> tuple[str, dict[str, str]]:
    """What a telephone makes of the mailto."""
    parts = urlsplit(invitation.uri)
    assert parts.scheme == "mailto"
    fields = parse_qs(parts.query.replace("+", "%2B"), strict_parsing=True, keep_blank_values=True)
    return unquote(parts.path), {name: value for name, (value,) in fields.items()}


def sent(invitation: Invitation, town: Town) -> InboundMail:
    """The mail as it comes in when somebody sends it without a change."""
    address, fields = opened(invitation)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "parent@home.example", address, fields["subject"]
    message["Message-ID"], message["Date"] = "<1@home.example>", school.NOW
    message.set_content(fields.get("body", "") + "\n\nスマホから送信\n")
    found = route(address, town)
    assert found is not None
    mail = read(
        message.as_bytes().replace(b"\n", b"\r\n"),
        mail_id="1", received_at=school.NOW, route=found, sender="parent@home.example", domain=town.domain,
    )  # fmt: skip
    assert isinstance(mail, InboundMail)
    return mail


def test_the_mail_of_a_district_has_its_tagged_address_a_subject_and_ready_fields() -> None:
    invitation = invite(odd_town(), ODD[0], "ja")
    assert opened(invitation) == (
        "subscribe+tomio@example.jp",
        {"subject": "見守りメール登録", "body": "地区：富雄\r\n同意：はい"},
    )


def test_the_mailto_is_ascii_with_line_ends_as_crlf() -> None:
    uri = invite(odd_town(), ODD[0], "ja").uri
    assert uri.isascii()
    assert uri.startswith("mailto:subscribe+tomio@example.jp?subject=%E8%A6%8B")
    assert "&body=%E5%9C%B0%E5%8C%BA%EF%BC%9A%E5%AF%8C%E9%9B%84%0D%0A%E5%90%8C%E6%84%8F" in uri


def test_an_english_mail_has_no_japanese_letter_so_that_it_is_answered_in_english() -> None:
    address, fields = opened(invite(odd_town(), ODD[0], "en"))
    assert address == "subscribe+tomio@example.jp"
    assert fields == {"subject": "Register for Mimamori Mail", "body": "District: tomio\r\nConsent: yes"}


def test_without_a_district_the_mail_is_empty_and_the_address_has_no_tag() -> None:
    assert opened(invite(odd_town(), None, "ja")) == ("subscribe@example.jp", {"subject": "見守りメール登録"})


@pytest.mark.parametrize("district", ODD[1:])
def test_a_name_that_the_field_would_not_understand_or_that_is_long_gives_way_to_the_code(district: District) -> None:
    assert invite(odd_town(), district, "ja").body == f"地区：{district.code}\r\n同意：はい"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_mail_of_each_example_district_is_understood_as_it_is(town: Town, language: Language) -> None:
    for district in town.districts:
        mail = sent(invite(town, district, language), town)
        fields = read_fields(mail, ("District", "Consent"))
        assert isinstance(fields, dict)
        said = districts.choose(f"{mail.route.tag} {fields['District']}", town.districts)
        assert (said.codes, said.unknown) == ((district.code,), ())
        assert fold(fields["Consent"]) in YES


def test_each_odd_district_is_understood_too() -> None:
    for district in ODD:
        fields = read_fields(sent(invite(odd_town(), district, "ja"), odd_town()), ("District", "Consent"))
        assert isinstance(fields, dict)
        assert districts.choose(fields["District"], ODD).codes == (district.code,)


@pytest.mark.parametrize("words", ["tomio", "TOMIO", "富雄", "とみお", "トミオ", "富雄小", "富雄小学校", " 富雄 "])
def test_a_district_is_found_by_its_code_name_kana_or_alias(words: str) -> None:
    assert find(words, odd_town()) == (ODD[0],)


def test_a_name_with_a_separator_within_is_found_whole() -> None:
    assert find("西・北 町", odd_town()) == (ODD[1],)


@pytest.mark.parametrize("words", ["", " ", "富夫", "富雄 と 伏見"])
def test_what_names_no_district_finds_none(words: str) -> None:
    assert find(words, odd_town()) == ()


def test_two_districts_are_both_found() -> None:
    assert find("富雄、long", odd_town()) == (ODD[0], ODD[2])


@pytest.mark.parametrize(("words", "all_of_them"), [("all", True), ("全域", True), ("全地区", True), ("富雄", False)])
def test_the_words_for_all_are_known(words: str, all_of_them: bool) -> None:
    assert means_all(words) is all_of_them
