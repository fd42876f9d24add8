"""What a proven mail says comes from what was signed, and can be read in one way only (protocol 5.2, 5.9)."""

import base64
import quopri

import pytest

from gateway.authentication.encoded_words import unencoded
from tests.fakes.school import NOW, TEACHER, cause, forge, letter, proof
from tests.fakes.signer import COVERED, Attachment, compose

TEXT = "District: tomio\n\n富雄の公園で声かけ。\n"
WITHOUT_TYPE = tuple(name for name in COVERED if name != "content-type")
NEITHER = tuple(name for name in WITHOUT_TYPE if name != "content-transfer-encoding")


def mail(
    content_type: str | None, body: bytes, encoding: str | None = None, covered: tuple[str, ...] = COVERED
) -> bytes:
    """A right signature over any body."""
    head = compose(TEACHER, "alert@example.jp", "Alert", "", date=NOW).partition(b"Content-Type")[0]
    if content_type is not None:
        head += b"Content-Type: " + content_type.encode() + b"\r\n"
    if encoding is not None:
        head += b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n"
    return forge(head + b"\r\n" + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), covered)


def multipart(*parts: str, boundary: str = "b") -> bytes:
    return "".join(f"--{boundary}\n{part}\n" for part in parts).encode() + f"--{boundary}--\n".encode()


PLAIN = "Content-Type: text/plain; charset=utf-8\n\nDistrict: tomio\n"
HTML = "Content-Type: text/html\n\n<p>Other</p>"
PDF = 'Content-Type: application/pdf; name="\u00e9.pdf"\nContent-Transfer-Encoding: base64\n\nAAAA'
INNER = "Content-Type: multipart/mixed; boundary=bc\n\n" + multipart(HTML, PDF, HTML, boundary="bc").decode()


# --- texts and charsets -------------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp", "shift_jis", "euc-jp"])
def test_japanese_text_and_subject_are_read_in_each_charset(charset: str) -> None:
    found = proof(letter(TEXT, subject="【不審者情報】富雄小学校区での声かけ事案について（続報）", charset=charset))
    assert found.text == TEXT
    assert found.subject == "【不審者情報】富雄小学校区での声かけ事案について（続報）"


def test_what_windows_added_to_iso_2022_jp_is_read() -> None:
    assert proof(mail("text/plain; charset=ISO-2022-JP", b"\x1b$B-!\x1b(B\n")).text == "①\n"


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("quoted-printable", quopri.encodestring(TEXT.encode())),
        ("base64", base64.encodebytes(TEXT.encode())),
        ("8bit", TEXT.encode()),
        ("BASE64", base64.encodebytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())),
    ],
)
def test_each_transfer_encoding_is_undone(encoding: str, data: bytes) -> None:
    assert proof(mail("text/plain; charset=UTF-8; format=flowed; delsp=yes", data, encoding)).text == TEXT


def test_a_mail_without_any_mime_field_is_read() -> None:
    assert proof(mail(None, b"District: tomio\n")).text == "District: tomio\n"
    assert proof(mail(None, b"")).text == ""


