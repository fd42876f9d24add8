"""What the documents say is what the code does: replies, settings, causes, events, columns, commands, links."""

import argparse
import re
import typing
from pathlib import Path

import pytest

from gateway.authentication.causes import Cause
from gateway.command_words import build_parser
from gateway.declared import declarations
from gateway.example import toml
from gateway.handling import event_words
from gateway.settings import INERT, SECTIONS, TABLES
from handlers import posting, replies
from handlers.replies import Reply
from handlers.routes import HANDLERS
from storage.tables import metadata

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
PRIVACY = (ROOT / "docs" / "privacy.md").read_text()
ROOMS = ("gateway", "handlers", "storage")
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
READERS = {"demo", "handling"}  # they name events that others write
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if not READERS & set(path.parts)]
CODE = "".join(path.read_text() for path in SOURCES)
SUBJECTS = "pseud|null|number|staff"  # how a row of the table of events goes on


def test_every_reply_stands_in_the_protocol_as_it_is_sent_and_no_other() -> None:
    ours = {name: value.line for name, value in vars(replies).items() if isinstance(value, Reply)}
    told = dict(re.findall(r"^\| `([A-Z_]+)` \| `(\d{3} [^`]*)` \|", PROTOCOL, re.MULTILINE))
    assert told == ours


@pytest.mark.parametrize("name", [*SECTIONS, *TABLES])
def test_every_setting_stands_in_the_protocol_with_its_default_and_whether_it_works(name: str) -> None:
    heading = f"### `[[{name}]]`" if name in TABLES else f"### `[{name}]`"
    section = PROTOCOL.partition(heading)[2].partition("\n### ")[0].partition("\n## ")[0]
    told = {row[0]: row[1] for row in re.findall(r"^\| `(\w+)` \| (.*?) \| ", section, re.MULTILINE)}
    kind = SECTIONS.get(name) or TABLES[name]
    ours = {key: "needed" if one.required else f"`{toml(one.default)}`" for key, one in declarations(kind)}
    assert told == ours
    inert = {key for key in ours if re.search(rf"^\| `{key}` \|.*no effect yet", section, re.MULTILINE)}
    assert inert == {key for section_name, key in INERT if section_name == name}


def test_every_cause_stands_in_the_protocol() -> None:
    found = set(re.findall(r'"?cause"?[=:] ?"([a-z-]+)"|without_letter\(mail, "([a-z-]+)"', CODE))
    causes = {one for pair in found for one in pair if one} | set(Cause) | set(typing.get_args(posting.Cause))
    assert {cause for cause in causes if f"`{cause}`" not in PROTOCOL} == {"unproven"} & causes


def test_every_audit_event_stands_in_the_protocol_and_no_other() -> None:
    ours = set(re.findall(r'"([a-z]+:[a-z-]+)"', CODE))
    told = set(re.findall(r"^\| `([a-z]+:[a-z-]+)` \| (?:" + SUBJECTS + ")", PROTOCOL, re.MULTILINE))
    assert told == ours | {"subscribe:seeded"}  # by bench/seed.py


def test_every_audit_event_has_words_in_the_report() -> None:
    told = set(re.findall(r"^\| `([a-z]+:[a-z-]+)` \| (?:" + SUBJECTS + ")", PROTOCOL, re.MULTILINE))
    assert told - set(event_words.EVENTS) == set()


def test_every_address_and_every_command_stands_in_the_protocol() -> None:
    assert [name for name in HANDLERS if f"`{name}@`" not in PROTOCOL and f"`{name}+" not in PROTOCOL] == []
    assert [name for name in commands() if f"`{name}" not in PROTOCOL] == []


def test_every_table_and_column_stands_in_the_inventory() -> None:
    rows = {
        table.name: next((row for row in PRIVACY.splitlines() if row.startswith(f"| `{table.name}` |")), "")
        for table in metadata.tables.values()
    }
    missing = [
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if f"`{column.name}`" not in rows[table.name]
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if link.startswith("http"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            broken.append(link)
    broken += [
        name
        for name in re.findall(rf"`((?:{'|'.join(ROOMS)}|tests|bench)/[\w/]+\.py)`", text)
        if not (ROOT / name).exists()
    ]
    assert broken == []


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands() -> list[str]:
    action = next(one for one in build_parser()._actions if isinstance(one, argparse._SubParsersAction))
    return list(action.choices)
