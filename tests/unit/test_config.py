"""Reading config.toml: every error at once, each with its line and its remedy (protocol 9)."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.config import ConfigError, load
from gateway.declared import declarations
from gateway.settings import HASTE_CHECKS, INERT, SECTIONS, TABLES
from tests.fakes.configuration import LEAST, TERMS, Complain, Load


def test_the_least_configuration_gives_every_default(read: Load, tmp_path: Path) -> None:
    settings = read(LEAST)
    assert settings.path == tmp_path / "config.toml"
    assert (settings.listener.host, settings.listener.port) == ("127.0.0.1", 8025)
    assert settings.storage.url == f"sqlite:///{tmp_path}/var/mimamori.db"
    assert settings.keys.directory == tmp_path / "keys"
    assert settings.keys.kek == f"file:{tmp_path}/keys/kek"
    assert settings.relay.smarthost == "smtp://127.0.0.1:25"
    assert settings.alerts.haste_checks == HASTE_CHECKS
    assert settings.gateway.timezone == ZoneInfo("Asia/Tokyo")
    assert settings.retention.year_ends == (3, 31)
    assert settings.limits.message_octets == 1_048_576
    assert settings.warnings == ()


def test_five_mistakes_give_five_messages_with_their_lines(complain: Complain) -> None:
    text = (
        LEAST
        + """
[listener]
port = 99999
hots = "::1"
[[staff]]
address = "not an address"
districts = ["tomyo"]
[lisener]
"""
    )
    assert complain(text) == [
        "config.toml:14: [listener] port: out of bounds; it must be from 0 to 65535",
        "config.toml:15: [listener] hots: unknown setting; did you mean host?",
        "config.toml:17: [[staff]] address: not a mail address; write name@school.example.jp, without a display name",
        'config.toml:18: [[staff]] districts: there is no [[districts]] "tomyo"; did you mean tomio?',
        "config.toml:19: [lisener]: unknown section; did you mean listener?",
    ]


def test_an_empty_file_is_told_all_that_it_needs(complain: Complain) -> None:
    said = complain("")
    assert [line.split(": ")[1] for line in said] == [
        "[gateway] domain",
        "[gateway] organisation",
        "[[districts]]",
        "[[categories]]",
    ]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ('[listener]\ntls_certificate = "a.pem"', "13: [listener] tls_certificate: set without tls_key"),
        ('[listener]\ntls_key = "a.pem"', "13: [listener] tls_key: set without tls_certificate"),
        ('[listener]\nrequire_tls = "all"', "13: [listener] require_tls: TLS cannot be required without"),
        ('[listener]\nrequire_tls = "some"', '13: [listener] require_tls: it must be "no" or "staff" or "all"'),
        (
            '[listener]\ntrusted_relays = ["10.0.0.1/8"]',
            '13: [listener] trusted_relays: the address has bits beyond its network; write "10.0.0.0/8"',
        ),
        ("[listener]\nport = true", "13: [listener] port: a whole number without quotation marks"),
        ('[listener]\nport = "25"', "13: [listener] port: a whole number without quotation marks"),
        ('[relay]\ndkim_selector = "s1"', "13: [relay] dkim_selector: set without dkim_key"),
        ('[web]\nbase_url = "https://m.example"', "13: [web] base_url: the copies would link to nothing; set listen"),
        ('[web]\nbase_url = "http://m.example"', '13: [web] base_url: write it as "https://mimamori.example.jp"'),
        ("[web]\ntls = true", "13: [web] tls: TLS needs a certificate; set tls_certificate and tls_key"),
        ('[relay]\nusername = "u"', "13: [relay] username: set without password"),
        ("[relay]\nretry_first_seconds = 3600", "13: [relay] retry_first_seconds: longer than retry_most_seconds"),
        ('[registration]\nterms = "none.txt"', "13: [registration] terms: the file none.txt cannot be read"),
        ('[registration]\nterms = "config.toml/x"', "13: [registration] terms: the file x cannot be read"),
        ('[retention]\nyear_ends = "02-29"', "13: [retention] year_ends: not a day of every year"),
        (
            '[retention]\nnext_year_opens = "02-28"',
            '13: [retention] next_year_opens: nobody may be registered for longer than 13 months; write "03-01" or',
        ),
        (
            '[retention]\nnext_year_opens = "12-01"\nyear_ends = "01-15"',
            '13: [retention] next_year_opens: nobody may be registered for longer than 13 months; write "12-16" or',
        ),
        ('[alerts]\nhaste_checks = ["tyme"]', '13: [alerts] haste_checks: it must be "time" or "place"'),
        ("[[gateway]]", None),
        ('[relay]\nsmarthost.host = "a"', "13: [relay] smarthost: a text in quotation marks"),
    ],
)
def test_what_is_wrong_with_a_section_is_said_where_it_stands(
    complain: Complain, section: str, expected: str | None
) -> None:
    said = complain(f"{LEAST}{section}\n")
    assert len(said) == 1
    if expected:
        assert said[0].startswith(f"config.toml:{expected}")


def test_an_administrator_at_our_own_domain_is_an_error(complain: Complain) -> None:
    said = complain(LEAST.replace("\norganisation", '\nadmin = "root@Mimamori.example.jp"\norganisation'))
    assert said == [
        "config.toml:3: [gateway] admin: an address at our own domain would come back here; name one at another domain"
    ]


def test_single_and_double_brackets_are_told_apart(complain: Complain) -> None:
    said = complain('[[gateway]]\ndomain = "a.test"\n[districts]\ncode = "x"\n[staff]\n')
    assert "config.toml:1: [gateway]: write [gateway] once, in single brackets, and its settings below it" in said
    assert "config.toml:3: [[districts]]: write [[districts]] in double brackets, once for each" in said
    assert "config.toml:5: [[staff]]: write [[staff]] in double brackets, once for each" in said


def test_a_syntax_error_is_told_with_its_line(complain: Complain) -> None:
    assert complain("[gateway]\ndomain = mimamori.example.jp\n")[0].startswith("config.toml:2: not TOML: ")
    assert complain('[gateway]\ndomain = "a')[0].startswith("config.toml:2: not TOML: ")
    assert complain(f"[listener]\nport = {'9' * 5000}\n")[0].startswith("config.toml: not TOML: ")


def test_a_file_in_another_encoding_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes('[gateway]\norganisation = "見守り市"\n'.encode("shift_jis"))
    with pytest.raises(ConfigError, match=r"config.toml:2: not UTF-8; save the file in UTF-8, not in Shift_JIS"):
        load(tmp_path / "config.toml")


def test_a_mark_of_byte_order_and_carriage_returns_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "terms.ja.txt").write_bytes(b"\xef\xbb\xbf" + TERMS.replace("\n", "\r\n").encode())
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load(tmp_path / "config.toml").town.terms.version == "2026-04-01"


def test_a_missing_file_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; run `mimamori init`, or name it with --config"):
        load(tmp_path / "config.toml")


def test_settings_that_do_nothing_yet_are_accepted_and_said_so(read: Load) -> None:
    settings = read(
        LEAST
        + """
