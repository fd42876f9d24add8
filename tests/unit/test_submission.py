"""Passwords, waits after wrong ones, and the dialogue of AUTH (protocol 7.2)."""

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.submission import passwords
from gateway.submission.dialogue import credentials
from gateway.submission.identity import held_to
from gateway.submission.lockout import FORGOTTEN, Lockout
from gateway.submission.logins import Logins
from gateway.throttle import Refusals
from handlers import replies
from handlers.coverage import Coverage
from handlers.mail import Verdict
from handlers.replies import Reply
from handlers.town import StaffMember
from tests.fakes.village import MOTHER, TEACHER, TOWN, posted

PASSWORD = "とても長い合言葉です 2026"
HASH = passwords.hashed(PASSWORD)


def b64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


# --- hashes -------------------------------------------------------------------------------------


def test_7_2_a_hash_fits_its_own_password_and_no_other_and_is_salted() -> None:
    assert passwords.fits(PASSWORD.encode(), HASH)
    assert not passwords.fits(PASSWORD.encode() + b"x", HASH)
    assert not passwords.fits(b"", HASH)
    assert passwords.hashed(PASSWORD) != HASH
    assert PASSWORD not in HASH


def test_7_2_a_hash_is_argon2id_of_19_mib_and_two_rounds() -> None:
    assert HASH.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.acceptable(HASH)


@pytest.mark.parametrize(
    "line",
    [
        "",
        PASSWORD,
        HASH.replace("argon2id", "argon2i"),
        HASH.replace("m=19456", "m=1024"),
        HASH.replace("m=19456", "m=9999999"),
        HASH.replace("t=2", "t=1"),
        HASH.replace("t=2", "t=999"),
        HASH.replace("p=1", "p=64"),
        HASH + "\n",
        "$2b$12$" + "a" * 53,
    ],
    ids=["none", "plain", "argon2i", "weak", "dear", "one round", "many rounds", "many lanes", "two lines", "bcrypt"],
)
def test_7_2_what_is_no_strong_hash_or_too_dear_a_one_is_not_taken(line: str) -> None:
    assert not passwords.acceptable(line)


@pytest.mark.parametrize("password", [b"", b"\0" * 32, PASSWORD.encode(), b"x" * 1_000])
def test_7_2_nothing_leads_to_the_hash_of_nobody(password: bytes) -> None:
    assert passwords.HASH.match(passwords.NOBODY)
    assert not passwords.fits(password, passwords.NOBODY)


# --- waits --------------------------------------------------------------------------------------


def failures(lockout: Lockout, count: int, network: str = "n", name: str = "a") -> None:
    for _ in range(count):
        lockout.failed(network, name, 0.0)


def test_7_2_the_third_wrong_password_costs_a_wait_that_doubles() -> None:
    lockout = Lockout()
    failures(lockout, 2)
    assert not lockout.waits("n", "a", 0.0)
    ends = []
    for _ in range(4):
        failures(lockout, 1)
        ends.append(next(second for second in range(1_000) if not lockout.waits("n", "z", second)))
    assert ends == [2, 4, 8, 16]


def test_7_2_the_wait_counts_for_the_network_and_for_the_name_each() -> None:
    lockout = Lockout()
    failures(lockout, 3)
    assert lockout.waits("n", "another", 1.0)
    assert lockout.waits("elsewhere", "a", 1.0)
    assert not lockout.waits("elsewhere", "another", 1.0)


def test_7_2_a_stranger_locks_nobody_out_for_longer_than_a_minute_but_their_network_for_an_hour() -> None:
    lockout = Lockout()
    failures(lockout, 30)
    assert lockout.waits("elsewhere", "a", 59.0)
    assert not lockout.waits("elsewhere", "a", 61.0)
    assert lockout.waits("n", "another", 3_599.0)
    assert not lockout.waits("n", "another", 3_601.0)


def test_7_2_strangers_who_try_without_end_do_not_lock_somebody_out_at_their_usual_place() -> None:
    lockout = Lockout()
    lockout.succeeded("school", "a")
    for number in range(30):
        lockout.failed(f"elsewhere {number}", "a", 0.0)
    assert not lockout.waits("school", "a", 1.0)
    assert lockout.waits("home", "a", 1.0)
    failures(lockout, 3, "school", "a")
    assert lockout.waits("school", "a", 1.0)


def test_7_2_a_right_password_and_a_quiet_day_forget_the_failures() -> None:
    lockout = Lockout()
    failures(lockout, 3)
    lockout.succeeded("n", "a")
    assert not lockout.waits("n", "a", 0.0)
    failures(lockout, 10)
    lockout.failed("n", "a", FORGOTTEN + 1)
    assert not lockout.waits("n", "a", FORGOTTEN + 1)


def test_7_2_what_is_remembered_is_bounded() -> None:
    lockout = Lockout()
    for number in range(11_000):
        lockout.failed(f"n{number}", f"a{number}", 0.0)
    assert len(lockout._failures) == 10_000


