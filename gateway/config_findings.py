"""What is wrong with a configuration, and how it is said: file, line, setting, remedy (protocol 9)."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

from gateway.config_lines import Lines, SettingPath
from gateway.settings import TABLES


class Located(Protocol):
    """Whatever knows on which line a setting stands."""

    def of(self, path: SettingPath) -> int: ...


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of the configuration. `line` 0 means the file as a whole."""

    line: int
    where: str
    message: str
    file: Path | None = None  # where it is not the configuration itself


class ConfigError(Exception):
    """Everything that is wrong with a configuration, one line each, in the order of the file."""

    def __init__(self, path: Path, problems: Collection[Problem]) -> None:
        self.path = path
        self.problems = sorted(problems, key=lambda problem: (str(problem.file or ""), problem.line))
        super().__init__("\n".join(self._shown(problem) for problem in self.problems))

    def _shown(self, problem: Problem) -> str:
        file = problem.file or self.path
        place = f"{file}:{problem.line}" if problem.line else str(file)
        return ": ".join(part for part in (place, problem.where, problem.message) if part)


class Findings:
    """The problems and warnings found so far, and the files and lines they belong to."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._elsewhere: tuple[SettingPath, Path, Located] | None = None
        self.problems: list[Problem] = []
        self.warnings: list[str] = []
        self._failed: set[SettingPath] = set()

    def stands_elsewhere(self, path: SettingPath, file: Path, lines: Located) -> None:
        """From now on, what is said of this table belongs to another file."""
        self._elsewhere = (path, file, lines)

    def line(self, path: SettingPath) -> int:
        return self._place(path)[1]

    def wrong(self, path: SettingPath, message: str) -> None:
        file, line = self._place(path)
        self._failed.add(path)
        self.problems.append(Problem(line, name_of(path), message, file))

    def include(self, path: SettingPath, problems: Collection[Problem]) -> None:
        """Problems that were found by reading what stands at this path."""
        self._failed.add(path)
        self.problems.extend(problems)

    def _place(self, path: SettingPath) -> tuple[Path | None, int]:
        if self._elsewhere is not None and path[: len(self._elsewhere[0])] == self._elsewhere[0]:
            return self._elsewhere[1], self._elsewhere[2].of(path)
        return None, self._lines.of(path)

    def failed(self, *path: str | int) -> bool:
        """Whether something is wrong with this setting already, so that its value tells nothing."""
        return path in self._failed

    def warn(self, path: SettingPath, message: str) -> None:
        warning = f"{name_of(path)}: {message}"
        if warning not in self.warnings:
            self.warnings.append(warning)


def name_of(path: SettingPath) -> str:
    """How a setting is spoken of: `[listener] port`, `[[staff]] address`."""
    section, *keys = (str(part) for part in path if not isinstance(part, int))
    shown = f"[[{section}]]" if section in TABLES else f"[{section}]"
    return " ".join([shown, *keys])


def known_names(name: str, known: Collection[str]) -> str:
    """The remedy for a name that is none of the known ones."""
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}"
