"""On which line each setting of a TOML document stands. The parser of the standard library knows, but does not tell.

It walks over a document that the parser has accepted, so it may take its grammar for granted; it judges nothing.
"""

import re
from bisect import bisect_right
from itertools import accumulate

SettingPath = tuple[str | int, ...]  # ("listener", "port"), ("districts", 2, "kana")

STRING = r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\])*"|\'[^\']*\''
IDLE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
KEY = re.compile(r"[ \t]*(?:(?P<bare>[A-Za-z0-9_-]+)|(?P<quoted>\"(?:\\.|[^\"\\])*\"|'[^']*'))[ \t]*(?P<dot>\.?)")
VALUE_PART = re.compile(rf"(?:{STRING})|#[^\n]*|[\[{{]|[\]}}]|\n|[^\"'#\[\]{{}}\n]+", re.DOTALL)


class Lines:
    """The line of every table, key and array element's table, counted from 1."""

    def __init__(self, document: str) -> None:
        self._document = document.replace("\r\n", "\n")
        self._starts = list(accumulate(len(line) + 1 for line in self._document.split("\n")))
        self._found: dict[SettingPath, int] = {}
        self._last: dict[SettingPath, int] = {}  # the newest element of each array of tables
        self._read()

    def of(self, path: SettingPath) -> int:
        """The line of this setting, or else of what it belongs to; 1 where nothing of it is written."""
        while path and path not in self._found:
            path = path[:-1]
        return self._found.get(path, 1)

    def has(self, path: SettingPath) -> bool:
        return path in self._found

    def _read(self) -> None:
        table: SettingPath = ()
        at = self._idle(0)
        while at < len(self._document):
            start = at
            if self._document.startswith("[", at):
                table, at = self._header(at)
            else:
                keys, at = self._keys(at)
                self._note(table + tuple(keys), start)
                at = self._value(at + 1)  # after the sign of equality
            at = self._idle(at)

    def _idle(self, at: int) -> int:
        found = IDLE.match(self._document, at)
        return found.end() if found else at

    def _header(self, at: int) -> tuple[SettingPath, int]:
        several = self._document.startswith("[[", at)
        keys, end = self._keys(at + 1 + several)
        path = (*self._element(tuple(keys[:-1])), keys[-1])
        if several:
            self._last[path] = self._last.get(path, -1) + 1
            self._found.setdefault(path, self._line(at))
        if path in self._last:
            path += (self._last[path],)
        self._note(path, at)
        return path, end + 1 + several

    def _element(self, keys: SettingPath) -> SettingPath:
        """The path with the number of the newest element after each array of tables on the way."""
        path: SettingPath = ()
        for key in keys:
            path += (key,)
            if path in self._last:
                path += (self._last[path],)
        return path

    def _keys(self, at: int) -> tuple[list[str], int]:
        keys = []
        while found := KEY.match(self._document, at):
            keys.append(found["bare"] or found["quoted"][1:-1])
            at = found.end()
            if not found["dot"]:
                break
        return keys, at

    def _value(self, at: int) -> int:
        depth = 0
        while found := VALUE_PART.match(self._document, at):
            part = found.group()
            if part == "\n" and depth == 0:
                break
            depth += (part in ("[", "{")) - (part in ("]", "}"))
            at = found.end()
        return at

    def _note(self, path: SettingPath, at: int) -> None:
        for depth in range(1, len(path) + 1):
            self._found.setdefault(path[:depth], self._line(at))

    def _line(self, at: int) -> int:
        return bisect_right(self._starts, at) + 1