@pytest.mark.parametrize(
    ("content_type", "encoding", "body", "expected"),
    [
        ("text/plain; charset=utf-7", None, b"+AGEAYg-", "charset"),
        ("text/plain; charset=unknown", None, b"a", "charset"),
        ("text/plain; charset=iso-8859-1", None, b"a", "charset"),
        ("text/plain; charset=us-ascii", "8bit", b"\xe3\x81\x82", "charset"),
        ("text/plain; charset=utf-8", "8bit", b"\xff", "charset"),
        ("text/plain; charset=utf-8", None, b"a\x1b[31mb", "control-in-text"),
        ("text/plain; charset=utf-8", "quoted-printable", b"a=00b", "control-in-text"),
        ("text/plain; charset=utf-8", "8bit", "a\x85b".encode(), "control-in-text"),
        ("text/plain; charset=utf-8", "base64", b"YWJj!", "transfer-encoding"),
        ("text/plain; charset=utf-8", "base64", b"YWJ", "transfer-encoding"),
        ("text/plain; charset=utf-8", "x-uuencode", b"a", "transfer-encoding"),
        ("text/plain; charset=utf-8; charset=euc-jp", None, b"a", "content-type"),
        ("text/plain; charset*0=utf; charset*1=-8", None, b"a", "content-type"),
        ("text/plain (comment); charset=utf-8", None, b"a", "content-type"),
        ("text", None, b"a", "content-type"),
        ("", None, b"a", "content-type"),
        ("message/rfc822", None, b"From: x\n\na", "message-inside"),
        ("message/partial", None, b"a", "message-inside"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_read_for_certain_is_refused(
    content_type: str, encoding: str | None, body: bytes, expected: str
) -> None:
    assert cause(mail(content_type, body, encoding)) == expected


# --- parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body", "text", "attachments"),
    [
        ('multipart/mixed; boundary="b"', multipart(PLAIN), "District: tomio\n", 0),
        ("multipart/mixed; boundary=b", multipart(PLAIN, PDF), "District: tomio\n", 1),
        ("multipart/alternative; boundary=b", multipart(PLAIN, HTML), "District: tomio\n", 0),
        ("multipart/alternative; boundary=b", multipart(HTML, PLAIN), "District: tomio\n", 0),
        ("multipart/mixed; boundary=b", multipart(PLAIN, HTML), "District: tomio\n", 1),
        ("multipart/alternative; boundary=b", multipart(HTML), None, 0),
        ("multipart/mixed; boundary=b", multipart(HTML, PDF), None, 1),
        ("text/html; charset=utf-8", b"<p>x</p>", None, 0),
        ("application/pdf", b"x", "", 1),
        ("multipart/mixed; boundary=b", b"preamble\n" + multipart(PLAIN) + b"epilogue\n", "District: tomio\n", 0),
        ("multipart/mixed; boundary=b", multipart("\nDistrict: tomio"), "District: tomio", 0),
        ("multipart/mixed; boundary=b", multipart("Content-Type: text/plain\n"), "", 0),
        (
            "multipart/mixed; boundary=b",
            multipart("Content-Disposition: attachment; filename=a.txt\n\nFake", PLAIN),
            "District: tomio\n",
            1,
        ),
        (
            "multipart/alternative; boundary=b",
            multipart(PLAIN, INNER),
            "District: tomio\n",
            1,
        ),
        (
            'multipart/signed; protocol="application/pkcs7-signature"; boundary=b',
            multipart(PLAIN, "Content-Type: application/pkcs7-signature\n\nx"),
            "District: tomio\n",
            0,
        ),
    ],
)  # fmt: skip
def test_the_first_text_is_taken_and_what_is_left_out_is_counted(
    content_type: str, body: bytes, text: str | None, attachments: int
) -> None:
    found = proof(mail(content_type, body))
    assert (found.text.replace("\r\n", "\n") if found.text else found.text, found.attachments) == (text, attachments)


def test_an_ordinary_mail_with_files_is_read() -> None:
    found = proof(letter(TEXT, attachments=[Attachment(name="a.pdf", data=b"%PDF" * 99)] * 2))
    assert (found.text, found.attachments) == (TEXT, 2)


def nested(depth: int) -> bytes:
    body = PLAIN.encode()
    for level in range(depth):
        head = f"Content-Type: multipart/mixed; boundary=b{level}x\n\n".encode()
        body = head + multipart(body.decode(), boundary=f"b{level}x")
    return body


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("multipart/mixed", multipart(PLAIN), "content-type"),
        ('multipart/mixed; boundary=""', multipart(PLAIN), "content-type"),
        ('multipart/mixed; boundary="b "', multipart(PLAIN), "content-type"),
        ('multipart/mixed; boundary="' + "b" * 71 + '"', multipart(PLAIN), "content-type"),
        ("multipart/mixed; boundary=b; boundary=c", multipart(PLAIN), "content-type"),
        ("multipart/mixed; boundary*=b", multipart(PLAIN), "content-type"),
        ("multipart/digest; boundary=b", multipart(PLAIN), "content-type"),
        ("multipart/report; boundary=b", multipart(PLAIN), "content-type"),
        ("multipart/encrypted; boundary=b", multipart(PLAIN), "content-type"),
        ("multipart/mixed; boundary=c", multipart(PLAIN), "mime-grammar"),
        ("multipart/mixed; boundary=b", multipart(PLAIN)[:-4], "mime-grammar"),
        ("multipart/mixed; boundary=b", multipart(), "mime-grammar"),
        ("multipart/mixed; boundary=b", b"--b\n" + multipart(PLAIN), "mime-grammar"),
        ("multipart/mixed; boundary=b", multipart(PLAIN) + multipart(PLAIN), "mime-grammar"),
        ("multipart/mixed; boundary=b", multipart("no field\n\nx"), "mime-grammar"),
        ("multipart/mixed; boundary=b", multipart("Content-Type: text/plain"), "mime-grammar"),
        ("multipart/mixed; boundary=b", multipart("Content-Type: a/b\nContent-Type: a/b\n\nx"), "mime-grammar"),
        ("multipart/mixed; boundary=b", multipart("X: " + "\n y" * 9_000 + "\n\nx"), "mime-grammar"),
        ("multipart/mixed; boundary=b", multipart(PLAIN, "Content-Type: message/rfc822\n\nx"), "message-inside"),
        ("multipart/mixed; boundary=b", multipart(*[PDF] * 30), "too-many-parts"),
        ("multipart/mixed; boundary=b", multipart(*[PDF] * 3_000), "too-many-parts"),
        ("multipart/mixed; boundary=b", multipart(nested(8).decode()), "too-deep"),
    ],
)  # fmt: skip
def test_parts_that_could_be_read_in_two_ways_are_refused(content_type: str, body: bytes, expected: str) -> None:
    assert cause(mail(content_type, body)) == expected


