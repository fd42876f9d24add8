"""`mimamori keys …` and `year end` as an administrator types them, beside a running server (protocol 8, 9 [keys])."""

import json
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.config import load
from gateway.ground import open_store, prepare
from storage.keyring import Keyring, KeyTrouble
from storage.private_files import write_private
from storage.records import Address, Consent, SaveSubscription
from tests.e2e.conftest import Start, end
from tests.e2e.town import ADMIN, Gateway, alert, merged, run, settings, this_year, until, write_settings
from tests.fakes.sink import Sink

MANY = 500
ALERT = "地区：全域\n区分：迷子\n\n迷子です。\n"
PERSON = "akane@family.test"
YEAR = this_year()


def keys_of(town: Gateway) -> Path:
    return town.config.parent / "keys"


def crowd(config: Path) -> list[str]:
    """Residents of this year, as if they had registered."""
    people = [f"r{number}@family.test" for number in range(MANY)]
    loaded, now = load(config), datetime.now(UTC)
    store = open_store(loaded)
    try:
        prepare(store, loaded)
        consent = Consent(version=loaded.town.terms.version, digest=loaded.town.terms.digest, at=now, way="reply")
        changes = [
            SaveSubscription(year=YEAR, address=Address(one), districts=frozenset({"hama", "eki"}), consent=consent)
            for one in people
        ]
        store.write(now, lambda transaction: transaction.apply(changes, (), (), None)).result()
    finally:
        store.close()
    return people


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[tuple[Gateway, list[str]]]:
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        chosen = merged(settings(sink.url), {"alerts": {"release_above": 2 * MANY, "haste_checks": []}})
        town = Gateway(write_settings(tmp_path / "town", chosen), sink)
        people = crowd(town.config)
        town.start()
        stack.callback(end, town)
        yield town, people


@pytest.mark.timeout(300)
def test_9_a_key_is_rotated_while_alerts_go_out_and_each_reaches_everybody_once(
    crowded: tuple[Gateway, list[str]],
) -> None:
    town, people = crowded
    (before,) = town.json("keys", "list")
    said: list[str] = []
    rotating = threading.Thread(target=lambda: said.append(run_command(town, "keys", "rotate", str(YEAR))))
    assert town.post(alert(ALERT))[0] == 250
    rotating.start()
    posted = 1
    while rotating.is_alive():
        posted += 1
        assert town.post(alert(ALERT.replace("迷子です", f"迷子です {posted}")))[0] == 250
        town.audit.wait_for("alert:relayed", seconds=120)
        rotating.join(2)
    until(lambda: relayed(town) == posted, "everything is sent", 120)
    assert said == ["0"]
    counts = Counter(one.recipient for one in town.sink.received if b"\r\nX-Mimamori-Alert: " in one.message)
    assert posted >= 2
    assert counts == dict.fromkeys(people, posted)
    (after,) = town.json("keys", "list")
    assert after["rows"] >= MANY
    assert (after["year"], after["state"]) == (YEAR, "open")
    assert before["key"] != after["key"]
    events = [entry["event"] for entry in town.audit.entries]
    assert events.index("key:rotated") < events.index("key:retired")


def relayed(town: Gateway) -> int:
    """How many alerts are complete."""
    return [entry["event"] for entry in town.audit.entries].count("alert:relayed")


def run_command(town: Gateway, *words: str) -> str:
    """The exit code of a command in a process of its own."""
    return str(run(*words, "--config", str(town.config)).returncode)


def test_9_a_leave_token_works_after_a_rotation_and_after_another_kek(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PERSON, "浜手")
    assert town.post(alert(ALERT))[0] == 250
    copy = town.await_copies(PERSON, 1)[0]
    assert "sealed anew" in town.command("keys", "rotate", str(YEAR))
    town.command("keys", "rewrap", "--to", "file:keys/kek")
    assert town.post(alert(ALERT.replace("迷子です", "また迷子です")))[0] == 250
    town.await_copies(PERSON, 2)
    assert town.send(b"", copy.leave, PERSON)[0] == 250
    town.audit.wait_for("unsubscribe:done")
    assert town.json("subscribers", "count")["active"] == 0


def test_9_the_kek_moves_to_another_place_in_two_steps_without_a_moment_between(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PERSON, "浜手")
    told = town.command("keys", "rewrap", "--to", "file:elsewhere/kek")
    assert "restart, and run the same command again" in told
    town.subscribe("benjiro@family.test", "浜手")  # still under the old one
    assert town.stop() == 0
    config = town.config.read_text("utf-8")
    town.config.write_text(f'{config}\n[keys]\nkek = "file:elsewhere/kek"\n', "utf-8")
    town.start()
    assert "destroy every copy" in town.command("keys", "rewrap", "--to", "file:elsewhere/kek")
    (keys_of(town) / "kek").unlink()
    town.subscribe("chidori@family.test", "浜手")
    assert town.json("subscribers", "count")["active"] == 3 * len(town.json("keys", "list"))
    assert (town.config.parent / "elsewhere" / "kek").stat().st_mode & 0o777 == 0o600


