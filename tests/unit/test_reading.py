"""Octets become a mail, or are politely refused (protocol 2.4, 6; RFC 3834)."""

import base64
import time
from email.header import Header

import pytest

from handlers.mail import InboundMail, Malformed, Route
from handlers.reading import language, read
from handlers.visible_text import visible_text
from storage.records import Address
from tests.fakes.village import NOW

BASE = b"From: hanako@mail.example\r\nMIME-Version: 1.0\r\n"


def reading(
    raw: bytes, command: str = "subscribe", sender: str | None = "hanako@mail.example"
) -> InboundMail | Malformed:
    return read(raw, mail_id="m-1", received_at=NOW, route=Route(command=command), sender=sender, domain="example.jp")


def good(raw: bytes, command: str = "subscribe", sender: str | None = "hanako@mail.example") -> InboundMail:
    found = reading(raw, command, sender)
    assert isinstance(found, InboundMail)
    return found


def test_a_plain_mail_is_read_whole() -> None:
    raw = (
        BASE
        + "Subject: 件名\r\nMessage-ID: <1@mail.example>\r\nX-District: 富雄\r\nX-Mailer: y\r\n\r\n本文\r\n".encode()
    )
    assert good(raw) == InboundMail(
        id="m-1",
        received_at=NOW,
        route=Route(command="subscribe"),
        sender=Address("hanako@mail.example"),
        author=Address("hanako@mail.example"),
        subject="件名",
        body="本文\n",
        text="本文",
        headers=(("District", "富雄"),),
        message_id="<1@mail.example>",
        automatic=False,
        language="ja",
        raw=raw,
    )


def test_subjects_are_decoded_and_stand_on_one_line() -> None:
    encoded = Header("登録の確認を何度もお願いするとても長い件名でございます", "iso-2022-jp").encode()
    assert "\n" in encoded
    found = good(BASE + f"Subject: {encoded}\r\n\r\n".encode())
    assert found.subject == "登録の確認を何度もお願いするとても長い件名でございます"


def test_a_subject_cannot_smuggle_a_line_break() -> None:
    assert good(BASE + b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=\r\n\r\n").subject == "a Bcc: x"


@pytest.mark.parametrize(
    ("charset", "codec"),
    [("utf-8", "utf-8"), ("iso-2022-jp", "iso2022_jp"), ("shift_jis", "cp932"), ("euc-jp", "euc_jp")],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_japanese_text_is_right_in_every_charset_of_japanese_mail(charset: str, codec: str, encoding: str) -> None:
    body = "地区：富雄\n同意：はい\n".encode(codec)
    body = base64.encodebytes(body) if encoding == "base64" else body
    raw = (
        BASE + f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    )
    assert good(raw + body).body == "地区：富雄\n同意：はい\n"


def test_2_3_text_in_an_unknown_charset_is_not_guessed() -> None:
    raw = BASE + b"Content-Type: text/plain; charset=x-unknown\r\n\r\n\xff\xfe"
    assert (good(raw).readable, good(raw).text) == (False, "")
    assert good(BASE + b"\r\n").readable


@pytest.mark.parametrize("command", ["confirm", "form", "leave", "bounce", "postmaster", "abuse"])
def test_any_body_will_do_where_none_is_needed(command: str) -> None:
    raw = BASE + b"Content-Type: text/plain; charset=x-unknown\r\n\r\n\xff\xfe"
    assert good(raw, command).text == ""


def test_2_4_html_alone_gives_its_text() -> None:
    html = "<div>地区：富雄</div><div>同意：はい</div><div><br></div><div>よろしく</div>"
    assert good(BASE + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode()).body == (
        "地区：富雄\n同意：はい\n\nよろしく"
    )


def test_2_4_html_counts_where_the_plain_text_is_empty() -> None:
    raw = BASE + (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n \r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>tomio</p>\r\n--b--\r\n"
    )
    assert good(raw).body == "tomio"


def test_2_4_an_enclosed_mail_is_somebody_elses() -> None:
    raw = BASE + (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"From: x@y.example\r\n\r\nDistrict: tomio\r\n--b--\r\n"
    )
    assert good(raw).body == ""


def test_an_attached_text_is_not_the_body() -> None:
    raw = BASE + (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment\r\n\r\nfile\r\n"
        b"--b\r\n\r\ntext\r\n--b--\r\n"
    )
    assert good(raw).body == "text"


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; x=y",
        "Auto-Submitted: no\r\nAuto-Submitted: auto-replied",
        "Precedence: bulk",
        "Precedence: list",
        "Precedence: junk",
        "List-Id: <l.example>",
        "List-Unsubscribe: <mailto:x@l.example>",
        "X-Auto-Response-Suppress: All",
        "X-Autoreply: yes",
        "Return-Path: <>",
        "Content-Type: multipart/report; boundary=b; report-type=delivery-status",
    ],
)
def test_6_what_a_program_wrote_is_automatic(field: str) -> None:
    assert good(BASE + field.encode() + b"\r\n\r\nx").automatic


