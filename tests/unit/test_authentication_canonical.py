"""The canonical forms of RFC 6376, 3.4, with its own examples and at their edges."""

import time

import pytest

from gateway.authentication.canonical import Form, body, header, squeezed


def test_the_example_of_the_standard_in_relaxed_form() -> None:
    assert header(b"A: X\r\n", Form.RELAXED) == b"a:X\r\n"
    assert header(b"B : Y\t\r\n\tZ  \r\n", Form.RELAXED) == b"b:Y Z\r\n"
    assert body(b" C \r\nD \t E\r\n\r\n\r\n", Form.RELAXED) == b" C\r\nD E\r\n"


def test_the_example_of_the_standard_in_simple_form() -> None:
    assert header(b"B : Y\t\r\n\tZ  \r\n", Form.SIMPLE) == b"B : Y\t\r\n\tZ  \r\n"
    assert body(b" C \r\nD \t E\r\n\r\n\r\n", Form.SIMPLE) == b" C \r\nD \t E\r\n"


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n\r\n"])
def test_an_empty_body_is_one_line_end_in_simple_form_and_nothing_in_relaxed(data: bytes) -> None:
    assert body(data, Form.SIMPLE) == b"\r\n"
    assert body(data, Form.RELAXED) == b""


@pytest.mark.parametrize("data", [b"a", b"a\r\n", b"a \t\r\n", b"a\r\n \t\r\n", b"a \r\n\t\r\n", b"a\t\r\n\r\n \r\n"])
def test_blanks_at_the_end_do_not_count_in_relaxed_form(data: bytes) -> None:
    assert body(data, Form.RELAXED) == b"a\r\n"


def test_a_line_end_is_added_in_simple_form() -> None:
    assert body(b"a ", Form.SIMPLE) == b"a \r\n"


@pytest.mark.parametrize("unit", [b" ", b"\t", b" a", b"  \r\n", b"\r\n", b" \t \r\na"])
def test_a_large_body_takes_linear_time(unit: bytes) -> None:
    data = unit * (1_048_576 // len(unit))
    started = time.process_time()
    body(data, Form.RELAXED)
    body(data, Form.SIMPLE)
    squeezed(data)
    assert time.process_time() - started < 0.3
