"""The audit log before outsiders (protocol 8.3): its checkpoints and copies, and hands that reach into the register."""

import contextlib
import io
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from storage.audit import canonical
from storage.audit_walk import Walk
from storage.engine import open_database
from tests.e2e.conftest import Start
from tests.e2e.town import Gateway, settings, this_year, until, write_settings
from tests.storage.test_migrations import migrate_to

AUDITOR = "auditor@outside.example"


@pytest.fixture
def witnessed(gateway: Start, tmp_path: Path) -> Callable[[], Gateway]:
    """Starts a gateway whose checkpoints and entries go elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    mirror = [f"file:{tmp_path}/elsewhere/notes", f"jsonl:{tmp_path}/elsewhere/log.jsonl", f"mail:{AUDITOR}"]
    return lambda: gateway(audit={"checkpoint_key": "keys/audit.key", "mirror": mirror})


def database(running: Gateway) -> Path:
    return running.config.parent / "var" / "mimamori.db"


def ended(*words: str) -> tuple[int, str]:
    """Exit code and words of a command that is given no configuration of a town."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = main([*words, "--config", "/nonexistent.toml"])
    return code, told.getvalue()


def rewritten(file: Path, seq: int) -> None:
    """An entry becomes another, and chain, tree and counter with it: the work of somebody who knows the program."""
    connection = sqlite3.connect(file, isolation_level=None)
    walk = Walk()
    for number, entry in connection.execute("SELECT seq, entry FROM audit ORDER BY seq").fetchall():
        text = canonical({**json.loads(entry), "subject": "nobody"}) if number == seq else entry
        assert walk.step(text, None) is None
        connection.execute("UPDATE audit SET entry = ?, chain = ? WHERE seq = ?", (text, walk.link, number))
    connection.execute("UPDATE audit_tree SET frontier = ?, link = ?", (bytes(walk.tree), walk.link))
    connection.close()


def test_a_log_that_outsiders_have_seen_cannot_be_rewritten(witnessed: Callable[[], Gateway], tmp_path: Path) -> None:
    running = witnessed()
    running.subscribe("mother@family.example", "浜手")
    first = running.json("audit", "checkpoint", "--mail")
    mailed = tmp_path / "saved.eml"
    until(lambda: any(first["note"] in one.text for one in running.arrived(AUDITOR)), "the letter of that checkpoint")
    mailed.write_bytes(running.arrived(AUDITOR)[-1].raw)
    running.subscribe("father@family.example", "山手")
    assert running.stop() == 0

    notes = str(tmp_path / "elsewhere" / "notes")
    found = running.json("audit", "verify", "--checkpoint", notes, "--checkpoint", str(mailed))
    assert found["ok"]
    assert found["signed"]
    assert found["checkpoints"] >= 2  # by command, and at the end
    assert found["witnesses"] == found["checkpoints"] + 1
    entries = running.audit.entries
    assert found["entries"] == len(entries)
    lines = [json.loads(line) for line in (tmp_path / "elsewhere" / "log.jsonl").read_text().splitlines()]
    assert [{name: value for name, value in line.items() if name != "chain"} for line in lines] == entries

    rewritten(database(running), 2)
    told = running.command("audit", "verify", code=1)
    assert "differs from a checkpoint" in told
    connection = sqlite3.connect(database(running), isolation_level=None)
    connection.execute("DELETE FROM audit_checkpoint")
    connection.execute("UPDATE audit_tree SET checkpoints = 0")
    connection.close()
    assert running.json("audit", "verify")["ok"]  # nobody who looks at the register alone can tell
    fault = json.loads(running.command("audit", "verify", "--json", "--checkpoint", str(mailed), code=1))["fault"]
    assert (fault["seq"], fault["last"], fault["what"]) == (1, first["size"], "differs from a checkpoint")


def test_an_export_and_a_proof_are_verified_with_nothing_but_the_public_key(
    witnessed: Callable[[], Gateway], tmp_path: Path
) -> None:
    running = witnessed()
    running.subscribe("mother@family.example", "浜手")
    running.command("audit", "checkpoint")
    key = running.command("audit", "checkpoint", "--key").strip()
    export, proof, growth = (str(tmp_path / name) for name in ("log.jsonl", "proof.json", "growth.json"))
    running.command("audit", "export", "-o", export)
    running.command("audit", "export", "-o", export, code=1)
    running.command("audit", "prove", "1", "-o", proof)
    running.command("audit", "prove", "--checkpoint", str(tmp_path / "elsewhere" / "notes"), "-o", growth)

    assert ended("audit", "verify", "--export", export, "--key", key)[0] == 0
    copy = tmp_path / "elsewhere" / "log.jsonl"
    until(copy.exists, "the copy of the entries")
    assert ended("audit", "verify", "--export", str(copy), "--key", key)[0] == 0
    code, told = ended("audit", "verify", "--proof", proof, "--key", key, "--json")
    assert (code, json.loads(told)["entry"]) == (0, running.audit.entries[0])
    assert ended("audit", "verify", "--proof", growth, "--key", key)[0] == 0

    Path(export).write_text(Path(export).read_text().replace("form:sent", "form:seen").replace("pending", "penting"))
    code, told = ended("audit", "verify", "--export", export, "--key", key)
    assert code == 1
    assert "書き換えられています / entry altered" in told
    assert ended("audit", "verify", "--proof", export, "--key", key)[0] == 1
    assert ended("audit", "verify", "--export", export, "--key", "nonsense")[0] == 2