def test_parts_in_parts_are_read_to_a_depth_of_eight() -> None:
    assert proof(
        mail("multipart/mixed; boundary=b", multipart(nested(7).decode()))
    ).text == "District: tomio\n\n".replace("\n\n", "\n")


def test_an_encoded_multipart_is_refused() -> None:
    assert cause(mail("multipart/mixed; boundary=b", multipart(PLAIN), "base64")) == "transfer-encoding"


# --- Content-Type not covered -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "encoding", "body"),
    [
        ("text/plain; charset=utf-8", "8bit", TEXT.encode()),
        ("text/plain", None, b"District: tomio\n"),
        (None, None, b"District: tomio\n"),
        ("multipart/mixed; boundary=b", None, multipart(PLAIN)),
        ("multipart/mixed; boundary=b", "7bit", b"\n\n" + multipart(PLAIN) + b"\n\n"),
        ("multipart/mixed; boundary=b", None, b"This is a multi-part message in MIME format.\n" + multipart(PLAIN)),
    ],
)
def test_an_uncovered_type_is_believed_where_the_body_leaves_no_choice(
    content_type: str | None, encoding: str | None, body: bytes
) -> None:
    assert (proof(mail(content_type, body, encoding, NEITHER)).text or "").startswith("District: tomio\n")


@pytest.mark.parametrize(
    ("content_type", "encoding", "body", "expected"),
    [
        ("text/plain; charset=iso-2022-jp", None, b"\x1b$B!!\x1b(B", "content-not-covered"),
        ("text/plain; charset=utf-8", "8bit", b"\xff", "charset"),
        ("text/plain; charset=utf-8", "base64", base64.encodebytes(TEXT.encode()), "content-not-covered"),
        ("text/plain; charset=utf-8", "quoted-printable", b"a", "content-not-covered"),
        ("text/plain", None, multipart(PLAIN), "content-not-covered"),
        (None, None, multipart(PLAIN), "content-not-covered"),
        ("text/plain", None, b"\n \n" + multipart(PLAIN), "content-not-covered"),
        ("text/plain", None, b"This is a multi-part message in MIME format.\n\n--b\n", "content-not-covered"),
        ("multipart/mixed; boundary=i", None, multipart(PLAIN + "--i\n\nscam\n--i--"), "content-not-covered"),
        ("multipart/mixed; boundary=b", None, b"preamble\n" + multipart(PLAIN), "content-not-covered"),
        ("multipart/mixed; boundary=b", None, multipart(PLAIN) + b"epilogue\n", "content-not-covered"),
        ("multipart/signed; boundary=b", None, multipart(PLAIN), "content-not-covered"),
        ("multipart/mixed; boundary=b", None, b"", "content-not-covered"),
        ("application/pdf", None, b"x", "content-type"),
        ("message/rfc822", None, b"From: x\n\nscam", "content-type"),
    ],
)  # fmt: skip
def test_an_uncovered_type_is_refused_where_another_would_read_otherwise(
    content_type: str | None, encoding: str | None, body: bytes, expected: str
) -> None:
    assert cause(mail(content_type, body, encoding, NEITHER)) == expected


