"""The night in which a fiscal year ends (protocol 1.2, 3.9, 3.10): machine on or off, or a clock that errs."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.administration.office import Office
from gateway.audit.note import audit_key, new_key, verify_note
from gateway.config import load
from gateway.ground import open_store
from gateway.year_end import catching_up
from storage.engine import StorageTrouble
from storage.keyring import KeyTrouble
from storage.private_files import write_private
from storage.records import Address
from tests.e2e.dated import ACCEPTED, APRIL, FEBRUARY, LAST_MINUTES, MARCH, Dated, prepared
from tests.e2e.test_leaks import disguises
from tests.e2e.town import ADMIN, BOARD, alert, children, until
from tests.fakes.sink import Rule

OLD, BOTH = "old@family.test", "both@family.test"
ALERT = "地区：全域\n区分：迷子\n\n迷子です。\n"
AUDIT_KEY = {"checkpoint_key": "keys/audit.key"}
Start = Callable[..., Dated]


@pytest.fixture
def dated(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def start(at: datetime, rule: Rule | None = None, **sections: Any) -> Dated:
            running = stack.enter_context(prepared(tmp_path, at, {"audit": AUDIT_KEY, **sections}, rule))
            if not (tmp_path / "town" / "keys" / "audit.key").exists():
                write_private(tmp_path / "town" / "keys" / "audit.key", new_key())
            running.start()
            return running

        yield start


def two_years(dated: Start, rule: Rule | None = None) -> Dated:
    """One resident of 2026 alone, one of 2026 and 2027; it is the second of March."""
    town = dated(FEBRUARY, rule)
    town.subscribe(OLD, "浜手")
    town.restart(MARCH)
    town.subscribe(BOTH, "浜手、山手")
    assert town.years() == {"2026": 2, "2027": 1}
    return town


def destroyed(town: Dated) -> list[dict[str, Any]]:
    return [entry for entry in town.audit.entries if entry["event"] == "year:destroyed"]


def certificates(town: Dated) -> list[str]:
    return sorted(file.name for file in (town.config.parent / "var" / "certificates").glob("*"))


def check_that_only_2027_lives(town: Dated) -> None:
    """Whatever happened in between: the year is gone, once; the next one is as it was."""
    assert town.years() == {"2027": 1}
    assert not (town.config.parent / "keys" / "2026.key").exists()
    assert (town.config.parent / "keys" / "2027.key").exists()
    assert [entry["detail"]["year"] for entry in destroyed(town)] == [2026]
    assert certificates(town) == ["2026.txt"]
    assert "地区：浜手、山手（2028年3月31日まで）" in town.told(BOTH).text


def test_3_10_with_the_machine_on_the_year_ends_at_midnight_and_the_next_goes_on(dated: Start) -> None:
    town = two_years(dated)
    assert town.post(alert(ALERT, date=town.clock.now)) == ACCEPTED
    old_copy, both_copy = town.await_copies(OLD, 1)[0], town.await_copies(BOTH, 1)[0]
    town.stop()
    town.clock.now = datetime(2027, 3, 31, 23, 59, 57, tzinfo=LAST_MINUTES.tzinfo)
    town.clock.wind()
    town.start()
    assert town.years() == {"2026": 2, "2027": 1}
    town.audit.wait_for("year:destroyed")
    check_that_only_2027_lives(town)
    assert town.send(b"", old_copy.leave, OLD)[0] == 550  # 1.2
    assert town.send(b"", both_copy.leave, BOTH)[0] == 550
    assert (
        town.post(alert(ALERT.replace("迷子です", "また迷子です"), date=town.clock().replace(tzinfo=UTC))) == ACCEPTED
    )
    new_copy = town.await_copies(BOTH, 2)[1]
    assert town.send(b"", new_copy.leave, BOTH) == ACCEPTED
    assert town.years() == {}
    assert len(town.copies(OLD)) == 1


def test_3_10_with_the_machine_off_that_night_it_ends_before_anything_is_served(dated: Start) -> None:
    town = two_years(dated)
    town.restart(APRIL + timedelta(days=5))
    check_that_only_2027_lives(town)
    written = destroyed(town)[0]
    assert written["detail"]["rows"]["subscription"] == 2
    assert written["detail"]["early"] is False
    town.restart(APRIL + timedelta(days=6))  # and never again
    check_that_only_2027_lives(town)


def test_3_10_the_certificate_is_signed_mailed_and_says_what_was_destroyed(dated: Start) -> None:
    town = two_years(dated)
    key_id = json.loads((town.config.parent / "keys" / "2026.key").read_text())["id"]
    kek = (town.config.parent / "keys" / "kek").read_text()
    town.restart(APRIL)
    file = town.config.parent / "var" / "certificates" / "2026.txt"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    key = audit_key(load(town.config))
    assert key is not None
    text = verify_note(file.read_text(), [key.verifier])
    facts = json.loads(text.rstrip().rpartition("\n")[2])
    assert facts == {**facts, "year": 2026, "early": False, "first_day": "2026-04-01", "last_day": "2027-03-31"}
    assert (facts["rows"]["subscription"], facts["rows"]["audience"]) == (2, 2)
    assert (facts["key"], len(facts["fingerprints"]), facts["copies"]) == ([key_id], 1, 0)
    assert None not in (facts["kek_old"], facts["kek_new"])
    assert facts["kek_old"] != facts["kek_new"]
    assert (town.config.parent / "keys" / "kek").read_text() != kek
    assert "消去した登録：2件" in text
    assert "Registrations destroyed: 2" in text
    assert key_id in text
    (letter,) = town.await_mail(ADMIN, 1)
    assert "2026年度" in letter.subject
    assert file.read_text().strip() in letter.text.replace("\r\n", "\n")
    assert re.fullmatch("[0-9a-f]{64}", destroyed(town)[0]["detail"]["certificate"])


def test_3_10_an_alert_that_runs_over_midnight_ends_first_and_nobody_of_the_year_is_written_to(dated: Start) -> None:
    silent = [False]
    town = two_years(dated, lambda stage, to, _n: "450 4.2.1 later" if silent[0] and stage == "rcpt" else None)
    town.stop()
    town.clock.now = datetime(2027, 3, 31, 23, 59, 50, tzinfo=LAST_MINUTES.tzinfo)
    silent[0] = True
    town.start()
    assert town.post(alert(ALERT, date=town.clock.now)) == ACCEPTED
    assert town.write("third@family.test", town.ours("subscribe"), "") == ACCEPTED  # whose letter waits as well
    town.clock.wind()
    town.audit.wait_for("year:destroyed")
    silent[0] = False
    events = [entry["event"] for entry in town.audit.entries]
    assert events.index("alert:expired") < events.index("year:destroyed")
    until(lambda: len(town.arrived(BOARD)) >= 1, "the report to the author")
    until(lambda: len(town.arrived(ADMIN)) == 1, "the certificate")
    assert town.copies(OLD) == town.copies(BOTH) == town.arrived("third@family.test") == []
    check_that_only_2027_lives(town)


def test_3_9_what_was_asked_for_before_midnight_is_confirmed_after_it(dated: Start) -> None:
    town = two_years(dated)
    town.restart(LAST_MINUTES)
    assert town.write("night@family.test", town.ours("subscribe"), "地区：浜手\n同意：はい\n") == ACCEPTED
    letter = town.await_mail("night@family.test", 1)[0]
    town.restart(APRIL)
    assert town.reply(letter) == ACCEPTED
    assert "期間：2028年3月31日まで" in town.await_mail("night@family.test", 2)[1].text
    assert town.years() == {"2027": 2}


def test_3_10_a_clock_that_goes_back_does_not_bring_the_year_back(dated: Start) -> None:
    town = two_years(dated)
    town.restart(APRIL)
    town.restart(LAST_MINUTES)
    town.subscribe("late@family.test", "浜手")
    assert town.years() == {"2027": 2}
    assert not (town.config.parent / "keys" / "2026.key").exists()
    town.restart(APRIL)
    assert [entry["detail"]["year"] for entry in destroyed(town)] == [2026]
    assert certificates(town) == ["2026.txt"]


def test_3_10_a_clock_that_is_far_ahead_destroys_nothing_and_says_what_to_do(dated: Start) -> None:
    town = two_years(dated)
    town.stop()
    town.clock.now = APRIL.replace(year=2029)
    with pytest.raises(
        StorageTrouble, match=r"by this clock 2026 is over .* set the clock right, or, if it is right, run"
    ):
        town.start()
    assert destroyed(town) == []
    assert sorted(file.stem for file in (town.config.parent / "keys").glob("2*.key")) == ["2026", "2027"]
    town.restart(MARCH + timedelta(days=1))
    assert town.years() == {"2026": 2, "2027": 1}


def test_3_10_a_running_gateway_whose_clock_leaps_ahead_goes_on_and_destroys_nothing(dated: Start) -> None:
    town = two_years(dated)
    town.clock.now = APRIL.replace(year=2029)
    town.stop()
    store = open_store(load(town.config))
    try:
        told: set[int] = set()
        office = Office(store, load(town.config), town.clock)
        for _ in range(2):
            catching_up.while_serving(office, told)
    finally:
        store.close()
    assert [entry["event"] for entry in town.audit.entries].count("year:doubted") == 1
    assert town.years() == {"2026": 2, "2027": 1}
    town.restart(MARCH)
    assert "2027年3月31日" in town.told(OLD).text


def test_3_10_a_copy_of_everything_from_before_opens_nothing_after_it(dated: Start, tmp_path: Path) -> None:
    """The database with its log, the logs and the audit, and all keys but the KEK: the thief had to leave that."""
    town = two_years(dated)
    assert town.post(alert(ALERT, date=town.clock.now)) == ACCEPTED
    town.await_copies(OLD, 1)
    before = {path.name: path.read_bytes() for path in (town.config.parent / "var").iterdir() if path.is_file()}
    town.stop()
    loot = shutil.copytree(town.config.parent, tmp_path / "loot")
    (loot / "keys" / "kek").unlink()
    town.restart(APRIL)
    town.stop()
    after = {f"after {path.name}": path.read_bytes() for path in town.config.parent.rglob("*") if path.is_file()}
    for needle in (*disguises(OLD), *disguises(BOTH)):
        assert [name for name, octets in (before | after).items() if needle in octets] == []

    shutil.copy(town.config.parent / "keys" / "kek", loot / "keys" / "kek")  # the one that lives now
    store = open_store(load(loot / "config.toml"), read_only=True)
    try:
        with pytest.raises(KeyTrouble, match="the KEK does not open this key"):
            store.keyring.year(2026)
        (loot / "keys" / "2026.key").unlink()
        shutil.copy(town.config.parent / "keys" / "2027.key", loot / "keys" / "2027.key")
        found = [store.read(APRIL, lambda tx, of=one: tx.subscriptions(Address(of))) for one in (OLD, BOTH)]
        assert [[row.year for row in rows] for rows in found] == [[], [2027]]
    finally:
        store.close()


def test_4_no_core_is_dumped_and_no_process_title_tells_anything(dated: Start) -> None:
    town = dated(FEBRUARY)
    town.subscribe(OLD, "浜手")
    for process in children(os.getpid()):
        title = Path(f"/proc/{process}/cmdline").read_bytes()
        if b"gateway.relay.worker" in title:
            limits = Path(f"/proc/{process}/limits").read_text()
            assert re.search(r"Max core file size +0 +0 ", limits)
            assert b"@" not in title
            assert b"family" not in title
            break
    else:
        raise AssertionError("no worker was found")
