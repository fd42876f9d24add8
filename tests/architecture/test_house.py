"""The rules of the house: imports point down, files and functions stay small, and every file says what it is."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("gateway", "handlers", "storage")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
CODE = [path for path in SOURCES if not {"texts", "versions"} & set(path.parts)]  # no letters, no steps of a schema
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MOST_LINES = 350
LONG = 40  # lines of a function: nine of ten are shorter
LONGEST = 75
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "tools"}
BELOW = {"gateway": {"gateway", "handlers", "storage"}, "handlers": {"handlers", "storage"}, "storage": {"storage"}}
NOT_FOR_HANDLERS = {"asyncio", "os", "random", "secrets", "socket", "subprocess", "threading", "time", "sqlalchemy"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(path: Path) -> Iterator[Function]:
    yield from (node for node in ast.walk(parsed(path)) if isinstance(node, Function))


def lines_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


# --- rooms --------------------------------------------------------------------------------------


def test_the_contracts_about_imports_are_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_down(room: str) -> None:
    rooms = {module.partition(".")[0] for path in (ROOT / room).rglob("*.py") for module in imported(path)}
    assert rooms & {*ROOMS, "tests", "bench"} <= BELOW[room]


def test_handlers_know_values_only() -> None:
    for path in sorted((ROOT / "handlers").rglob("*.py")):
        modules = set(imported(path))
        from_storage = {module for module in modules if module.startswith("storage.")}
        assert all(module.startswith("storage.records") for module in from_storage), name(path)
        assert not {module.partition(".")[0] for module in modules} & NOT_FOR_HANDLERS, name(path)


def test_ciphers_are_used_in_one_file_of_storage() -> None:
    users = {
        name(path) for path in (ROOT / "storage").rglob("*.py") if any("cryptography" in m for m in imported(path))
    }
    assert users == {"storage/keyring.py"}


def test_every_reply_is_made_in_one_file() -> None:
    makers = [
        name(path)
        for path in SOURCES
        if "handlers.replies.Reply" in imported(path) or name(path) == "handlers/replies.py"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reply"
    ]
    assert set(makers) == {"handlers/replies.py"}


# --- files and functions ------------------------------------------------------------------------


@pytest.mark.parametrize(("paths", "most"), [(CODE, MOST_LINES), (TESTS, 2 * MOST_LINES)], ids=["code", "tests"])
def test_files_are_small(paths: list[Path], most: int) -> None:
    assert {name(path): count for path in paths if (count := len(path.read_text().splitlines())) >= most} == {}


def test_functions_are_short() -> None:
    lengths = {f"{name(path)}:{each.name}": lines_of(each) for path in CODE for each in functions(path)}
    assert {place: length for place, length in lengths.items() if length > LONGEST} == {}
    assert statistics.median(lengths.values()) <= 12
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= LONG


def test_no_file_has_a_vague_name() -> None:
    paths = [*SOURCES, *TESTS]
    assert [name(path) for path in paths if VAGUE & {path.stem, *path.relative_to(ROOT).parent.parts}] == []


def test_every_file_says_what_it_is() -> None:
    silent = [
        name(path) for path in [*SOURCES, *TESTS] if path.read_text().strip() and not ast.get_docstring(parsed(path))
    ]
    assert silent == []


def test_there_are_no_mocks() -> None:
    users = [name(path) for path in TESTS if any(re.search(r"\bmock\b", module) for module in imported(path))]
    assert users == []


def test_audit_events_fit_their_column() -> None:
    """PostgreSQL would refuse a longer one, and with it the mail."""
    events = {found for path in SOURCES for found in re.findall(r'"([a-z]+:[a-z-]+)"', path.read_text())}
    assert events
    assert [event for event in events if len(event) > 32] == []
