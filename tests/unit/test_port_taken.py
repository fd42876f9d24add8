"""A port that cannot be had is told with its setting and the remedy (protocol 9)."""

import errno

import pytest

from gateway.listener import no_port


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EADDRINUSE, "address already in use); stop the program that has it"),
        (errno.EACCES, "permission denied); choose a host of this machine"),
    ],
)
def test_9_a_port_that_cannot_be_had_is_told_with_its_setting(number: int, said: str) -> None:
    message = str(no_port("[listener] port", "127.0.0.1", 25, OSError(number, "")))
    assert message.startswith("[listener] port: 127.0.0.1:25 cannot be listened to (")
    assert said in message
