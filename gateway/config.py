"""Reads `config.toml`: all of its errors at once, each with its line and its remedy, or complete Settings (protocol 9).

It opens the file, the terms and the districts' file; whether keys, database and network answer is for `check`.
"""

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gateway import config_town
from gateway.config_findings import ConfigError, Findings, Located, Problem, known_names
from gateway.config_lines import Lines, SettingPath
from gateway.config_values import UnfitError
from gateway.declared import declarations
from gateway.settings import INERT, SECTIONS, TABLES, Settings

AT_LINE = re.compile(r" \(at line (\d+), column \d+\)\Z")
AT_END = " (at end of document)"

__all__ = ["ConfigError", "Elsewhere", "Problem", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """Districts that do not stand in the configuration itself: the tables as they would be read, and their lines."""

    file: Path
    tables: object
    lines: Located


def load(path: Path, districts: Elsewhere | None = None) -> Settings:
    """The checked settings of a file. Raises ConfigError with every problem that it has.

    With `districts`, the configuration is judged as if these were its districts.
    """
    document = _text(path)
    data = _parsed(path, document)
    found = Findings(Lines(document))
    folder = path.absolute().parent
    _unknown(found, (), data, (*SECTIONS, *TABLES))
    sections = {name: _section(found, name, data, folder) for name in SECTIONS}
    districts = districts or _districts_file(found, data, sections["registration"].districts_file)
    if districts is not None:
        data["districts"] = districts.tables
        found.stands_elsewhere(("districts",), districts.file, districts.lines)
    tables = {name: _tables(found, name, data, folder) for name in TABLES}
    config_town.check_sections(found, **sections)
    town = config_town.town(found, sections, tables)
    if found.problems:
        raise ConfigError(path, found.problems)
    complete = {name: SECTIONS[name](**vars(values)) for name, values in sections.items()}
    return Settings(path=path.absolute(), town=town, warnings=tuple(found.warnings), **complete)


def _districts_file(found: Findings, data: Mapping[str, Any], file: Path | None) -> Elsewhere | None:
    """The districts of the file that the configuration names, if it names one."""
    if file is None:
        return None
    if "districts" in data:
        found.wrong(
            ("registration", "districts_file"),
            f"the [[districts]] stand here and in {file.name}; take out the ones here, or this setting",
        )
        return None
    lines = Lines("")
    try:
        if not file.exists():
            raise _fatal(file, 0, "no such file; put it back, or write it with `mimamori districts import FILE.csv`")
        document = _text(file)
        written, lines = _parsed(file, document), Lines(document)
    except ConfigError as error:
        found.include(("districts",), [replace(problem, file=file) for problem in error.problems])
        written = {}
    strange = [name for name in written if name != "districts"]
    message = "only [[districts]] belong into this file; move it to the configuration"
    found.problems.extend(Problem(lines.of((name,)), name, message, file) for name in strange)
    return Elsewhere(file=file, tables=written.get("districts", []), lines=lines)


def _text(path: Path) -> str:
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        raise _fatal(path, 0, "no such file; run `mimamori init`, or name it with --config") from None
    except OSError as error:
        raise _fatal(path, 0, f"cannot be read ({error.strerror}); it must be a file that this user may read") from None
    try:
        return octets.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise _fatal(path, line, "not UTF-8; save the file in UTF-8, not in Shift_JIS") from None


def _parsed(path: Path, document: str) -> dict[str, Any]:
    try:
        return tomllib.loads(document)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        said = str(error)
        at = AT_LINE.search(said)
        end = document.rstrip("\n").count("\n") + 1
        line = int(at[1]) if at else end * said.endswith(AT_END)
        said = AT_LINE.sub("", said).removesuffix(AT_END)
        twice = "overwrite" in said or "twice" in said
        remedy = "each may stand once" if twice else "write name = value, with texts in quotation marks"
        raise _fatal(path, line, f"not TOML: {said}; {remedy}") from None


def _fatal(path: Path, line: int, message: str) -> ConfigError:
    return ConfigError(path, [Problem(line, "", message)])


def _unknown(found: Findings, path: SettingPath, data: Mapping[str, Any], known: Collection[str]) -> None:
    for name in data:
        if name in known:
            continue
        what = "setting" if path or not isinstance(data[name], dict | list) else "section"
        found.wrong((*path, name), f"unknown {what}; {known_names(name, known)}")


def _section(found: Findings, name: str, data: Mapping[str, Any], folder: Path) -> SimpleNamespace:
    written = data.get(name, {})
    if not isinstance(written, dict):
        found.wrong((name,), f"write [{name}] once, in single brackets, and its settings below it")
        written = {}
    return _values(found, SECTIONS[name], (name,), written, folder)


def _tables(found: Findings, name: str, data: Mapping[str, Any], folder: Path) -> list[SimpleNamespace]:
    written = data.get(name, [])
    if not isinstance(written, list) or not all(isinstance(each, dict) for each in written):
        found.wrong((name,), f"write [[{name}]] in double brackets, once for each")
        return []
    return [_values(found, TABLES[name], (name, number), each, folder) for number, each in enumerate(written)]


def _values(
    found: Findings, section: type, path: SettingPath, written: Mapping[str, Any], folder: Path
) -> SimpleNamespace:
    """The value of each setting: as written, else its default, else None, which has become a problem."""
    values: dict[str, Any] = {}
    _unknown(found, path, written, [name for name, _ in declarations(section)])
    for name, declared in declarations(section):
        default = None if declared.required else declared.kind.read(declared.default, folder)
        values[name] = default
        if name not in written:
            if declared.required:
                found.wrong((*path, name), f"missing; it must be set: {declared.kind.says}")
            continue
        try:
            values[name] = declared.kind.read(written[name], folder)
        except UnfitError as error:
            found.wrong((*path, name), str(error))
        inert = INERT.get((str(path[0]), name))
        if inert and values[name] != default:
            found.warn((*path, name), f"accepted, but this version {inert}")
    return SimpleNamespace(**values)
