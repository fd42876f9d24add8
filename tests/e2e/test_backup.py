"""`mimamori backup` and `restore`: beside a running server, without a key, and nobody who left comes back (8.6)."""

import io
import json
import os
import sqlite3
import stat
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli import main
from storage.private_files import write_private
from tests.e2e.conftest import Start
from tests.e2e.town import Gateway, alert, mimamori, run, this_year, until
from tests.storage.postgres import Server, installed

STAYS, LEAVES, COMES = (f"{name}@family.example" for name in ("stays", "leaves", "comes"))
STORM = "地区：浜手\n区分：台風\n\n風が強まります。\n"


def backup(town: Gateway, name: str = "one.backup") -> Path:
    goal = town.config.parent.parent / name
    town.command("backup", "-o", str(goal))
    return goal


def export(town: Gateway) -> str:
    """The whole log, as `audit export` writes it."""
    file = town.config.parent.parent / "export.jsonl"
    town.command("audit", "export", "-o", str(file))
    return str(file)


def manifest(file: Path) -> dict[str, object]:
    with tarfile.open(file) as tar:
        stream = tar.extractfile("manifest.json")
        assert stream is not None
        found: dict[str, object] = json.loads(stream.read())
        return found


def leave(town: Gateway, address: str) -> None:
    count = len(town.arrived(address))
    assert town.write(address, town.ours("unsubscribe"))[0] == 250
    assert town.reply(town.await_mail(address, count + 1)[count])[0] == 250
    town.await_mail(address, count + 2)


def people(town: Gateway) -> int:
    return max(town.json("subscribers", "count")["years"].values(), default=0)


