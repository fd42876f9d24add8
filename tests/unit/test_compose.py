"""Composed mail: the headers of protocol 5.9 and 6, and that no input can end a field or leave 7 bits."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.relay.compose import Prepared, letter, prepare

DATE = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
USUAL: dict[str, Any] = {
    "domain": "alerts.example.jp",
    "organisation": "奈良市教育委員会",
    "subject": "[不審者情報][富雄] 下校時の声かけ",
    "text": "本日十五時ごろ、\n公園で声かけがありました。\n",
    "list_name": "見守りメール",
    "alert_name": "2026-0042",
    "date": DATE,
}
LETTER: dict[str, Any] = {
    "from_address": "confirm+abc@alerts.example.jp",
    "display_name": "奈良市教育委員会",
    "to": "r@town.example",
    "subject": "登録の確認",
    "text": "このメールに返信してください。\n",
    "message_id": "1@alerts.example.jp",
    "date": DATE,
}
ANY_TEXT = some.text(max_size=300) | some.text(alphabet="\r\n\t\0\x0b\x0c\x1c\x85\u2028\ud800=?b:<>日😀 ", max_size=300)


def prepared(**changes: Any) -> Prepared:
    return prepare(**USUAL | changes)


def copy(**changes: Any) -> bytes:
    return prepared(**changes).copy("r@town.example", "2026-0042.7@alerts.example.jp", "tok3n")


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def fields(raw: bytes) -> list[str]:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0] for line in head.split("\r\n") if line[0] not in " \t"]


def assert_sound(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\0" not in raw
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    for word in head.split():
        assert not word.startswith(b"=?") or len(word) <= 75


def test_a_copy_has_the_headers_of_protocol_5_9_once_each() -> None:
    message = read(copy())
    assert fields(copy()) == [
        *("To", "From", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "List-Post", "List-Help"),
        *("X-Mimamori-Alert", "Auto-Submitted", "Precedence", "X-Auto-Response-Suppress"),
        *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
    ]
    assert message["From"].addresses[0].display_name == "奈良市教育委員会"
    assert message["From"].addresses[0].addr_spec == "help@alerts.example.jp"
    assert message["To"] == "r@town.example"
    assert message["Subject"] == "[不審者情報][富雄] 下校時の声かけ"
    assert message["Date"].datetime == DATE
    assert message["Message-ID"] == "<2026-0042.7@alerts.example.jp>"
    assert message["List-Id"].endswith("<alerts.alerts.example.jp>")
    assert message["List-Unsubscribe"] == "<mailto:leave+tok3n@alerts.example.jp>"
    assert message["List-Post"] == "NO"
    assert message["List-Help"] == "<mailto:help@alerts.example.jp>"
    assert message["X-Mimamori-Alert"] == "2026-0042"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "list"
    assert message["X-Auto-Response-Suppress"] == "All"


def test_the_text_arrives_as_it_was_written() -> None:
    message = read(copy())
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert message["Content-Transfer-Encoding"] == "base64"
    payload = message.get_payload(decode=True)
    assert isinstance(payload, bytes)
    assert payload.decode() == "本日十五時ごろ、\r\n公園で声かけがありました。\r\n"


def test_with_a_web_endpoint_one_click_is_offered() -> None:
    message = read(copy(web_base="https://alerts.example.jp/"))
    assert message["List-Unsubscribe"] == (
        "<mailto:leave+tok3n@alerts.example.jp>, <https://alerts.example.jp/leave/tok3n>"
    )
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_follow_up_refers_to_what_this_resident_got_before() -> None:
    raw = prepared().copy("r@town.example", "2@alerts.example.jp", "tok3n", references="<1@alerts.example.jp>")
    assert read(raw)["References"] == "<1@alerts.example.jp>"


def test_references_that_are_the_same_for_all_are_prepared() -> None:
    message = read(copy(references="<1@alerts.example.jp> <2@alerts.example.jp>"))
    assert message["References"] == "<1@alerts.example.jp> <2@alerts.example.jp>"


def test_copies_differ_only_in_what_is_personal() -> None:
    one = prepared().copy("one@town.example", "1@alerts.example.jp", "t1")
    two = prepared().copy("two@town.example", "2@alerts.example.jp", "t2")
    personal = one.replace(b"one@", b"two@").replace(b"<1@", b"<2@").replace(b"leave+t1@", b"leave+t2@")
    assert personal == two


def test_an_old_carriers_address_stands_quoted_in_the_to_field() -> None:
    raw = prepared().copy('"a..b."@docomo.example', "1@alerts.example.jp", "t")
    assert raw.startswith(b'To: "a..b."@docomo.example\r\n')


@pytest.mark.parametrize(
    ("organisation", "line"),
    [
        ("Nara City", b"From: Nara City <help@alerts.example.jp>\r\n"),
        ("", b"From: <help@alerts.example.jp>\r\n"),
        ('A "B" <c@d.example>', None),
        ("Nara (City), Board", None),
        ("x" * 300, None),
        ("=?utf-8?q?a?=", None),
    ],
)
def test_a_display_name_is_read_back_as_it_is(organisation: str, line: bytes | None) -> None:
    raw = copy(organisation=organisation)
    assert line is None or b"\r\n" + line in raw
    # decode_header joins encoded words as RFC 2047, 6.2 wants it; the newer parser puts blanks between them.
    decoded = str(make_header(decode_header(email.message_from_bytes(raw)["From"])))
    assert decoded.split() == f"{organisation} <help@alerts.example.jp>".split()
    (author,) = read(raw)["From"].addresses
    assert author.addr_spec == "help@alerts.example.jp"


@pytest.mark.parametrize(
    "subject", ["", "plain", "x" * 2000, "😀👨‍👩‍👧" * 200, "a " * 700, "髙﨑㈱①～", "=?utf-8?b?AA==?="]
)
def test_a_subject_is_read_back_as_it_is(subject: str) -> None:
    raw = copy(subject=subject)
    assert_sound(raw)
    assert read(raw)["Subject"] == subject.strip()


@given(organisation=ANY_TEXT, subject=ANY_TEXT, text=ANY_TEXT, list_name=ANY_TEXT)
def test_no_text_can_add_a_field_or_leave_seven_bits(
    organisation: str, subject: str, text: str, list_name: str
) -> None:
    raw = copy(organisation=organisation, subject=subject, text=text, list_name=list_name)
    assert_sound(raw)
    assert fields(raw) == fields(copy())
    mail = letter(**LETTER | {"display_name": organisation, "subject": subject, "text": text})
    assert_sound(mail)
    assert fields(mail) == fields(letter(**LETTER))


@given(
    some.sampled_from(["domain", "alert_name", "references", "web_base"]),
    some.text(alphabet="\r\n\t\0 <>@,日a\x7f\x85", min_size=1),
)
def test_what_has_a_form_is_refused_without_it(name: str, value: str) -> None:
    try:
        raw = copy(**{name: value})
    except ValueError:
        return
    assert_sound(raw)
    assert len(fields(raw)) <= len(fields(copy())) + 1


@given(some.integers(0, 3), some.text(min_size=1) | some.text(alphabet="\r\n a@<>.", min_size=1))
def test_what_is_spliced_is_refused_without_its_form(place: int, value: str) -> None:
    spliced = ["r@town.example", "1@alerts.example.jp", "tok3n", "<0@alerts.example.jp>"]
    spliced[place] = value
    try:
        raw = prepared().copy(*spliced)
    except ValueError:
        return
    assert_sound(raw)
    assert [name for name in fields(raw) if name != "References"] == fields(copy())


def test_a_prepared_alert_does_not_show_itself() -> None:
    assert repr(prepared()) == "Prepared()"
    assert replace(prepared()) == prepared()


def test_a_letter_has_the_headers_of_protocol_6() -> None:
    message = read(letter(**LETTER, in_reply_to="<q@town.example>", reply_to="confirm+abc@alerts.example.jp"))
    assert message["From"].addresses[0].addr_spec == "confirm+abc@alerts.example.jp"
    assert message["Reply-To"] == "confirm+abc@alerts.example.jp"
    assert message["In-Reply-To"] == message["References"] == "<q@town.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message.get_content().replace("\r\n", "\n") == LETTER["text"]


@pytest.mark.parametrize(
    "hostile", [None, "", "x", "<a@b>\r\nBcc: c@d.example", "<a b@c>", f"<{'a' * 200}@b.example>", "<[>"]
)
def test_a_reply_to_no_valid_message_id_names_none(hostile: str | None) -> None:
    message = read(letter(**LETTER, in_reply_to=hostile))
    assert message["In-Reply-To"] is None
    assert message["References"] is None


@given(some.sampled_from(["from_address", "to", "reply_to", "message_id"]), some.text(alphabet="\r\n a@<>,日"))
def test_a_letters_addresses_are_refused_without_their_form(name: str, value: str) -> None:
    try:
        raw = letter(**LETTER | {name: value})
    except ValueError:
        return
    assert_sound(raw)


def test_a_seven_bit_mail_goes_along_as_message_rfc822_octet_by_octet() -> None:
    raw = b"Subject: hello\r\nFrom: a@b.example\r\n\r\n.\r\nline  \r\n--x\r\n\r\n"
    mail = letter(**LETTER, attached=raw)
    text, enclosed = read(mail).iter_parts()
    assert text.get_content_type() == "text/plain"
    assert enclosed.get_content_type() == "message/rfc822"
    assert b"\r\n\r\n" + raw + b"\r\n--" in mail


@pytest.mark.parametrize(
    "raw",
    [
        "Subject: 日本\r\n\r\n".encode(),
        b"a: b\r\n\r\nbare\nline",
        b"a: b\r\n\r\nbare\rline",
        b"a: \0",
        b"x" * 999,
        b"\xff",
    ],
)
def test_a_mail_that_cannot_go_as_it_is_goes_as_a_file(raw: bytes) -> None:
    mail = letter(**LETTER, attached=raw)
    _, enclosed = read(mail).iter_parts()
    assert enclosed.get_content_type() == "application/octet-stream"
    assert enclosed.get_filename() == "mail.eml"
    assert enclosed.get_payload(decode=True) == raw
    assert_sound(mail)


@given(some.binary(max_size=400) | some.text(alphabet="\r\n-=_ab ").map(str.encode))
def test_any_attached_mail_is_found_again(raw: bytes) -> None:
    mail = letter(**LETTER, attached=raw)
    assert mail.isascii()
    assert mail.count(b"\r\n") == mail.count(b"\n") == mail.count(b"\r")
    parts = list(read(mail).iter_parts())
    assert len(parts) == 2
    if parts[1].get_content_type() == "application/octet-stream":
        assert parts[1].get_payload(decode=True) == raw
    else:
        assert b"\r\n\r\n" + raw + b"\r\n--" in mail