# --- logins -------------------------------------------------------------------------------------

MEMBER = StaffMember(id="taro", address=TEACHER, organisation="富雄小学校", submission=HASH)
UNABLE = StaffMember(id="jiro", address=MOTHER, organisation="帯解小学校")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.submission.logins.FLOOR", 0.0)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("name", "password", "right"),
    [
        (TEACHER.canonical, PASSWORD, True),
        (f" {TEACHER.canonical.upper()} ", PASSWORD, True),
        (TEACHER.canonical, "wrong", False),
        (TEACHER.canonical, "", False),
        (MOTHER.canonical, PASSWORD, False),
        (MOTHER.canonical, "", False),
        ("nobody@x.example", PASSWORD, False),
        ("", "", False),
    ],
)
def test_7_2_only_a_member_of_staff_with_a_password_and_the_right_one_logs_in(
    name: str, password: str, right: bool
) -> None:
    counts: dict[str, int] = {}
    refusals = Refusals(counts.__setitem__)
    logins = Logins(lambda: replace(TOWN, staff=(MEMBER, UNABLE)), refusals)
    found = asyncio.run(logins.login(name, password.encode(), "192.0.2.0/24"))
    assert found == (MEMBER if right else replies.LOGIN_REFUSED)
    logins.report()
    assert counts == ({} if right else {"192.0.2.0/24": 1})


@pytest.mark.usefixtures("quick")
def test_7_2_while_one_has_to_wait_even_the_right_password_is_not_tried() -> None:
    logins = Logins(lambda: TOWN, Refusals(lambda network, count: None), now=lambda: 0.0)

    async def attempts() -> list[object]:
        return [await logins.login("a@b.example", b"x", "n") for _ in range(4)]

    assert asyncio.run(attempts()) == [replies.LOGIN_REFUSED] * 3 + [replies.LOGIN_LATER]


# --- AUTH ---------------------------------------------------------------------------------------


def asked(argument: str, *lines: bytes | None) -> tuple[str, bytes] | Reply:
    waiting: Iterator[bytes | None] = iter(lines)

    async def ask(challenge: str) -> bytes | None:
        assert challenge.startswith("334 ")
        return next(waiting)

    return asyncio.run(credentials(argument, ask))


def test_7_2_plain_and_login_are_read_with_and_without_an_initial_answer() -> None:
    whole = b64(b"\0taro@school.example\0secret")
    expected = ("taro@school.example", b"secret")
    assert asked(f"PLAIN {whole}") == expected
    assert asked("plain", whole.encode()) == expected
    assert asked("PLAIN " + b64(b"taro@school.example\0taro@school.example\0secret")) == expected
    assert asked("LOGIN", b64(b"taro@school.example").encode(), b64(b"secret").encode()) == expected
    assert asked("LOGIN " + b64(b"taro@school.example"), b64(b"secret").encode()) == expected


@pytest.mark.parametrize(
    ("argument", "lines"),
    [
        ("PLAIN", [b"*"]),
        ("PLAIN", [None]),
        ("PLAIN", [b"not base64!"]),
        ("PLAIN =", []),
        ("PLAIN " + b64(b"someone\0taro@school.example\0secret"), []),
        ("PLAIN " + b64(b"a\0b"), []),
        ("PLAIN " + b64(b"\0a\0b\0c"), []),
        ("PLAIN " + b64(b"\0\xff\0b"), []),
        ("PLAIN " + b64(b"\0a\0" + b"b" * 2_000), []),
        ("LOGIN", [b"*"]),
        ("LOGIN", [b64(b"a").encode(), b"*"]),
        ("LOGIN", [b64(b"\xff").encode(), b64(b"b").encode()]),
    ],
)
def test_7_2_anything_else_is_a_wrong_argument(argument: str, lines: list[bytes | None]) -> None:
    assert asked(argument, *lines) == replies.BAD_ARGUMENT


def test_7_2_no_other_mechanism_is_known() -> None:
    assert asked("CRAM-MD5") == replies.BAD_PARAMETER
    assert asked("") == replies.BAD_PARAMETER


# --- who logged in ------------------------------------------------------------------------------


def test_7_2_who_logged_in_may_only_write_as_themselves_and_is_proven_by_the_signature_alone() -> None:
    proven = posted("text")
    assert held_to(None, proven, TOWN) is proven
    assert held_to("taro", proven, TOWN) is proven
    assert held_to("jiro", proven, TOWN) == Verdict(cause="other-login")
    tested = Verdict(coverage=Coverage(author=TEACHER))
    assert held_to("taro", tested, TOWN) is tested
    assert held_to("jiro", tested, TOWN) == Verdict(cause="other-login")
    unproven = Verdict(cause="no-signature")
    assert held_to("taro", unproven, TOWN) is unproven