@pytest.mark.parametrize(
    "author",
    ["MAILER-DAEMON@x.example", "postmaster@x.example", "no-reply@x.example", "bounces+1@x.example", "help@example.jp"],
)
def test_6_robots_and_ourselves_are_automatic(author: str) -> None:
    assert good(f"From: {author}\r\n\r\nx".encode()).automatic


def test_6_a_null_sender_is_automatic() -> None:
    assert good(BASE + b"\r\nx", sender=None).automatic
    assert good(BASE + b"\r\nx", sender="").automatic


def test_6_a_person_is_not_automatic() -> None:
    assert not good(BASE + b"Auto-Submitted: no\r\n\r\nx").automatic


@pytest.mark.parametrize(
    "field", ["", "From: a@b.example\r\nFrom: c@d.example\r\n", "From: a@b.example, c@d.example\r\n"]
)
def test_none_or_several_from_fields_name_nobody(field: str) -> None:
    assert good(field.encode() + b"Subject: x\r\n\r\nx").author is None


@pytest.mark.parametrize(
    "value", ["", "no brackets", "<a@b> <c@d>", "<" + "a" * 200 + "@b.example>", "<a b@c.example>", "<[>"]
)
def test_6_only_a_valid_message_id_is_kept(value: str) -> None:
    assert good(BASE + f"Message-ID: {value}\r\n\r\n".encode()).message_id is None


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("", "", "ja"),
        ("登録", "", "ja"),
        ("Register", "", "en"),
        ("", "1, 3", "ja"),
        ("Hello", "富雄", "ja"),
        ("Re: [見守りメール] Please reply to finish your registration", "", "en"),
        ("Re: 【見守りメール】登録の確認", "", "ja"),
    ],
)
def test_6_an_english_mail_has_latin_words_and_nothing_japanese(subject: str, text: str, expected: str) -> None:
    assert language(subject, text) == expected


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>地区：富雄</p><p>同意：はい</p>", "地区：富雄\n同意：はい"),
        ("<p>a</p>\r\n  <p>b</p>", "a\nb"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("<p>a</p><p>&nbsp;</p><p>b</p>", "a\n \nb"),
        ("<html><head><title>t</title><style>p{}</style><body>x", "x"),
        ("<script>if (a < b) '<p>'</script>x", "x"),
        ("x<!-- <p>hidden</p> -->y", "xy"),
        ("x<blockquote>quoted<blockquote>twice</blockquote></blockquote>y", "x\ny"),
        ("1 < 2 &amp; 3", "1 < 2 & 3"),
        ("<!DOCTYPE html>x<a href='y'>link</a>", "xlink"),
        ("x<a", "x"),
        ("x<!--", "x"),
        ("x<style>y", "x"),
    ],
)
def test_2_4_the_text_of_html_is_what_a_reader_sees(html: str, text: str) -> None:
    assert visible_text(html) == text


NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(60))
SPITEFUL = {
    "a million lines": BASE + b"\r\n" + b"\n" * 1_000_000,
    "one long line": BASE + b"\r\n" + b"a" + b" " * 1_000_000 + b"b",
    "quotation marks": BASE + b"\r\n" + b"> " * 500_000,
    "half encoded words": BASE + b"Subject: " + b"=?x?q?" * 150_000 + b"\r\n\r\n",
    "half encoded fields": BASE + (b"X-District: " + b"=?x?q?" * 300 + b"\r\n") * 500 + b"\r\n",
    "folded lines": BASE + b"Subject: a\r\n" + b" b\r\n" * 250_000 + b"\r\n",
    "parameters": BASE + b"Content-Type: text/plain" + b"; a=b" * 100_000 + b"\r\n\r\nx",
    "nested parts": BASE + NESTED + b"x\r\n" * 300_000,
    "many parts": BASE + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 100_000,
    "From in quotation marks": b"From: " + b'\\"' * 500_000 + b"\r\n\r\n",
    "From without end": b"From: " + b"a" * 1_000_000 + b"\r\n\r\n",
    **{
        f"html {piece!r}": BASE + b"Content-Type: text/html\r\n\r\n" + piece * (1_000_000 // len(piece))
        for piece in (b"<", b"<a ", b"<a '", b"<!--", b"<!a", b"<?", b"</", b"&", b"<script>", b"<blockquote>", b"<br>")
    },
}


@pytest.mark.parametrize("raw", SPITEFUL.values(), ids=SPITEFUL)
def test_no_mail_of_a_megabyte_takes_a_second(raw: bytes) -> None:
    started = time.process_time()
    reading(raw)
    assert time.process_time() - started < 1.0


def test_a_mail_of_too_many_parts_and_lines_is_refused() -> None:
    assert reading(SPITEFUL["nested parts"]) == Malformed(cause="too-complex")


def test_6_a_mail_that_shows_no_language_is_answered_in_the_towns() -> None:
    assert (language("", ""), language("", "", "en"), language("", "富雄", "en"), language("", "hello", "ja")) == (
        *("ja", "en", "ja", "en"),
    )