def test_9_a_copy_for_the_safe_is_told_everywhere_and_brings_the_key_back(gateway: Start, tmp_path: Path) -> None:
    town = gateway()
    town.subscribe(PERSON, "浜手")
    write_private(tmp_path / "word", b"a long passphrase\n")
    copy, word = str(tmp_path / "copy"), ("--passphrase-file", str(tmp_path / "word"))
    told = town.command("keys", "escrow", str(YEAR), "-o", copy, *word)
    assert "defeats the year's end" in told
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600
    found = json.loads(town.command("check", "--json"))
    assert any("1" in one["message"] and one["check"] == "years" and one["status"] == "warning" for one in found)
    assert town.stop() == 0
    saved = (keys_of(town) / f"{YEAR}.key").read_bytes()
    (keys_of(town) / f"{YEAR}.key").unlink()
    assert "put back" in run("serve", "--config", str(town.config)).stderr
    town.command("keys", "new", str(YEAR), code=1)  # there are rows
    write_private(tmp_path / "wrong", b"another passphrase\n")
    wrong = town.command("keys", "new", str(YEAR), "--from", copy, "--passphrase-file", str(tmp_path / "wrong"), code=1)
    assert wrong == ""
    town.command("keys", "new", str(YEAR), "--from", copy, *word)
    assert (keys_of(town) / f"{YEAR}.key").read_bytes() == saved
    town.start()
    town.subscribe(PERSON, "山手")
    assert town.json("subscribers", "count")["active"] == len(town.json("keys", "list"))
    town.command("keys", "escrow", str(YEAR), "--destroyed")
    town.command("keys", "escrow", str(YEAR), "--destroyed", code=1)
    events = [entry["event"] for entry in town.audit.entries]
    assert [one for one in events if one.startswith("key:")] == ["key:escrowed", "key:put-back", "key:escrow-destroyed"]


def test_8_what_destroys_refuses_without_a_terminal_unless_told_in_full(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PERSON, "浜手")
    everything = town.json("subscribers", "count")
    for code, *words in (
        (2, "keys", "destroy", str(YEAR)),
        (1, "year", "end"),
        (2, "year", "end", "--before-its-date"),
        (1, "year", "end", "--year", str(YEAR)),
        (1, "year", "end", "--year", "1999", "--before-its-date"),
        (1, "keys", "new", str(YEAR)),
        (1, "keys", "new", "1999"),
        (1, "keys", "rotate", "1999"),
        (2, "keys", "escrow", str(YEAR)),
        (2, "keys", "escrow", str(YEAR), "-o", str(town.config.parent / "copy")),
    ):
        ended = run(*map(str, words), "--config", str(town.config))
        assert (ended.returncode, ended.stdout) == (code, ""), words
        assert ended.stderr.startswith("mimamori: "), words
        assert "Traceback" not in ended.stderr
    assert town.json("subscribers", "count") == everything
    assert (keys_of(town) / f"{YEAR}.key").exists()


def test_8_a_dry_run_says_what_would_be_destroyed_and_when_and_destroys_nothing(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PERSON, "浜手")
    found = town.json("year", "end", "--dry-run")
    first = found[0]
    assert (first["year"], first["over"], first["rows"]["subscription"]) == (YEAR, False, 1)
    assert first["ends"] == f"{YEAR + 1}-04-01T00:00:00+09:00"
    assert "登録 / registrations 1" in town.command("year", "end", "--dry-run")
    assert town.json("year", "end", "--dry-run", "--year", str(YEAR)) == [first]
    assert town.json("year", "end", "--dry-run", "--year", "1999") == []
    assert town.json("subscribers", "count")["active"] == len(found)
    shutil.rmtree(keys_of(town))
    assert town.stop() == 0
    town.command("year", "end", "--dry-run")  # 0, whatever is wrong


def test_3_10_an_early_end_destroys_the_year_beside_the_running_server_and_it_begins_anew(gateway: Start) -> None:
    town = gateway()
    town.subscribe(PERSON, "浜手")
    assert town.post(alert(ALERT))[0] == 250
    copy = town.await_copies(PERSON, 1)[0]
    town.audit.wait_for("alert:relayed")
    (before, *_) = town.json("keys", "list")
    told = town.json("year", "end", "--year", str(YEAR), "--before-its-date")
    assert (told["year"], told["early"], told["key"]["ids"]) == (YEAR, True, [before["key"]])
    assert town.send(b"", copy.leave, PERSON)[0] == 550
    assert town.json("subscribers", "count")["years"].get(str(YEAR), 0) == 0
    (after, *_) = town.json("keys", "list")
    assert after["key"] != before["key"]
    letters = town.await_mail(ADMIN, 1)
    assert "期日前に" in letters[-1].text
    town.subscribe(PERSON, "浜手")
    assert town.post(alert(ALERT.replace("迷子です", "また迷子です")))[0] == 250
    assert town.await_copies(PERSON, 2)[1].subject
    numbers = [entry["subject"] for entry in town.audit.entries if entry["event"] == "alert:accepted"]
    assert numbers == [f"{YEAR}-0001", f"{YEAR}-0002"]  # no number is given twice
    certificate = town.config.parent / "var" / "certificates" / f"{YEAR}.txt"
    assert "by order of the administrator" in certificate.read_text()


def test_m8_the_database_is_useless_without_the_key_and_the_key_without_the_kek(gateway: Start, tmp_path: Path) -> None:
    town = gateway()
    town.subscribe(PERSON, "浜手")
    assert town.stop() == 0
    without_kek = shutil.copytree(town.config.parent, tmp_path / "without-kek")
    (without_kek / "keys" / "kek").unlink()
    ended = run("serve", "--config", str(without_kek / "config.toml"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "no such key" in ended.stderr
    with pytest.raises(KeyTrouble, match="no such key"):
        Keyring(without_kek / "keys", f"file:{without_kek}/keys/kek").year(YEAR)
    loot = (without_kek / "keys" / f"{YEAR}.key").read_bytes() + (without_kek / "var" / "mimamori.db").read_bytes()
    assert b"family.test" not in loot
    without_key = shutil.copytree(town.config.parent, tmp_path / "without-key")
    (without_key / "keys" / f"{YEAR}.key").unlink()
    ended = run("serve", "--config", str(without_key / "config.toml"))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert f"put back keys/{YEAR}.key" in ended.stderr