def test_8_6_a_backup_holds_all_but_the_keys_and_says_so(gateway: Start) -> None:
    town = gateway()
    town.subscribe(STAYS, "浜手")
    file = backup(town)
    told = manifest(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as tar:
        assert tar.getnames() == ["manifest.json", "mimamori.db", "config.toml", "terms.txt"]
        octets = b"".join((tar.extractfile(name) or io.BytesIO()).read() for name in tar.getnames())
    assert STAYS.encode() not in octets
    for key in (town.config.parent / "keys").iterdir():
        assert key.read_bytes().strip() not in octets
    made = town.audit.wait_for("backup:made")
    facts = told["facts"]
    assert isinstance(facts, dict)
    assert made["detail"]["entries"] == facts["entries"] == made["seq"] - 1
    assert facts["rows"]["subscription"] == len(town.json("subscribers", "count")["years"])


def test_8_6_who_left_since_the_backup_does_not_come_back(gateway: Start) -> None:
    town = gateway()
    town.subscribe(STAYS, "浜手")
    town.subscribe(LEAVES, "浜手")
    file = backup(town)
    leave(town, LEAVES)
    town.subscribe(COMES, "山手")
    (left,) = [entry["subject"] for entry in town.audit.entries if entry["event"] == "unsubscribe:done"]
    log = export(town)
    assert town.stop() == 0

    told = town.command("restore", str(file), "--audit", log, "--yes")
    assert "erased again: 1" in told
    assert "that are lost: 1, 0" in told
    town.start()
    assert people(town) == 1
    assert town.post(alert(STORM))[0] == 250
    town.await_copies(STAYS, 1)
    town.audit.wait_for("alert:relayed")
    assert town.copies(LEAVES) == []
    events = {entry["event"]: entry for entry in town.audit.entries}
    assert events["unsubscribe:done"]["subject"] == left
    assert events["backup:restored"]["detail"]["leavers"] == 1
    assert town.json("audit", "verify")["ok"]
    assert not [one for one in checked(town) if "came back" in one or "brought back" in one]


def test_8_6_staff_who_were_removed_since_the_backup_may_not_post_again(gateway: Start) -> None:
    town = gateway()
    town.command("staff", "add", "gone", "gone@school.example")
    file = backup(town)
    town.command("staff", "remove", "gone")
    log = export(town)
    assert town.stop() == 0
    told = town.command("restore", str(file), "--audit", log, "--yes")
    assert "enrol them again: gone" in told
    assert {"id": "gone", "source": "removed"} in town.json("staff", "list")


def test_8_6_copies_of_keys_made_since_the_backup_are_known_again_or_said_to_be_unknown(
    gateway: Start, tmp_path: Path
) -> None:
    town, year = gateway(), this_year()
    file = backup(town)
    write_private(tmp_path / "word", b"a long passphrase\n")
    for name in ("one", "two"):
        goal = str(tmp_path / name)
        town.command("keys", "escrow", str(year), "-o", goal, "--passphrase-file", str(tmp_path / "word"))
    town.command("keys", "escrow", str(year), "--destroyed")
    log = export(town)
    assert town.stop() == 0
    town.command("restore", str(file), "--audit", log, "--yes")
    assert [one for one in checked(town) if f"copies of the key of {year}: 1" in one]
    assert not [one for one in checked(town) if "are not known" in one]
    town.command("restore", str(file), "--yes")
    assert [one for one in checked(town) if "copies of keys that were made after" in one]
    town.command("year", "end", "--year", str(year), "--before-its-date")
    certificate = (town.config.parent / "var" / "certificates" / f"{year}.txt").read_text("utf-8")
    assert "Copies for the safe: at least 0 made" in certificate
    assert "made after it are not known" in certificate


def test_8_6_the_mirror_of_the_log_is_a_copy_as_well_and_goes_on_in_a_new_file(gateway: Start) -> None:
    town = gateway(audit={"mirror": ["jsonl:var/log.jsonl"], "checkpoint_key": ""})
    town.subscribe(STAYS, "浜手")
    town.subscribe(LEAVES, "浜手")
    file = backup(town)
    leave(town, LEAVES)
    assert town.stop() == 0
    mirror = town.config.parent / "var" / "log.jsonl"
    assert "erased again: 1" in town.command("restore", str(file), "--audit", str(mirror), "--yes")
    town.start()
    leave(town, STAYS)
    assert town.stop() == 0
    # Put back once more, from the same backup: the mirror now tells of both ends of the log.
    parts = [f"--audit={each}" for each in (*sorted(mirror.parent.glob("log.jsonl.*")), mirror)]
    assert "erased again: 2" in town.command("restore", str(file), *parts, "--yes")
    assert people(town) == 0


def test_8_6_without_the_log_check_says_that_they_may_be_back(gateway: Start) -> None:
    town = gateway()
    town.subscribe(LEAVES, "浜手")
    file = backup(town)
    leave(town, LEAVES)
    town.stop()
    assert "--audit" in town.command("restore", str(file), "--yes")
    assert people(town) == 1
    assert [one for one in checked(town) if "brought back those who left" in one]


def checked(town: Gateway) -> list[str]:
    ended = run("check", "--json", "--config", str(town.config))
    return [finding["message"] for finding in json.loads(ended.stdout)]


def test_8_6_after_a_restore_no_old_alert_and_no_old_letter_goes_out(gateway: Start) -> None:
    busy = {"now": False}

    def rule(stage: str, _recipient: str, _n: int) -> str | None:
        return "451 4.2.1 later" if stage == "rcpt" and busy["now"] else None

    town = gateway(rule=rule)
    town.subscribe(STAYS, "浜手")
    busy["now"] = True
    assert town.post(alert(STORM))[0] == 250
    number = town.audit.wait_for("alert:accepted")["subject"]
    assert town.write(COMES, town.ours("subscribe"), "地区：浜手\n同意：はい\n")[0] == 250
    town.audit.wait_for("subscribe:pending", after=town.audit.last - 1)
    file = backup(town)
    town.stop()
    told = town.command("restore", str(file), "--yes")
    assert number in told
    queue = town.json("queue")
    assert (queue["letters"], queue["alerts"]) == (0, [])
    assert town.json("alerts", "show", number)["state"] == "stopped"
    busy["now"] = False
    before = len(town.sink.received)
    town.start()
    assert town.audit.wait_for("alert:stopped")["subject"] == number
    town.subscribe(LEAVES, "山手")  # mail goes on
    assert {one.recipient for one in list(town.sink.received)[before:]} == {LEAVES}
    assert town.post(alert(STORM))[0] == 250
    town.await_copies(STAYS, 1)


def test_8_6_an_alert_that_went_out_since_the_backup_does_not_go_out_again(gateway: Start) -> None:
    town = gateway()
    town.subscribe(STAYS, "浜手")
    file, mail = backup(town), alert(STORM)
    assert town.post(mail)[0] == 250
    town.audit.wait_for("alert:relayed")
    log = export(town)
    assert town.stop() == 0
    time.sleep(1.1)  # a Date has seconds
    town.command("restore", str(file), "--audit", log, "--yes")
    town.start()
    assert town.post(mail)[0] == 250
    assert town.audit.wait_for("alert:held")["detail"]["reasons"] == ["restored"]
    assert len(town.copies(STAYS)) == 1


def test_8_6_numbers_of_alerts_go_on_after_the_last_that_was_given(gateway: Start) -> None:
    town = gateway()
    town.subscribe(STAYS, "浜手")
    file = backup(town)
    for _ in range(3):
        assert town.post(alert(STORM))[0] == 250
    until(lambda: sum(entry["event"] == "alert:relayed" for entry in town.audit.entries) == 3, "three alerts")
    log = export(town)
    town.stop()
    town.command("restore", str(file), "--audit", log, "--yes")
    town.start()
    assert town.post(alert(STORM))[0] == 250
    assert town.audit.wait_for("alert:accepted")["subject"].endswith("-0004")


@pytest.fixture
def stopped(gateway: Start) -> Iterator[tuple[Gateway, Path]]:
    """A town with one resident, its backup, and no server."""
    town = gateway()
    town.subscribe(STAYS, "浜手")
    file = backup(town)
    assert town.stop() == 0
    yield town, file
    assert people(town) == 1


def refused(town: Gateway, *words: str, code: int = 1) -> str:
    ended = run(*words, "--config", str(town.config))
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stderr


def test_8_6_a_backup_that_was_altered_is_refused_and_nothing_changes(stopped: tuple[Gateway, Path]) -> None:
    town, file = stopped
    octets = bytearray(file.read_bytes())
    octets[octets.index(b"SQLite format 3") + 5_000] ^= 1
    file.write_bytes(octets)
    assert "not as it was when the backup was made" in refused(town, "restore", str(file), "--yes")
    file.write_bytes(octets[: len(octets) // 2])
    assert "not a whole backup" in refused(town, "restore", str(file), "--yes")
    file.write_text("no archive")
    assert "not a whole backup" in refused(town, "restore", str(file), "--yes")


def test_8_6_a_log_with_a_gap_or_of_another_town_is_refused(stopped: tuple[Gateway, Path]) -> None:
    town, file = stopped
    log = Path(export(town))
    entries = [each for line in log.read_text("utf-8").splitlines() if "seq" in (each := json.loads(line))]
    newer = [{**entries[-1], "seq": len(entries) + 5}]
    log.write_text("".join(json.dumps(each) + "\n" for each in [*entries, *newer]), "utf-8")
    assert "are not in the copy" in refused(town, "restore", str(file), "--audit", str(log), "--yes")
    other = [*entries[:-2], {**entries[-2], "subject": "r-other"}, entries[-1]]
    log.write_text("".join(json.dumps(each) + "\n" for each in other), "utf-8")
    assert "another log" in refused(town, "restore", str(file), "--audit", str(log), "--yes")
    log.write_text("Subject: no log\n")
    assert "no JSON" in refused(town, "restore", str(file), "--audit", str(log), "--yes")


def test_8_6_without_a_terminal_it_wants_yes(stopped: tuple[Gateway, Path]) -> None:
    town, file = stopped
    assert "--yes" in refused(town, "restore", str(file), code=2)


def test_8_6_keys_of_another_register_are_refused(stopped: tuple[Gateway, Path], tmp_path: Path) -> None:
    town, file = stopped
    assert main(["init", str(tmp_path / "other")]) == 0
    keys, right = town.config.parent / "keys", tmp_path / "right"
    keys.rename(right)
    (tmp_path / "other" / "keys").rename(keys)
    assert "does not open with that year's key" in refused(town, "restore", str(file), "--yes")
    keys.rename(tmp_path / "wrong")
    right.rename(keys)


def test_8_6_rows_of_a_year_whose_key_is_gone_are_deleted(gateway: Start) -> None:
    town = gateway()
    town.subscribe(STAYS, "浜手")
    file = backup(town)
    town.stop()
    years = list(town.json("subscribers", "count")["years"])
    for key in (town.config.parent / "keys").glob("2*.key"):
        key.unlink()
    told = town.command("restore", str(file), "--yes")
    assert all(f"rows of {year}, whose key is gone, deleted" in told for year in years)
    assert town.json("subscribers", "count")["active"] == 0
    town.start()


def test_8_6_a_running_server_is_not_restored(gateway: Start) -> None:
    town = gateway()
    town.subscribe(STAYS, "浜手")
    file = backup(town)
    assert "stop it first" in refused(town, "restore", str(file), "--yes")
    assert people(town) == 1


def test_8_6_a_backup_is_never_written_to_the_keys_nor_over_a_file(gateway: Start) -> None:
    town = gateway()
    keys = town.config.parent / "keys"
    assert "where the keys are" in refused(town, "backup", "-o", str(keys / "x.backup"))
    assert "where the keys are" in refused(town, "backup", "-o", str(keys))
    file = backup(town)
    assert "is there already" in refused(town, "backup", "-o", str(file))
    folder = town.config.parent.parent / "backups"
    folder.mkdir()
    town.command("backup", "-o", str(folder))
    (named,) = folder.iterdir()
    assert named.name.startswith("mimamori-")


def test_8_6_a_backup_while_mail_comes_in_is_of_one_moment(gateway: Start) -> None:
    town = gateway()
    for number in range(6):
        assert town.write(f"p{number}@family.example", town.ours("subscribe"), "地区：浜手\n同意：はい\n")[0] == 250
    words = mimamori("backup", "-o", str(town.config.parent.parent / "live.backup"), "--config", str(town.config))
    with subprocess.Popen(words) as process:
        for number in range(6, 20):
            town.write(f"p{number}@family.example", town.ours("subscribe"), "地区：浜手\n同意：はい\n")
        assert process.wait(60) == 0
    file = town.config.parent.parent / "live.backup"
    with tarfile.open(file) as tar:
        tar.extract("mimamori.db", town.config.parent.parent, filter="data")
    with sqlite3.connect(town.config.parent.parent / "mimamori.db") as copy:
        requests = copy.execute("SELECT count(*) FROM request").fetchone()[0]
        entries = copy.execute("SELECT count(*) FROM audit WHERE event = 'subscribe:pending'").fetchone()[0]
    copy.close()
    assert requests == entries >= 6


# --- PostgreSQL ---------------------------------------------------------------------------------


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's version come first."""
    monkeypatch.setenv("PATH", f"{installed() / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_8_6_with_postgresql_it_is_the_same(gateway: Start, postgres: Server, programs: None) -> None:
    name = postgres.create()
    town = gateway(storage={"url": postgres.url(name)})
    town.subscribe(STAYS, "浜手")
    town.subscribe(LEAVES, "浜手")
    file = backup(town)
    with tarfile.open(file) as tar:
        assert "mimamori.pgdump" in tar.getnames()
    leave(town, LEAVES)
    log = export(town)
    assert "stop it first" in refused(town, "restore", str(file), "--yes")
    assert town.stop() == 0
    assert "erased again: 1" in town.command("restore", str(file), "--audit", log, "--yes")
    town.start()
    assert people(town) == 1
    assert town.post(alert(STORM))[0] == 250
    town.await_copies(STAYS, 1)
    town.audit.wait_for("alert:relayed")
    assert town.copies(LEAVES) == []
    assert town.stop() == 0


def test_8_6_a_restore_that_was_not_finished_keeps_the_gateway_from_starting(
    gateway: Start, postgres: Server, programs: None
) -> None:
    name = postgres.create()
    town = gateway(storage={"url": postgres.url(name)})
    town.subscribe(STAYS, "浜手")
    file = backup(town)
    town.stop()
    (town.config.parent / "var" / "restore-unfinished").write_text("")
    assert "was not finished" in refused(town, "serve")
    town.command("restore", str(file), "--yes")
    town.start()
    assert people(town) == 1
    assert town.stop() == 0


def test_8_6_without_pg_dump_the_remedy_is_told(
    gateway: Start, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = postgres.create()
    town = gateway(storage={"url": postgres.url(name)})
    monkeypatch.setenv("PATH", "/nowhere")
    assert "install PostgreSQL's client programs" in refused(town, "backup", "-o", str(town.config.parent / "x"))
    assert town.stop() == 0