def test_what_is_no_checkpoint_is_misuse_and_a_certificate_is_verified_as_one(
    witnessed: Callable[[], Gateway], tmp_path: Path
) -> None:
    running = witnessed()
    running.subscribe("mother@family.example", "浜手")
    running.command("audit", "checkpoint")
    key, proof = running.command("audit", "checkpoint", "--key").strip(), tmp_path / "proof.json"
    running.command("audit", "prove", "1", "-o", str(proof))
    year = this_year()
    running.command("year", "end", "--year", str(year), "--before-its-date")
    paper = running.config.parent / "var" / "certificates" / f"{year}.txt"
    for other in (proof, paper):
        assert running.command("audit", "verify", "--checkpoint", str(other), code=2) == ""
    assert "as it was signed" in running.command("audit", "verify", "--certificate", str(paper))
    assert ended("audit", "verify", "--certificate", str(proof), "--key", key)[0] == 2
    (tmp_path / "paper").write_text(paper.read_text("utf-8").replace("rows", "rowz", 1), "utf-8")
    code, told = ended("audit", "verify", "--certificate", str(tmp_path / "paper"), "--key", key)
    assert (code, "does not hold" in told) == (1, True)


TAMPERING: dict[str, dict[str, Any]] = {
    "UPDATE audit_checkpoint SET note = replace(note, 'number 1', 'number 2') WHERE number = 1": {
        "what": "checkpoint altered",
        "where": "checkpoint 1",
    },
    "DELETE FROM audit_checkpoint WHERE number = 1": {"what": "checkpoint missing", "where": "checkpoint 1"},
    "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)": {"what": "entries missing at the end"},
    "UPDATE audit_tree SET size = size - 1": {"what": "counter lowered"},
    "UPDATE audit SET chain = zeroblob(32) WHERE seq = 2": {"seq": 2, "what": "link altered"},
    "UPDATE audit SET entry = x'00' WHERE seq = 2": {"seq": 2, "what": "entry altered"},
    "INSERT INTO audit SELECT 0, entry, event, at, chain FROM audit WHERE seq = 1": {"seq": 0, "what": "entry added"},
}


def test_whatever_is_done_to_the_register_is_located(witnessed: Callable[[], Gateway]) -> None:
    running = witnessed()
    running.subscribe("mother@family.example", "浜手")
    running.command("audit", "checkpoint")
    assert running.stop() == 0
    before = database(running).read_bytes()
    for statement, expected in TAMPERING.items():
        database(running).write_bytes(before)
        connection = sqlite3.connect(database(running), isolation_level=None)
        assert connection.execute(statement).rowcount == 1, statement
        connection.close()
        fault = json.loads(running.command("audit", "verify", "--json", code=1))["fault"]
        assert fault.items() >= expected.items(), statement


def test_a_town_without_an_audit_key_is_told_how_to_make_one(gateway: Start) -> None:
    running = gateway()
    assert "openssl genpkey -algorithm ed25519" in running.command("audit", "checkpoint", code=1)
    running.command("audit", "checkpoint", "--key", code=1)
    running.command("audit", "prove", "1", code=1)
    running.command("audit", "prove", code=2)
    assert "署名は確かめていません" in running.command("audit", "verify")


def test_a_database_of_an_older_version_is_told_so_and_not_by_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_settings(tmp_path / "town", settings("maildir:var/outbox", pinned=False))
    (tmp_path / "town" / "var").mkdir()
    older = open_database(f"sqlite:///{tmp_path}/town/var/mimamori.db")
    older.write(lambda connection: migrate_to(connection, "0001")).result()
    older.close()
    for words in (("audit", "tail"), ("audit", "verify"), ("audit", "export", "-o", str(tmp_path / "log.jsonl"))):
        assert main([*words, "--config", str(config)]) == 1
        assert "`mimamori serve` brings an older one up to date" in capsys.readouterr().err