def test_a_covered_transfer_encoding_may_be_any_one() -> None:
    raw = mail("text/plain; charset=utf-8", base64.encodebytes(TEXT.encode()), "base64", WITHOUT_TYPE)
    assert proof(raw).text == TEXT


def test_a_covered_type_tolerates_an_uncovered_transfer_encoding() -> None:
    covered = tuple(name for name in COVERED if name != "content-transfer-encoding")
    raw = mail("text/plain; charset=utf-8", base64.encodebytes(TEXT.encode()), "base64", covered)
    assert proof(raw).text == TEXT


def test_a_mail_without_type_whose_absence_is_covered_may_start_with_dashes() -> None:
    assert proof(mail(None, b"-- dashes\n")).text == "-- dashes\n"


# --- subjects -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", ""),
        ("Alert", "Alert"),
        ("=?UTF-8?B?5a+M6ZuE?=", "富雄"),
        ("=?utf-8*ja?q?=E5=AF=8C?=", "富"),
        ("Re: =?UTF-8?B?5a+M?= =?UTF-8?B?6ZuE?= x", "Re: 富雄 x"),
        ("=?UTF-8?B?5a8=?= =?utf-8?b?jOmbhA==?=", "富雄"),
        ("=?utf-8?q?a_b?=  =?us-ascii?q?c?=", "a bc"),
        ("=?ISO-2022-JP?B?GyRCOzNFRBsoQg==?=z", "山田z"),
        ("=?ISO-2022-JP?B?GyRCLSEbKEI?=", "①"),
        ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
        ("=?utf-8?q?a b?=", "=?utf-8?q?a b?="),
    ],
)
def test_encoded_words_are_decoded(line: str, text: str) -> None:
    assert unencoded(line) == text


@pytest.mark.parametrize(
    "line",
    ["=?utf-7?q?x?=", "=?unknown?b?YQ==?=", "=?utf-8?q?=FF?=", "=?utf-8?b?Y!==?=", "=?utf-8?b?Y?=", "=?broken?q?a?="],
)
def test_words_that_do_not_decode_make_the_value_unreadable(line: str) -> None:
    assert unencoded(line) is None


@pytest.mark.parametrize("hidden", ["=0D=0ABcc: x@attack.example", "=00", "=1B[31m", "=E2=80=A8", "=C2=85", "=FF"])
def test_a_subject_that_hides_a_control_character_is_refused(hidden: str) -> None:
    raw = compose(
        TEACHER, "alert@example.jp", "Alert", TEXT, {"Subject": f"=?utf-8?q?a{hidden.replace(' ', '_')}?="}, date=NOW
    )
    assert cause(forge(raw, COVERED)) == "subject-unreadable"


def test_a_folded_subject_with_tabs_is_one_line() -> None:
    raw = compose(TEACHER, "alert@example.jp", "Alert", TEXT, {"Subject": "one\r\n\ttwo"}, date=NOW)
    assert proof(forge(raw, COVERED)).subject == "one two"


def test_a_mail_without_subject_has_an_empty_one_where_h_names_it() -> None:
    raw = compose(TEACHER, "alert@example.jp", "Alert", TEXT, date=NOW).replace(b"Subject: Alert\r\n", b"")
    assert proof(forge(raw, COVERED)).subject == ""