[limits]
mime_depth = 9
[registration]
confirm = "always"
"""
    )
    assert settings.warnings == ("[limits] mime_depth: accepted, but this version takes 8",)


def test_an_endpoint_that_no_copy_links_to_is_said_so(read: Load) -> None:
    settings = read(LEAST + '[web]\nlisten = "127.0.0.1:8080"\n')
    assert settings.warnings == ("[web] listen: without base_url the copies carry no one-click link",)


def test_every_setting_that_does_nothing_yet_is_a_declared_one() -> None:
    declared = {(name, key) for name, each in (SECTIONS | TABLES).items() for key, _ in declarations(each)}
    assert set(INERT) <= declared


def test_every_setting_has_a_comment_in_both_languages() -> None:
    for each in (SECTIONS | TABLES).values():
        for name, declared in declarations(each):
            assert declared.doc.count(" / ") == 1, f"{each.__name__}.{name}"


def test_no_address_and_no_secret_shows_in_errors_or_in_print(complain: Complain, read: Load) -> None:
    secrets = """
[relay]
username = "someone"
password = "correct horse"
[storage]
url = "postgresql://u:pass-word@192.0.2.1/m"
[[staff]]
address = "kyoto@school.example.jp"
"""
    shown = repr(read(LEAST + secrets))
    said = "\n".join(complain(LEAST + secrets + 'id = "kyoto@school.example.jp"\n[keys]\nkek = "c2VjcmV0"\n[gatway]'))
    for hidden in ("kyoto@", "correct horse", "pass-word", "c2VjcmV0"):
        assert hidden not in shown
        assert hidden not in said


def test_a_year_that_ends_at_another_date_opens_a_month_before_it_where_nothing_else_is_said(read: Load) -> None:
    settings = read(f'{LEAST}[retention]\nyear_ends = "11-26"\n')
    assert settings.town.calendar.next_year_opens == (10, 27)
    assert any("nobody is registered for over 13 months" in warning for warning in settings.warnings)
