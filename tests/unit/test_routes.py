"""Which command an address names (protocol 1, 1.1)."""

from dataclasses import replace

import pytest

from handlers.mail import Route
from handlers.routes import HANDLERS, STAFF_COMMANDS, TAGGED_COMMANDS, TOKEN_COMMANDS, route
from tests.fakes.village import TOWN


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("subscribe@example.jp", Route(command="subscribe")),
        ("Subscribe@EXAMPLE.JP", Route(command="subscribe")),
        ("subscribe+tomio@example.jp", Route(command="subscribe", tag="tomio")),
        ("subscribe+a+b@example.jp", Route(command="subscribe", tag="a+b")),
        ("unsubscribe@example.jp", Route(command="unsubscribe")),
        ("confirm+ABC@example.jp", Route(command="confirm", tag="abc")),
        ("alert@example.jp", Route(command="alert")),
        ("postmaster", Route(command="postmaster")),
        ("Postmaster", Route(command="postmaster")),
        ("abuse@example.jp", Route(command="abuse")),
    ],
)
def test_1_an_address_of_ours_names_its_command(recipient: str, expected: Route) -> None:
    assert route(recipient, TOWN) == expected


@pytest.mark.parametrize(
    "recipient",
    [
        "subscribe@other.example",
        "subscribe@sub.example.jp",
        "nobody@example.jp",
        "subscribe",
        "@example.jp",
        "confirm@example.jp",
        "confirm+@example.jp",
        "leave@example.jp",
        "unsubscribe+x@example.jp",
        "alert+x@example.jp",
        "abuse",
        "",
    ],
)
def test_1_1_there_is_no_other_address(recipient: str) -> None:
    assert route(recipient, TOWN) is None


def test_1_without_an_administrator_there_is_nobody_to_pass_a_mail_on_to() -> None:
    assert route("postmaster", replace(TOWN, admin=None)) is None


def test_every_set_of_commands_names_commands() -> None:
    assert HANDLERS.keys() >= TOKEN_COMMANDS | TAGGED_COMMANDS | STAFF_COMMANDS
