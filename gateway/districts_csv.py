"""Reads a list of districts that somebody keeps in a spreadsheet: CSV, in the encodings that spreadsheets write.

It reads what is there and judges only the form; names that clash are found by the configuration's own checks
(protocol 9), which give each problem the line of the CSV file.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.config import ConfigError, Problem
from gateway.config_lines import SettingPath
from handlers.district_words import KANJI, exact

LARGEST = 1_048_576  # octets
HEADINGS = {
    "code": ("code", "コード", "符号", "地区コード"),
    "name": ("name", "名称", "名前", "地区名", "地区", "校区名", "校区", "校園区名", "校園区"),
    "kana": ("kana", "よみがな", "読みがな", "読み仮名", "ふりがな", "振り仮名", "よみ", "読み", "かな"),
    "aliases": ("aliases", "alias", "別名", "別称", "略称", "旧名", "旧名称"),
    "schools": ("schools", "school", "学校", "学校名", "学校園", "学校・園", "校園", "校園名"),
}
FIELD_OF = {exact(word): field for field, words in HEADINGS.items() for word in words}
SEVERAL = ("aliases", "schools")
WITHIN = re.compile(r"[・､、;/,\n]+")  # after NFKC, which makes one of each sign's widths
HAS_KANJI = re.compile(f"[{KANJI}]")
STRAY = re.compile("[\x80\xa0\uf8f0-\uf8f3]")  # what the codec makes of octets that Shift_JIS does not have
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One district as the list has it. None: the list has no such column, so it says nothing about it."""

    line: int
    name: str
    code: str = ""
    kana: str | None = None
    aliases: tuple[str, ...] | None = None
    schools: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a file says, how it was written, and what is wrong with its form."""

    file: Path
    encoding: str
    rows: tuple[Row, ...]
    ignored: tuple[str, ...]  # columns that mean nothing to us
    problems: tuple[Problem, ...]

    def of(self, path: SettingPath) -> int:
        """The line of a district of the list, as the checks of the configuration count them."""
        number = path[1] if len(path) > 1 else None
        return self.rows[number].line if isinstance(number, int) else 1


def read(file: Path) -> Listed:
    """The list of a file. Raises ConfigError where it cannot be read as a list at all."""
    text, encoding = _decoded(file)
    lines = _records(file, text)
    if not lines:
        raise _fatal(file, 1, "空です。一行目に見出しを書いてください / empty; the first line must name the columns")
    line, header = lines[0]
    columns, ignored = _columns(file, line, header, encoding)
    problems: list[Problem] = []
    rows = tuple(_row(file, line, cells, columns, problems) for line, cells in lines[1:])
    if not rows:
        problems.append(_problem(file, line, "地区が一行もありません / there is no district below the headings"))
    return Listed(file=file, encoding=encoding, rows=rows, ignored=ignored, problems=tuple(problems))


def _problem(file: Path, line: int, message: str) -> Problem:
    return Problem(line, "", message, file)


def _fatal(file: Path, line: int, message: str) -> ConfigError:
    return ConfigError(file, [_problem(file, line, message)])


def _decoded(file: Path) -> tuple[str, str]:
    try:
        with file.open("rb") as stream:
            octets = stream.read(LARGEST + 1)
    except OSError as error:
        reason = f"読めません / cannot be read ({error.strerror})"
        raise _fatal(file, 0, f"{reason}; ファイル名を確かめてください / check the name of the file") from None
    if len(octets) > LARGEST:
        raise _fatal(file, 0, "大きすぎます(1 MiB まで) / too large; the most is 1 MiB")
    if not octets.startswith(UTF_16):
        for codec, encoding in (("utf-8-sig", "UTF-8"), ("cp932", "Shift_JIS (cp932)")):
            try:
                text = octets.decode(codec)
            except UnicodeDecodeError:
                continue
            if not STRAY.search(text):
                return text.replace("\r\n", "\n").replace("\r", "\n"), encoding
    remedy = "「CSV UTF-8」で保存し直してください / save it again as CSV UTF-8"
    raise _fatal(file, 0, f"UTF-8 でも Shift_JIS でもありません / neither UTF-8 nor Shift_JIS; {remedy}")


def _records(file: Path, text: str) -> list[tuple[int, list[str]]]:
    """The records that are not empty, each with the line where it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((begins, [unicodedata.normalize("NFC", cell).strip() for cell in cells]))
            begins = reader.line_num + 1
    except csv.Error as error:
        remedy = '引用符(")の対応を直してください / put the quotation marks right'
        raise _fatal(file, begins, f"CSV として読めません / not CSV ({error}); {remedy}") from None
    return found


def _columns(file: Path, line: int, header: Sequence[str], encoding: str) -> tuple[list[str | None], tuple[str, ...]]:
    """The field of each column, and the headings that are none."""
    columns = [FIELD_OF.get(exact(heading)) for heading in header]
    shown = "、".join(heading or "(空)" for heading in header)
    if "name" not in columns:
        raise _fatal(
            file,
            line,
            f"「名称」の列がありません。見出しは {shown}({encoding} として)。"
            "一行目を コード,名称,よみがな,別名,学校 としてください "
            "/ no column 名称 or name; the first line must be as code,name,kana,aliases,schools",
        )
    twice = [field for field in ("code", "name", "kana") if columns.count(field) > 1]
    if twice:
        words = ", ".join(f"{field} ({HEADINGS[field][1]})" for field in twice)
        raise _fatal(file, line, f"同じ意味の列が二つあります / two columns mean the same: {words}; 一つにしてください")
    return columns, tuple(heading for heading, field in zip(header, columns, strict=True) if heading and not field)


def _row(file: Path, line: int, cells: Sequence[str], columns: Sequence[str | None], problems: list[Problem]) -> Row:
    if any(cells[len(columns) :]):
        message = (
            '見出しより列が多い行です。コンマを含む値は " で囲む / more cells than columns; quote a value with commas'
        )
        problems.append(_problem(file, line, message))
    values: dict[str, str] = {}
    several: dict[str, tuple[str, ...]] = {field: () for field in SEVERAL if field in columns}
    for field, cell in zip(columns, cells, strict=False):
        if field in SEVERAL:
            several[field] += tuple(_words(cell))
        elif field is not None:
            values[field] = cell
    name, kana = values.get("name", ""), values.get("kana", "" if "kana" in columns else None)
    if HAS_KANJI.search(kana or ""):
        message = "よみがなに漢字があります。ひらがなかカタカナで / kanji in the kana; write hiragana or katakana"
        problems.append(_problem(file, line, message))
    return Row(line=line, code=values.get("code", ""), name=name, kana=kana, **several)


def _words(cell: str) -> Iterator[str]:
    """The words of a cell, as they are written; a separator may be of any width."""
    folded = "".join(sign if WITHIN.match(sign) else each for each, sign in _narrow(cell))
    return (word.strip() for word in WITHIN.split(folded) if word.strip())


def _narrow(cell: str) -> Iterator[tuple[str, str]]:
    return ((sign, unicodedata.normalize("NFKC", sign)) for sign in cell)
