"""The maildir as a next hop: whole, private files, or a 452."""

import asyncio
import resource
import stat
from pathlib import Path

import pytest

from gateway.relay.handover import Copy, Handover, Unreachable
from gateway.relay.maildir import Maildir

MESSAGE = b"Subject: hello\r\n\r\nline\r\n.dot\r\n"


def copies(*recipients: str) -> list[Copy]:
    return [Copy("bounce+x@alerts.example.jp", recipient, MESSAGE) for recipient in recipients]


def send(directory: Path, given: list[Copy]) -> list[Handover]:
    return asyncio.run(Maildir(directory).send(given))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_each_copy_becomes_a_file_with_its_envelope_on_top_and_lines_ended_by_lf(tmp_path: Path) -> None:
    assert send(tmp_path / "box", copies("a@town.example")) == [Handover(250, "2.0.0")]
    (file,) = (tmp_path / "box" / "new").iterdir()
    assert file.read_bytes() == (
        b"Return-Path: <bounce+x@alerts.example.jp>\nDelivered-To: a@town.example\nSubject: hello\n\nline\n.dot\n"
    )


def test_a_null_sender_stands_as_empty_brackets(tmp_path: Path) -> None:
    send(tmp_path, [Copy("", "a@town.example", MESSAGE)])
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes().startswith(b"Return-Path: <>\n")


def test_directories_and_files_are_private(tmp_path: Path) -> None:
    box = tmp_path / "far" / "box"
    send(box, copies("a@town.example"))
    assert {mode(path) for path in (box, box / "tmp", box / "new", box / "cur")} == {0o700}
    (file,) = (box / "new").iterdir()
    assert mode(file) == 0o600


def test_many_copies_get_many_names_and_nothing_stays_in_tmp(tmp_path: Path) -> None:
    several = Maildir(tmp_path)

    async def twice() -> None:
        given = copies(*(f"r{number}@town.example" for number in range(50)))
        answers = await asyncio.gather(several.send(given), Maildir(tmp_path).send(given))
        assert all(one.accepted for answer in answers for one in answer)
        await several.close()

    asyncio.run(twice())
    assert len(list((tmp_path / "new").iterdir())) == 100
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize("bad", ["a@b.example\nX: y", "a b@c.example", "a@b.example>", "日@b.example", "", "a@\0"])
def test_an_address_that_could_add_a_line_is_refused_and_the_others_are_kept(tmp_path: Path, bad: str) -> None:
    answers = send(tmp_path, copies("a@town.example", bad, "b@town.example"))
    assert [answer.code for answer in answers] == [250, 553, 250]
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_trouble_with_the_disk_is_a_452(tmp_path: Path) -> None:
    send(tmp_path, copies("a@town.example"))
    (tmp_path / "tmp").rmdir()
    (tmp_path / "tmp").symlink_to("/proc/self/fdinfo")  # a directory in which nobody, not even root, can write
    assert send(tmp_path, copies("b@town.example")) == [Handover(452, "4.3.1")]
    assert len(list((tmp_path / "new").iterdir())) == 1


def test_a_full_disk_is_a_452_and_leaves_nothing_behind(tmp_path: Path) -> None:
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))  # stands in for a disk with 1000 octets left
    try:
        answers = send(tmp_path, [*copies("a@town.example"), Copy("", "b@town.example", b"x" * 2000 + b"\r\n")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert [answer.code for answer in answers] == [250, 452]
    assert not list((tmp_path / "tmp").iterdir())


def test_a_directory_that_cannot_be_made_is_unreachable_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="make it a directory"):
        send(tmp_path / "file" / "box", copies("a@town.example"))


def test_no_copies_make_no_directory(tmp_path: Path) -> None:
    assert send(tmp_path / "box", []) == []
    assert not (tmp_path / "box").exists()
