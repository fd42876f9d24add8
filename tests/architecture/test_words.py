"""What stands in no file of the project: paths of one machine, registries, notes to oneself, and who wrote it how."""

import argparse
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from gateway.command_words import build_parser

ROOT = Path(__file__).parents[2]
BINARY = {".png", ".pdf", ".ico", ".der"}
# Each is written so that it does not find itself here.
FORBIDDEN = {
    "a path of one machine": r"/(?:wor[k]|roo[t]|Use[r]s|home/\w[\w.-]*)/",
    "a host of a registry": r"py[p]i\.org|python[h]osted|regis[t]ry\.npmjs|gh[c]r\.io",
    "a note to oneself": r"\b(?:TO[D]O|FI[X]ME|X[X]X|HA[C]K)\b",
    "a number of some tracker": r"\b(?:iss[u]e|pull re[q]uest|P[R]) #\d",
    "who wrote it": r"(?i)\b(?:cla[u]de|anth[r]opic|open[a]i|chat[g]pt|cop[i]lot|l[l]ms?|language m[o]dels?)\b",
    "how it was written": r"(?i)\b(?:sub-?ag[e]nts?|swa[r]m|pro[m]pt engineering|desi[g]n pages?|this wor[k]place)\b",
    "a merge that was not finished": r"^(?:<{7}|>{7}|={7}$)",
}


def tracked() -> list[Path]:
    """The files of the project: those that are known to git, or all where this is no repository."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
        paths = [ROOT / each for each in listed.split("\0") if each]
    except (FileNotFoundError, subprocess.CalledProcessError):
        rooms = ("gateway", "handlers", "storage", "tests", "docs", "bench", "deploy")
        paths = [*ROOT.glob("*"), *(path for room in rooms for path in (ROOT / room).rglob("*"))]
    return sorted(path for path in paths if path.is_file() and path.suffix not in BINARY)


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_no_file_holds(kind: str) -> None:
    pattern = re.compile(FORBIDDEN[kind], re.MULTILINE)
    found = []
    for path in tracked():
        if "__pycache__" in path.parts:
            continue
        text = path.read_text(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {match.group()}" for match in pattern.finditer(text)]
    assert found == []


def test_no_file_is_one_that_only_this_machine_needs() -> None:
    names = {path.name for path in tracked()}
    assert not names & {"config.toml", "kek", "root.key", "mimamori.db", ".env", ".DS_Store"}


# --- what the pages tell to type ----------------------------------------------------------------

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def told(page: Path) -> set[str]:
    """The commands that a page tells to type: `./run …` and `mimamori …`, in code only."""
    text = page.read_text()
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))
    lines = [line for block in blocks for line in block.splitlines()] + spans
    return {match[1] for line in lines if (match := re.match(r"\s*(?:\./run|(?:\S*/)?mimamori) +([a-z][a-z ]*)", line))}


def known(words: list[str]) -> bool:
    """Whether the words begin with a command, and with one of its actions where it has them."""
    action = next(each for each in build_parser()._actions if isinstance(each, argparse._SubParsersAction))
    if words[0] not in action.choices:
        return False
    inner = [each for each in action.choices[words[0]]._actions if isinstance(each, argparse._SubParsersAction)]
    return not inner or len(words) < 2 or words[1] in inner[0].choices


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_tells_is_there(page: Path) -> None:
    assert {command for command in told(page) if not known(shlex.split(command))} == set()


def test_the_first_page_tells_the_commands_that_one_needs_first() -> None:
    assert {"demo", "check", "audit tail"} <= {command.strip() for command in told(ROOT / "README.md")}


def test_every_target_of_make_that_a_page_tells_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    found = {target for page in PAGES for target in re.findall(r"`make ([a-z]+)", page.read_text())}
    assert found <= targets


@pytest.mark.parametrize("script", ["run", "test", "setup"])
def test_the_scripts_can_be_started(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", path], check=True, timeout=30)
