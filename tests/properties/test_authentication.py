"""Whatever the octets are: an answer with a named cause, never an exception, and never an author for altered words."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as some

from gateway.authentication import canonical
from gateway.authentication.canonical import Form
from gateway.authentication.causes import CAUSES
from gateway.authentication.coverage import examine
from gateway.authentication.encoded_words import unencoded
from gateway.authentication.lint import Field, Message, lint
from gateway.authentication.pipeline import prove
from gateway.authentication.sender import author
from gateway.authentication.tags import tag_list
from handlers.charsets import FOR_ALERTS, OTHERS, decode
from handlers.coverage import Coverage
from handlers.mail import Verdict
from storage.records import Address
from tests.fakes.school import NOW, TEACHER, forge, letter, published, town, verdict
from tests.fakes.signer import COVERED, compose

GENUINE = letter("District: tomio\n\nBe careful.\n", {"X-District": "tomio"}, subject="Alert")
SIMPLE = letter("District: tomio\n\nBe careful.\n", subject="Alert", canonical=(b"simple", b"simple"))

# Pieces of which hostile mails are made.
PIECES = some.sampled_from(
    [
        *(
            b"\r\n",
            b"\r",
            b"\n",
            b" ",
            b"\t",
            b"\0",
            b"\x1b$B",
            b"\x1b(B",
            b":",
            b";",
            b"=",
            b"<",
            b">",
            b'"',
            b"\\",
            b",",
        ),
        *(b"From: taro@school.example\r\n", b"Subject: x\r\n", b"DKIM-Signature: v=1; d=school.example; ", b"\r\n\r\n"),
        *(
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b"--b\r\n",
            b"--b--",
            b"=?utf-8?b?",
            b"?=",
            b"h=from:",
            b"\xff",
        ),
    ]
)
OCTETS = some.one_of(some.binary(max_size=300), some.lists(PIECES, max_size=40).map(b"".join))


@settings(deadline=None)
@given(OCTETS)
def test_any_octets_get_a_cause_and_no_author(raw: bytes) -> None:
    found = asyncio.run(prove(raw, town=town(), resolver=published(), now=NOW))
    assert isinstance(found, Verdict)
    assert found.author is None
    assert found.cause in CAUSES


@settings(deadline=None)
@given(OCTETS)
def test_any_body_under_a_right_signature_gets_an_answer(body: bytes) -> None:
    mail = compose(TEACHER, "alert@example.jp", "Alert", "", {"Content-Type": "multipart/mixed; boundary=b"}, date=NOW)
    found = verdict(forge(mail + body, COVERED))
    assert isinstance(found, Verdict)
    assert (found.proof is None) == (found.cause in CAUSES)


@settings(max_examples=300, deadline=None)
@given(some.sampled_from([GENUINE, SIMPLE]), some.data())
def test_one_changed_octet_never_changes_what_is_proven(genuine: bytes, data: some.DataObject) -> None:
    at = data.draw(some.integers(0, len(genuine) - 1))
    octet = data.draw(some.integers(0, 255))
    altered = genuine[:at] + bytes([octet]) + genuine[at + 1 :]
    before, after = verdict(genuine), verdict(altered)
    assert isinstance(before, Verdict)
    assert isinstance(after, Verdict)
    assert before.proof is not None
    if after.proof is not None:
        assert after.author == Address(TEACHER)
        assert (after.proof.subject, after.proof.text) == (before.proof.subject, before.proof.text)
        assert (after.proof.message_id, after.proof.date) == (before.proof.message_id, before.proof.date)
        assert after.proof.body_hash == before.proof.body_hash


@settings(deadline=None)
@given(
    some.lists(
        some.sampled_from([b"Subject: Fire\r\n", b"From: x@y.example\r\n", b"Cc: x@y.example\r\n", b"X-A: b\r\n"])
    )
)
def test_fields_put_on_top_never_change_what_is_proven(added: list[bytes]) -> None:
    found = verdict(b"".join(added) + GENUINE)
    assert isinstance(found, Verdict)
    if found.proof is not None:
        assert set(added) <= {b"X-A: b\r\n"}
        assert (found.proof.subject, found.proof.signed_fields) == ("Alert", {})


@settings(max_examples=300, deadline=None)
@given(some.sampled_from([GENUINE, SIMPLE]), some.data())
def test_5_11_the_self_test_objects_where_an_alert_is_refused_and_nowhere_else(
    genuine: bytes, data: some.DataObject
) -> None:
    at = data.draw(some.integers(0, len(genuine) - 1))
    altered = genuine[:at] + data.draw(PIECES) + genuine[at + data.draw(some.integers(0, 2)) :]
    found, said = verdict(altered), asyncio.run(examine(altered, town=town(), resolver=published(), now=NOW))
    assert isinstance(found, Verdict)
    assert isinstance(said, Coverage)
    assert (found.proof is None) == bool(said.objections)
    assert found.cause in (None, *said.causes)


@given(OCTETS)
def test_the_lint_loses_no_octet(raw: bytes) -> None:
    found = lint(raw)
    if isinstance(found, Message):
        assert b"".join(field.raw for field in found.fields) + b"\r\n" + found.body == raw


@given(some.text(alphabet='ab@.<>"(),;:\\[]= \t\r\n?', max_size=40))
def test_from_is_one_address_or_nobody(value: str) -> None:
    found = author(Field("from", b"From: " + value.encode() + b"\r\n"))
    if isinstance(found, Address):
        assert value.replace("\r\n", "").lower().count(found.canonical) >= 1
        assert found.canonical.count("@") == 1


@given(some.binary(max_size=200))
def test_canonical_forms_are_stable(data: bytes) -> None:
    lines = data.replace(b"\r", b"").replace(b"\n", b"\r\n") + b"\r\n"
    for form in Form:
        once = canonical.body(lines, form)
        assert canonical.body(once, form) == once
    assert canonical.body(canonical.body(lines, Form.SIMPLE), Form.RELAXED) == canonical.body(lines, Form.RELAXED)


@given(some.text(alphabet="ab=;: \t\r\n", max_size=60))
def test_a_tag_list_holds_no_separator(text: str) -> None:
    for name, value in (tag_list(text.encode()) or {}).items():
        assert name.strip() == name
        assert b";" not in value


@settings(deadline=None)  # the tables of a charset are loaded at its first use
@given(
    some.binary(max_size=100),
    some.one_of(some.none(), some.sampled_from(sorted(FOR_ALERTS | OTHERS.keys())), some.text()),
)
def test_decoding_gives_text_or_nothing(data: bytes, charset: str | None) -> None:
    assert isinstance(decode(data, charset), str | None)


@given(some.text(alphabet=some.characters(max_codepoint=126, min_codepoint=32), max_size=80))
def test_a_value_of_ascii_decodes_or_not(line: str) -> None:
    assert isinstance(unencoded(line), str | None)
