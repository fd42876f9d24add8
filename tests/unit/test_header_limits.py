"""The header's bounds, one by one."""

import pytest

from gateway.header_limits import exceeded
from gateway.settings import LimitsSettings

LIMITS = LimitsSettings(header_octets=1_000, header_fields=10, header_field_octets=998)


@pytest.mark.parametrize(
    ("head", "too_much"),
    [
        (b"Subject: a", False),
        (b"\r\n".join([b"X: a"] * 10), False),
        (b"\r\n".join([b"X: a"] * 11), True),
        (b"X: " + b"a" * 993, False),
        (b"X: " + b"a" * 994, True),
        (b"X: a\r\n " + b"b" * 989, False),
        (b"X: a\r\n " + b"b" * 989 + b"\r\n c", True),
        (b"X: " + b"a" * 600 + b"\r\nY: " + b"a" * 600, True),
    ],
)
def test_a_header_is_bounded_as_a_whole_in_each_field_and_in_their_number(head: bytes, too_much: bool) -> None:
    assert exceeded(head + b"\r\n\r\n" + b"z" * 5_000, LIMITS) is too_much
