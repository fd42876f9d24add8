"""The mirror of the log in files of lines (protocol 8.3): it grows, is put aside in time, and survives a fall."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.audit.jsonl import JsonLines
from gateway.audit.lines import entry_of, line_of
from storage.audit import canonical
from storage.audit_walk import value_of

ENTRY = canonical({"seq": 7, "event": "alert:accepted", "detail": {"地区": ["富雄"], "n": 1.5}})


def numbered(first: int, last: int) -> list[tuple[int, str]]:
    return [(number, canonical({"seq": number, "text": "x" * 60})) for number in range(first, last + 1)]


def lines_in(folder: Path) -> list[int]:
    """The numbers in all files, in the order of their names; the one that is written comes last."""
    files = sorted(folder.glob("log.jsonl.*")) + [file for file in [folder / "log.jsonl"] if file.exists()]
    return [value_of(line)["seq"] for file in files for line in file.read_text().splitlines()]


def test_a_line_is_the_entry_with_its_link_and_the_entry_can_be_had_back() -> None:
    line = line_of(7, ENTRY, bytes(range(32)))
    assert line.startswith('{"chain":"000102')
    assert value_of(line)["detail"] == {"地区": ["富雄"], "n": 1.5}
    assert entry_of(value_of(line)) == (ENTRY, bytes(range(32)))


@pytest.mark.parametrize("entry", ["no json", "[1]", b"\x00", None, '{"half":'])
def test_a_damaged_entry_is_copied_as_it_is_found(entry: object) -> None:
    assert value_of(line_of(7, entry, b"")) == {"damaged": str(entry), "seq": 7, "chain": ""}


def test_a_file_goes_on_where_it_ends_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    copy = JsonLines(tmp_path / "log.jsonl", 1_000_000, 0)
    assert copy.last() is None
    copy.write(numbered(1, 3))
    assert copy.last() == numbered(3, 3)[0]
    JsonLines(tmp_path / "log.jsonl", 1_000_000, 0).write(numbered(4, 5))
    assert lines_in(tmp_path) == [1, 2, 3, 4, 5]
    assert stat.S_IMODE((tmp_path / "log.jsonl").stat().st_mode) == 0o600


def test_a_large_file_is_put_aside_under_the_number_of_its_last_entry(tmp_path: Path) -> None:
    copy = JsonLines(tmp_path / "log.jsonl", 300, 0)
    copy.write(numbered(1, 8))
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["log.jsonl.000000000004", "log.jsonl.000000000008"]
    assert copy.last() == numbered(8, 8)[0]
    copy.write(numbered(9, 9))
    assert lines_in(tmp_path) == [*range(1, 10)]


def test_of_files_put_aside_the_newest_stay(tmp_path: Path) -> None:
    copy = JsonLines(tmp_path / "log.jsonl", 300, 2)
    for first in (1, 5, 9, 13):
        copy.write(numbered(first, first + 3))
    assert lines_in(tmp_path) == [*range(9, 17)]


def test_a_line_that_a_fall_has_torn_is_written_anew(tmp_path: Path) -> None:
    copy = JsonLines(tmp_path / "log.jsonl", 1_000_000, 0)
    copy.write(numbered(1, 2))
    with (tmp_path / "log.jsonl").open("a") as stream:
        stream.write('{"seq":3,"te')
    assert copy.last() == numbered(2, 2)[0]
    copy.write(numbered(3, 3))
    assert lines_in(tmp_path) == [1, 2, 3]


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path) -> None:
    copy = JsonLines(tmp_path / "log.jsonl", 1_000_000, 0)
    for _ in range(2):
        copy.write(numbered(1, 2))
        copy.put_aside(2)
    assert lines_in(tmp_path) == [1, 2, 1, 2]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        JsonLines(tmp_path / "gone" / "log.jsonl", 1_000, 0).write(numbered(1, 1))


@pytest.mark.parametrize("other", [str.upper, lambda shown: f"{shown} ", lambda shown: shown[:-1]])
def test_8_3_a_link_that_is_written_in_another_way_is_none(other: Callable[[str], str]) -> None:
    link = bytes(range(0xA0, 0xC0))
    line = value_of(line_of(1, ENTRY, link))
    assert entry_of(line) == (ENTRY, link)
    assert entry_of({**line, "chain": other(link.hex())}) == (ENTRY, b"")
