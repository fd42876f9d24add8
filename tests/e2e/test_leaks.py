"""What somebody finds who takes the database, the logs and the audit: no address, and nobody's districts.

Read after the whole way: registrations of all kinds, alerts, mistakes, leaving. The keys are not part of the loot.
"""

import base64
import quopri
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.config import load
from gateway.ground import open_store
from storage import alerts, subscriptions
from storage.keyring import KeyTrouble
from storage.records import Address
from tests.e2e.conftest import starter
from tests.e2e.town import BOARD, SCHOOL, Gateway, alert, run, this_year

NAMES = ("akane.tsuchiya", "Benjiro.Kamata", "chidori+alerts", "emiko.narumi", "fumiya_ogata")
RESIDENTS = tuple(f"{name}@mailbox-{number}.test" for number, name in enumerate(NAMES))
CARRIER = "dai..suke.@docomo.ne.jp"  # an old address of a carrier, which no standard allows
QUOTED = '"dai..suke."@docomo.ne.jp'
DISTRICTS = ("hama", "yama", "shima", "eki", "浜手", "山手", "中島", "駅前", "はまて", "やまて", "山の手")
MAY_NAME_DISTRICTS = {"alert", "audit"}  # 8  those of an alert, by code
TEXT = "地区：山手、中島\n区分：声かけ\n被害者の同意：取得済\n\n山手公園で声かけがありました。\n"


@dataclass(frozen=True)
class Loot:
    """A stopped gateway's files by name, as they lay on the disk while it ran and after it stopped."""

    gateway: Gateway
    files: dict[str, bytes]
    people: tuple[str, ...]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loot]:
    """Everything that people do, once."""
    with ExitStack() as stack:
        gateway = starter(stack, tmp_path_factory.mktemp("leaks"))(listener={"trusted_relays": []})
        akane, benjiro, chidori, emiko, fumiya = RESIDENTS
        gateway.subscribe(akane, "浜手、山手")
        gateway.write(benjiro, gateway.ours("subscribe"))  # the form, answered
        gateway.reply(gateway.await_mail(benjiro.lower(), 1)[0], "山手")
        gateway.await_mail(benjiro.lower(), 2)
        gateway.write(chidori, gateway.ours("subscribe+yama"), "Consent: yes", "Register")
        gateway.reply(gateway.await_mail(chidori, 1)[0], "yes")
        gateway.await_mail(chidori, 2)
        raw = f"From: {QUOTED}\r\n\r\n地区：駅前\r\n同意：はい\r\n".encode()
        gateway.send(raw, gateway.ours("subscribe"), QUOTED)
        gateway.await_mail(QUOTED, 1)  # and never confirmed
        gateway.write(emiko, gateway.ours("subscribe"), "地区：まちがい\n同意：はい\n")  # a mistake
        gateway.write(emiko, gateway.ours("help"), f"{emiko} です。駅前に住んでいます。")
        gateway.await_mail(emiko, 2)
        gateway.subscribe(fumiya, "中島、駅前")
        gateway.post(alert(TEXT, subject="声かけ"))
        gateway.audit.wait_for("alert:relayed")
        gateway.send(b"", gateway.copies(fumiya)[0].leave, fumiya)
        gateway.audit.wait_for("unsubscribe:done")
        gateway.await_mail(fumiya, 4)
        gateway.post(alert(TEXT), author=fumiya)  # an envelope of somebody else changes nothing
        gateway.post(alert(TEXT, fumiya), author=fumiya)  # a resident who tries to post
        gateway.write(akane, gateway.ours(f"no-such-{akane.partition('@')[0]}"), "")
        robot, told = "mailer-daemon@family.test", f"<{akane}> is unknown here"
        gateway.write(robot, gateway.ours("subscribe"), told, Auto_Submitted="auto-replied")
        files = {f"running {path.name}": path.read_bytes() for path in var(gateway).iterdir() if not path.is_socket()}
        audit = "".join(gateway.command("audit", "tail", "-n", "9999", *how) for how in ((), ("--json",)))
        assert gateway.stop() == 0
        files |= {f"stopped {path.name}": path.read_bytes() for path in var(gateway).iterdir()}
        files |= {"log": gateway.log.read_bytes(), "audit": audit.encode()}
        yield Loot(gateway, files, (*RESIDENTS, CARRIER))


def var(gateway: Gateway) -> Path:
    return gateway.config.parent / "var"


