"""Who has left since a backup, read from copies of the audit log (protocol 8.6)."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.administration.office import Refused
from gateway.backup import leavers

AT = "2026-06-01T00:00:00+00:00"


def line(seq: int, event: str = "help:sent", subject: str | None = None, **more: Any) -> str:
    entry = {"seq": seq, "at": AT, "event": event, "mail": None, "subject": subject, "detail": {}}
    return json.dumps(entry | more)


def written(file: Path, *lines: str) -> Path:
    file.write_text("".join(f"{each}\n" for each in lines), "utf-8")
    return file


def test_8_6_what_follows_the_backup_is_lost_and_whoever_has_left_is_gone(tmp_path: Path) -> None:
    copy = written(
        tmp_path / "log",
        json.dumps({"mimamori": "audit", "entries": 6}),
        line(1, "unsubscribe:done", "r-before"),
        line(2),
        json.dumps({"checkpoint": "note"}),
        line(3, "unsubscribe:done", "r-left", chain="ab"),
        line(4, "unsubscribe:done"),
        line(5, "subscriber:forgotten", "r-gone"),
        line(6, "alert:accepted", "2026-0012"),
    )
    found = leavers.read([copy], 2, json.loads(line(2)))
    assert found.gone == {"r-before", "r-left", "r-gone"}
    assert (found.newer, found.last, found.numbers) == (4, 6, {2026: 12})


def test_8_6_several_files_make_one_log_in_any_order(tmp_path: Path) -> None:
    older = written(tmp_path / "older", line(1), line(2), line(3, "unsubscribe:done", "r-3"))
    newer = written(tmp_path / "newer", line(4), line(5, "unsubscribe:done", "r-5"))
    for files in ([older, newer], [newer, older]):
        assert leavers.read(files, 1, None).gone == {"r-3", "r-5"}
    with pytest.raises(Refused, match="entries 2 to 3"):
        leavers.read([newer], 1, None)


def test_8_6_a_log_that_was_put_back_has_two_ends_and_who_left_at_either_is_gone(tmp_path: Path) -> None:
    old = written(
        tmp_path / "old",
        *(line(1), line(2), line(3, "change:done", "r-1"), line(4, "unsubscribe:done", "r-2")),
        *(line(5, "subscribe:confirmed", "r-3"), line(6, "alert:accepted", "2026-0007")),
    )
    new = written(tmp_path / "new", line(3, "backup:restored"), line(4, "unsubscribe:done", "r-9"))
    found = leavers.read([old, new], 2, json.loads(line(2)))
    assert found.gone == {"r-2", "r-9"}
    assert found.numbers == {2026: 7}
    assert (found.joined, found.changed, found.last) == (0, 0, 4)
    later = leavers.read([old, new], 4, json.loads(line(4, "unsubscribe:done", "r-9")))
    assert later.gone == {"r-2", "r-9"}


def test_8_6_a_line_that_was_being_written_is_left_out_and_a_spoilt_one_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "log"
    copy.write_text(line(1) + "\n" + line(2)[:20])
    assert leavers.read([copy], 0, None).last == 1
    copy.write_text(line(1)[:20] + "\n" + line(2) + "\n")
    with pytest.raises(Refused, match="no JSON"):
        leavers.read([copy], 0, None)


def test_8_6_copies_of_keys_are_counted_once_however_often_a_file_is_named(tmp_path: Path) -> None:
    made = {"detail": {"year": 2026, "destroy_by": "2027-03-31"}}
    gone = line(4, "key:escrow-destroyed", detail={"year": 2026})
    old = written(tmp_path / "old", line(1, "key:escrowed", **made), line(2), line(3, "key:escrowed", **made), gone)
    new = written(tmp_path / "new", line(3, "backup:restored"), line(4, "key:escrowed", **made))
    found = leavers.read([old, old], 2, None)
    assert found.copies == {("key:escrowed", 2026): 1, ("key:escrow-destroyed", 2026): 1}
    assert found.copies_ever == {("key:escrowed", 2026): 2, ("key:escrow-destroyed", 2026): 1}
    assert leavers.read([old, new], 2, None).copies_ever["key:escrowed", 2026] == 3  # of both ends of the log


def test_8_6_another_log_is_known_by_its_entry(tmp_path: Path) -> None:
    copy = written(tmp_path / "log", line(2, subject="r-other"), line(3))
    with pytest.raises(Refused, match="another log"):
        leavers.read([copy], 2, json.loads(line(2)))


def test_8_6_a_copy_that_ends_before_the_backup_has_nothing_newer(tmp_path: Path) -> None:
    found = leavers.read([written(tmp_path / "log", line(1), line(2))], 5, None)
    assert (found.gone, found.newer) == (set(), 0)


def test_8_6_whose_rights_have_changed_since_is_known(tmp_path: Path) -> None:
    copy = written(
        tmp_path / "log",
        *(line(1, "staff:added", "before"), line(2), line(3, "staff:removed", "gone"), line(4, "staff:added", "other")),
    )
    assert leavers.read([copy], 2, json.loads(line(2))).staff == {"gone", "other"}
