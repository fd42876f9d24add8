"""Nothing that anybody can send costs a second, not even with a right signature (a neighbour at the same provider)."""

import time
from collections.abc import Callable

import pytest

from handlers.mail import Verdict
from tests.fakes.school import DEFAULT_TAGS, NOW, TEACHER, forge, verdict
from tests.fakes.signer import COVERED, compose

SIZE = 1_000_000
BUDGET = 1.0  # seconds of processor time


def plain(body: bytes = b"Text\r\n", content_type: str = "text/plain; charset=utf-8") -> bytes:
    head = compose(TEACHER, "alert@example.jp", "Alert", "", {"Content-Type": content_type}, date=NOW)
    return head + body


def filled(unit: bytes, size: int = SIZE) -> bytes:
    return unit * (size // len(unit))


def lines(line: bytes) -> bytes:
    return filled(line + b"\r\n")


def tag(name: str, value: str) -> bytes:
    tags = DEFAULT_TAGS | {"h": ":".join(COVERED), "bh": "YWJj", "b": "YWJj"} | {name: value}
    line = "DKIM-Signature: " + "; ".join(f"{key}={text}" for key, text in tags.items())
    return line.encode() + b"\r\n" + plain()


def boxes(depth: int) -> bytes:
    heads = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(depth))
    return heads.encode() + b"--b0--\r\n"


BODIES: dict[str, bytes] = {
    "blanks": lines(b" " * 998),
    "blanks that end in a letter": lines(b" " * 997 + b"a"),
    "blanks and letters in turn": lines(b"a " * 499),
    "tabs": lines(b"\t" * 997 + b"a"),
    "empty lines": filled(b"\r\n"),
    "empty lines before a letter": filled(b"\r\n") + b"a\r\n",
    "short lines": filled(b"a\r\n"),
    "blank lines": filled(b" \r\n"),
    "From lines": lines(b"From a"),
    "dashes": lines(b"--" + b" " * 990 + b"x"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("form", ["relaxed/relaxed", "simple/simple", "relaxed/simple"])
def test_no_body_is_dear_to_hash(body: bytes, form: str) -> None:
    seconds, cause = measured(forge(plain(body), COVERED, {"c": form}))
    assert cause is None
    assert seconds < BUDGET


@pytest.mark.parametrize("body", [filled(b"\r\n") + b"\x1b\r\n", lines(b"a " * 499) + b"\x1b"])
def test_the_largest_mail_is_cheap_with_three_right_signatures_and_a_text_that_is_refused(body: bytes) -> None:
    raw = plain(body)
    for _ in range(3):
        raw = forge(raw, COVERED)
    seconds, cause = measured(raw)
    assert cause == "control-in-text"
    assert seconds < BUDGET


def test_the_largest_mail_is_cheap_with_three_signatures_on_which_the_verifiers_disagree() -> None:
    raw = plain(filled(b"\r\n") + b"a")
    for _ in range(3):
        raw = forge(raw, COVERED, last="; z=a").replace(b"; z=a", b" ; z=a", 1)
    seconds, cause = measured(raw)
    assert cause == "verifiers-disagree"
    assert seconds < BUDGET


MIME: dict[str, Callable[[], bytes]] = {
    "boxes in boxes": lambda: plain(boxes(15_000), "multipart/mixed; boundary=b0"),
    "many parts": lambda: plain(filled(b"--b\r\n\r\n") + b"--b--\r\n", "multipart/mixed; boundary=b"),
    "almost delimiters": lambda: plain(lines(b"--b" + b" " * 990 + b"x"), "multipart/mixed; boundary=b"),
    "long part header": lambda: plain(b"--b\r\n" + lines(b" x") + b"--b--\r\n", "multipart/mixed; boundary=b"),
    "no end": lambda: plain(b"--b\r\n\r\n" + lines(b"a"), "multipart/mixed; boundary=b"),
    "parameters": lambda: plain(b"a\r\n", "text/plain" + ";\r\n a=b" * 1_000),
    "quotes": lambda: plain(b"a\r\n", 'text/plain; a="' + '\r\n \\"' * 1_300),
    "quoted-printable": lambda: plain(lines(b"=E3" * 300)).replace(b"7bit", b"quoted-printable"),
    "base64": lambda: plain(lines(b"YWJj" * 19)).replace(b"7bit", b"base64"),
    "pairs": lambda: plain(lines(b"\x1b$B" + b"-!" * 490 + b"\x1b(B"), "text/plain; charset=iso-2022-jp"),
}


@pytest.mark.parametrize("build", MIME.values(), ids=MIME.keys())
def test_no_content_is_dear_to_read(build: Callable[[], bytes]) -> None:
    seconds, cause = measured(forge(build(), COVERED, {"c": "relaxed/simple"}))
    assert cause not in ("body-altered", "signature-wrong", "verifiers-disagree")
    assert seconds < BUDGET


HEADERS: dict[str, bytes] = {
    "continuation lines": b"X: a" + b"\r\n " * 21_000 + b"\r\n" + plain(),
    "many fields": b"X-A: b\r\n" * 9_000 + plain(),
    "many signatures": tag("z", "a" * 900).partition(b"\r\n")[0] + b"\r\n" + tag("z", "a" * 900) * 50,
    "folded b": tag("b", "a" + "\r\n " * 1_200),
    "blank b": tag("b", "a" + " " * 900 + "!"),
    "blank h": tag("h", "from" + " " * 900 + ":to"),
    "h of many names": tag("h", ":".join(["a"] * 450)),
    "many tags": tag("z", "a;" + ";".join(f"x{n}=1" for n in range(150))),
    "subject of almost words": forge(plain().replace(b"Alert", b"\r\n ".join([b"=?a?q?x" * 120] * 9)), COVERED),
    "subject of words": forge(plain().replace(b"Alert", b"\r\n ".join([b"=?utf-8?q?a?="] * 500)), COVERED),
}  # fmt: skip


@pytest.mark.parametrize("raw", HEADERS.values(), ids=HEADERS.keys())
def test_no_header_is_dear_to_read(raw: bytes) -> None:
    assert measured(raw)[0] < BUDGET / 4


@pytest.mark.parametrize("gap", [b"\r\n " * 1_000, b" " * 600, b"\t" * 600, b" " * 600 + (b"\r\n " + b" " * 600) * 4])
def test_dkimpy_is_not_asked_for_more_than_it_can_do_cheaply(gap: bytes) -> None:
    # A right signature whose b= is folded as often as 4 KiB allow: dkimpy needs quadratic time on it.
    head, _, rest = forge(plain(), COVERED).partition(b"; b=")
    folded = head.replace(b"; bh=", b";\r\n bh=") + b";\r\n b=" + rest[:9] + gap + rest[9:]
    seconds, cause = measured(folded)
    assert cause in (None, "verifiers-disagree")
    assert seconds < BUDGET / 2


def measured(raw: bytes) -> tuple[float, str | None]:
    started = time.process_time()
    found = verdict(raw)
    seconds = time.process_time() - started
    assert isinstance(found, Verdict)
    return seconds, found.cause