def disguises(text: str) -> set[bytes]:
    """The ways in which a text could lie in a file."""
    found: set[bytes] = set()
    for spelling in {text, text.upper(), text.lower(), text.title()}:
        plain = spelling.encode()
        found |= {plain, plain.hex().encode(), plain.hex().upper().encode(), quopri.encodestring(plain, quotetabs=True)}
        found |= {plain.replace(b"@", b"=40"), plain.replace(b"@", b"%40"), plain.replace(b"@", b"\\u0040")}
        found |= {spelling.encode("utf-16-le"), spelling.encode("utf-16-be"), plain[::-1]}
        for before in range(3):  # base64 has three forms of a text, by where it begins
            encoded = base64.b64encode(b"x" * before + plain)
            found.add(encoded[4 if before else 0 : len(encoded) // 4 * 4 - 4])
    return {needle for needle in found if len(needle) >= 8}


def test_no_address_lies_in_the_database_its_log_of_changes_the_logs_or_the_audit(town: Loot) -> None:
    database = {f"running mimamori.db{suffix}" for suffix in ("", "-wal", "-shm")}
    assert database | {"stopped mimamori.db", "log", "audit"} <= set(town.files)
    for person in (*town.people, BOARD, SCHOOL):
        for needle in disguises(person) | disguises(person.partition("@")[0]):
            found = [name for name, content in town.files.items() if needle in content]
            assert found == [], f"{needle!r}"


def test_the_search_would_find_an_address() -> None:
    person = RESIDENTS[0]
    plain = f"To: {person}\n".encode()
    hidden = (plain, base64.b64encode(plain), person.encode("utf-16-be"), plain.upper(), plain.hex().encode())
    for octets in hidden:
        assert any(needle in octets for needle in disguises(person))


def test_the_log_has_one_line_a_mail_of_our_own_words_alone(town: Loot) -> None:
    lines = [line for line in town.files["log"].decode().splitlines() if " mimamori.mail " in line]
    shape = r"\S+Z INFO mimamori\.mail mail=m-[0-9a-f]{16} command=[a-z]+ reply=\d{3} octets=\d+ ms=\d+ tls=[01]"
    assert len(lines) >= 15
    assert [line for line in lines if not re.fullmatch(shape, line)] == []


def test_nothing_but_alerts_and_their_audit_names_a_district(town: Loot) -> None:
    needles = {b'"eki"', b'"hama"', b'"yama"', b'"shima"'}
    for word in DISTRICTS:
        plain = word.encode()
        forms = (plain, word.encode("utf-16-le"), base64.b64encode(plain).rstrip(b"="))
        needles |= {form for form in forms if len(form) >= 6}
    for table, rows in tables(town).items():
        if table in MAY_NAME_DISTRICTS:
            continue
        for row in rows:
            for value in row:
                octets = value if isinstance(value, bytes) else str(value).encode()
                assert not any(needle in octets for needle in needles), table
    for entry in (row for row in tables(town)["audit"] if '"subject":"r-' in str(row)):
        assert not any(word in str(entry) for word in DISTRICTS)


def test_no_column_of_a_resident_repeats_where_two_have_the_same_district(town: Loot) -> None:
    """Equal ciphertexts or digests beside a person would tell who lives together; the audience is all there is."""
    with closing(database(town)) as connection:
        query = "SELECT address_index, address, districts, consent, pseudonym, uuid FROM subscription WHERE year = ?"
        rows = connection.execute(query, (this_year(),))
        columns = list(zip(*rows, strict=True))
    assert len(columns[0]) >= 3
    for column in columns:
        assert len(set(column)) == len(column)


def test_an_erased_resident_is_not_in_the_stopped_database_at_all(town: Loot) -> None:
    entries = [str(row) for row in tables(town)["audit"] if "unsubscribe:done" in str(row)]
    (gone,) = {entry.partition('"subject":"')[2][:18] for entry in entries}
    for table, rows in tables(town).items():
        if table not in {"audit", "request"}:
            assert not any(gone in str(row) for row in rows), table
    assert set(town.files) & {"stopped mimamori.db-wal", "stopped mimamori.db-shm"} == set()


def test_without_the_years_key_nothing_opens_and_serve_names_the_remedy(town: Loot, tmp_path: Path) -> None:
    folder = shutil.copytree(town.gateway.config.parent, tmp_path / "town")
    for key in (folder / "keys").glob("[0-9]*.key"):  # in March there are two
        key.unlink()
    ended = run("serve", "--config", str(folder / "config.toml"))
    assert ended.returncode == 1
    assert f"put back keys/{this_year()}.key" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (folder / "keys" / f"{this_year()}.key").exists()

    now = datetime.now(UTC)
    store = open_store(load(folder / "config.toml"), read_only=True)
    try:
        for address in (Address(person.lower()) for person in town.people):
            assert store.read(now, lambda tx, of=address: subscriptions.find(tx.connection, tx.keyring, of)) == []
        with pytest.raises(KeyTrouble):
            store.read(now, lambda tx: alerts.content(tx.connection, tx.keyring, 1))
    finally:
        store.close()


def database(town: Loot) -> sqlite3.Connection:
    return sqlite3.connect(var(town.gateway) / "mimamori.db")


def tables(town: Loot) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with closing(database(town)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}
