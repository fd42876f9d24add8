"""Mails that cost much where something is not linear: each is of the largest size that is let in, or near it.

A family is made for one author, whose signature may be right: a neighbour at the same provider can sign anything.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.fakes.school import forge
from tests.fakes.signer import COVERED, Key, compose

SIZE = 900_000


@dataclass(frozen=True, kw_only=True)
class Author:
    """Whose mails they are, and what signs them."""

    address: str
    to: str
    key: Key
    selector: str
    now: datetime

    def plain(self, body: bytes = b"Text\r\n", content_type: str = "text/plain; charset=utf-8") -> bytes:
        head = compose(self.address, self.to, "Alert", "", {"Content-Type": content_type}, date=self.now)
        return head + body

    def signed(self, raw: bytes, tags: Mapping[str, str | None] | None = None, last: str = "") -> bytes:
        own = {"d": self.address.rpartition("@")[2], "s": self.selector, "t": str(int(self.now.timestamp()))}
        return forge(raw, COVERED, own | dict(tags or {}), key=self.key, last=last)

    def tagged(self, name: str, value: str) -> bytes:
        """A signature that is wrong, with one hostile tag."""
        own = {"v": "1", "a": "rsa-sha256", "d": self.address.rpartition("@")[2], "s": self.selector}
        tags = own | {"h": ":".join(COVERED), "bh": "YWJj", "b": "YWJj"} | {name: value}
        line = "DKIM-Signature: " + "; ".join(f"{key}={text}" for key, text in tags.items())
        return line.encode() + b"\r\n" + self.plain()


def filled(unit: bytes, size: int = SIZE) -> bytes:
    return unit * (size // len(unit))


def lines(line: bytes) -> bytes:
    return filled(line + b"\r\n")


def boxes(depth: int) -> bytes:
    heads = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(depth))
    return heads.encode() + b"--b0--\r\n"


FAMILIES: dict[str, Callable[[Author], bytes]] = {
    "blanks that end in a letter": lambda by: by.signed(by.plain(lines(b" " * 997 + b"a"))),
    "blanks and letters in turn": lambda by: by.signed(by.plain(lines(b"a " * 499))),
    "empty lines before a letter": lambda by: by.signed(by.plain(filled(b"\r\n") + b"a\r\n")),
    "many signatures": lambda by: (by.tagged("z", "a" * 900).partition(b"\r\n")[0] + b"\r\n") * 40 + by.plain(),
    "three right signatures": lambda by: by.signed(by.signed(by.signed(by.plain(lines(b"a " * 499))))),
    "verifiers that disagree": lambda by: disagreeing(disagreeing(by.plain(lines(b"ab")), by), by),
    "huge h": lambda by: by.tagged("h", ":".join(["from"] * 180)),
    "blanks in h": lambda by: by.tagged("h", "from" + " " * 900 + ":to"),
    "folded b": lambda by: by.tagged("b", "a" + "\r\n " * 1_200),
    "blanks in b": lambda by: by.tagged("b", "a" + " " * 900 + "!"),
    "many tags": lambda by: by.tagged("z", "a;" + ";".join(f"x{n}=1" for n in range(150))),
    "continuation lines": lambda by: b"X: a" + b"\r\n " * 21_000 + b"\r\n" + by.plain(),
    "many fields": lambda by: b"X-A: b\r\n" * 7_000 + by.plain(),
    "wide key": lambda by: by.signed(by.plain(lines(b"a")), {"s": "wide"}),
    "boxes in boxes": lambda by: by.signed(by.plain(boxes(12_000), "multipart/mixed; boundary=b0")),
    "many parts": lambda by: by.signed(by.plain(filled(b"--b\r\n\r\n") + b"--b--\r\n", "multipart/mixed; boundary=b")),
    "almost delimiters": lambda by: by.signed(by.plain(lines(b"--b" + b" " * 990), "multipart/mixed; boundary=b")),
    "parameters": lambda by: by.signed(by.plain(b"a\r\n", "text/plain" + ";\r\n a=b" * 900)),
    "quoted-printable": lambda by: by.signed(by.plain(lines(b"=E3" * 300)).replace(b"7bit", b"quoted-printable")),
    "html": lambda by: by.signed(by.plain(filled(b"<a><b "), "text/html; charset=utf-8")),
    "angle brackets": lambda by: b"From: " + b"<" * 7_000 + b"\r\n" + by.plain(),
    "encoded words": lambda by: by.signed(by.plain().replace(b"Alert", b"\r\n ".join([b"=?utf-8?q?a?="] * 450))),
}  # fmt: skip


def disagreeing(raw: bytes, by: Author) -> bytes:
    """A signature that ours finds right and dkimpy does not."""
    return by.signed(raw, last="; z=a").replace(b"; z=a", b" ; z=a", 1)


def families(by: Author) -> Iterator[tuple[str, bytes]]:
    for name, build in FAMILIES.items():
        yield name, build(by)
