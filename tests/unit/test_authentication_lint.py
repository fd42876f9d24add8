"""Octets that two parsers could read in two ways are refused before any parser."""

import time

import pytest

from gateway.authentication.lint import SINGLETONS, Field, Message, lint

GOOD = b"From: a@b.example\r\nSubject: x\r\n y\r\n\r\nText\r\n"


def test_a_mail_becomes_its_fields_and_its_body() -> None:
    expected = (Field("from", b"From: a@b.example\r\n"), Field("subject", b"Subject: x\r\n y\r\n"))
    assert lint(GOOD) == Message(expected, b"Text\r\n")


def test_a_field_shows_its_value_folded_and_unfolded() -> None:
    message = lint(GOOD)
    assert isinstance(message, Message)
    subject = message.first("subject")
    assert subject is not None
    assert (subject.value, subject.line) == (b" x\r\n y", "x y")
    assert message.first("to") is None


def test_an_empty_body_and_escapes_in_a_body_are_fine() -> None:
    assert isinstance(lint(b"From: a\r\n\r\n"), Message)
    assert isinstance(lint(b"From: a\r\n\r\n\x1b$B!!\x1b(B\xff\r\n"), Message)


@pytest.mark.parametrize(
    ("raw", "cause"),
    [
        (b"", "no-header"),
        (b"\r\n\r\nText", "no-header"),
        (b"\r\nFrom: a\r\n\r\n", "no-header"),
        (b"From: a\r\n", "no-header"),
        (b"From: a\nTo: b\r\n\r\n", "bare-cr-or-lf"),
        (b"Subject: hello\rFrom: evil\r\n\r\n", "bare-cr-or-lf"),
        (b"From: a\r\n\r\nText\n", "bare-cr-or-lf"),
        (b"From: a\r\n\r\nText\r", "bare-cr-or-lf"),
        (b"From: a\r\n\r\nText\r\r\n", "bare-cr-or-lf"),
        (b"From: a\r\n\r\nText\n\r\n.\r\n", "bare-cr-or-lf"),
        (b"From: a\r\n\r\nText\0", "nul-in-body"),
        (b"From: a\0\r\n\r\nText", "control-character"),
        (b"From: a\x1b[31m\r\n\r\nText", "control-character"),
        (b"From: a\x7f\r\n\r\nText", "control-character"),
        (b"From: a\x0b\r\n\r\nText", "control-character"),
        (b"From: \xe5\xaf\x8c\r\n\r\nText", "eight-bit-header"),
        (b" From: a\r\nFrom: b\r\n\r\n", "field-grammar"),
        (b"From : a\r\n\r\n", "field-grammar"),
        (b"From\r\n : a\r\n\r\n", "field-grammar"),
        (b"From a@b\r\nFrom: a\r\n\r\n", "field-grammar"),
        (b"From: a\r\nno colon\r\n\r\n", "field-grammar"),
        (b": a\r\n\r\n", "field-grammar"),
        (b"From: a\r\nResent-From: b\r\n\r\n", "resent-field"),
        (b"From: a\r\nRESENT-X: b\r\n\r\n", "resent-field"),
        (b"X: " + b"a" * 996 + b"\r\n\r\n", "line-too-long"),
        (b"X: a\r\n\r\n" + b"a" * 999, "line-too-long"),
        (b"X: a\r\n" + b"Y: b\r\n" * 200 + b"\r\n", "too-many-fields"),
        (b"X: a" + b"\r\n " * 3_000 + b"\r\n\r\n", "field-too-large"),
        (b"X: a\r\n" + b"Y: bbbbbbbbbbbbbbbbbbbb\r\n" * 3_000 + b"\r\n", "header-too-large"),
        (b"X: a\r\n\r\n" + b"a\r\n" * 400_000, "too-large"),
    ],
)  # fmt: skip
def test_what_is_ambiguous_or_too_much_is_refused(raw: bytes, cause: str) -> None:
    assert lint(raw) == cause


@pytest.mark.parametrize("name", sorted(SINGLETONS))
def test_two_fields_of_a_kind_that_stands_once_are_refused(name: str) -> None:
    raw = f"From: a\r\n{name.upper()}: b\r\n{name.title()}: c\r\n\r\n".encode()
    assert lint(raw) == "duplicate-field"


def test_the_largest_line_and_field_that_are_allowed_pass() -> None:
    assert isinstance(lint(b"X: " + b"a" * 995 + b"\r\n\r\n" + b"b" * 998), Message)
    assert isinstance(lint(b"X:" + b"\r\n " * 2_729 + b"\r\n\r\n"), Message)


@pytest.mark.parametrize(
    "raw",
    [
        b"X: a\r\n\r\n" + b"\r\n" * 524_000,
        b"X: a\r\n\r\n" + (b"a" * 998 + b"\r\n") * 1_048,
        b"X: a" + b"\r\n " * 21_000 + b"\r\n\r\n",
        b"\r" * 1_000_000,
        b"X: a\r\n" * 174_000,
        b" \r\n" * 340_000,
    ],
)
def test_the_lint_is_cheap(raw: bytes) -> None:
    started = time.process_time()
    lint(raw)
    assert time.process_time() - started < 0.3
