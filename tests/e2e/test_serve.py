"""`mimamori serve` as a process: what it refuses and why, its other ways in, its start and its end."""

import contextlib
import json
import re
import signal
import smtplib
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import Start, starter
from tests.e2e.town import (
    ADMIN,
    BOARD,
    DOMAIN,
    ROOT,
    Gateway,
    alert,
    as_toml,
    counted,
    domain_of,
    merged,
    mimamori,
    run,
    settings,
    this_year,
    until,
    write_settings,
)

TEXT = "地区：山手\n区分：台風\n\n休校です。\n"
NOT_ACCEPTED = (550, "5.7.1 not accepted; staff: write to probe@")
ACCEPTED = (250, "2.0.0 accepted")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway for the tests of this file; each uses addresses of its own."""
    with ExitStack() as stack:
        yield starter(stack, tmp_path_factory.mktemp("serve"))()


def by_a_colleague() -> bytes:
    return alert(TEXT, f"someone.else@{domain_of(BOARD)}")


# --- the public's other ways --------------------------------------------------------------------


def test_an_empty_mail_is_answered_with_the_numbered_form_and_a_number_completes_it(town: Gateway) -> None:
    person = "form@family.test"
    last = town.audit.last
    assert town.write(person, town.ours("subscribe")) == ACCEPTED
    (form,) = town.await_mail(person, 1)
    assert town.audit.wait_for("form:sent", after=last)["subject"].startswith("r-")
    assert re.search(rf"<form\+[a-z0-9]+@{DOMAIN}>", str(form.mail["From"]))
    assert "1. 浜手\n2. 山手\n3. 中島\n4. 駅前\n" in form.text
    assert "利用規約" in form.text

    assert town.reply(form, "9") == ACCEPTED  # there is no such number: the form once more, the first stays good
    again = town.await_mail(person, 2)[1]
    assert "読み取れません" in again.subject
    assert town.reply(form, "２、4") == ACCEPTED
    receipt = town.await_mail(person, 3)[2]
    assert "山手、駅前" in receipt.text

    last = town.audit.last
    assert town.reply(form, "1") == ACCEPTED  # 1.2  used: the next step, and nothing else
    town.audit.wait_for("token:over", after=last)
    assert f"subscribe@{DOMAIN}" in town.await_mail(person, 4)[3].text


def test_a_confirmation_without_any_text_completes_and_a_cancellation_withdraws(town: Gateway) -> None:
    person = "cancels@family.test"
    text = "District: hama\nConsent: yes\n"
    assert town.write(person, town.ours("subscribe"), text, "Registration") == ACCEPTED
    (letter,) = town.await_mail(person, 1)
    assert town.reply(letter, "cancel") == ACCEPTED
    assert town.await_mail(person, 2)[1].mail["Auto-Submitted"] == "auto-replied"

    assert town.write(person, town.ours("subscribe"), text, "Registration once more") == ACCEPTED
    letter = town.await_mail(person, 3)[2]
    confirm = str(letter.mail["Reply-To"])
    # 1.4  An out-of-office has no effect.
    assert town.write(person, confirm, "away", Auto_Submitted="auto-replied") == ACCEPTED
    assert town.send(f"From: {person}\r\n\r\n".encode(), confirm, person) == ACCEPTED
    assert f"unsubscribe@{DOMAIN}" in town.await_mail(person, 4)[3].text


def test_unsubscribing_asks_the_mailbox_first_and_answers_strangers_alike(town: Gateway) -> None:
    known, stranger = "leaver@family.test", "stranger@family.test"
    town.subscribe(known, "中島")
    letters = []
    for person, number in ((known, 3), (stranger, 1)):
        assert town.write(person, town.ours("unsubscribe"), "", "") == ACCEPTED
        letters.append(town.await_mail(person, number)[-1])
    assert letters[0].text == letters[1].text
    assert letters[0].subject == letters[1].subject
    goodbyes = []
    for letter, number in zip(letters, (4, 2), strict=True):
        assert town.reply(letter) == ACCEPTED
        goodbyes.append(town.await_mail(letter.recipient, number)[-1])
    assert goodbyes[0].text == goodbyes[1].text


def test_mail_for_the_postmaster_is_passed_on_to_the_administrator_unchanged(town: Gateway) -> None:
    before = len(town.arrived(ADMIN))
    for number, to in enumerate(("postmaster", f"postmaster@{DOMAIN}", f"ABUSE@{DOMAIN}"), start=1):
        raw = f"From: n@far.example\r\nMessage-ID: <{number}@far.example>\r\nSubject: number {number}\r\n\r\nhelp\r\n"
        assert town.send(raw.encode(), to, "n@far.example") == ACCEPTED
        letter = town.await_mail(ADMIN, before + number)[-1]
        (enclosed,) = letter.mail.iter_attachments()
        assert enclosed.get_content_type() == "message/rfc822"
        assert raw.encode() in letter.raw
    assert town.arrived("n@far.example") == []


# --- SMTP ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "local", ["release+x", "confirm", "confirm+x", "form+x", "leave+x", "bounce+x", "help+x", "info"]
)
def test_an_address_that_there_is_not_is_refused_before_the_mail(town: Gateway, local: str) -> None:
    with smtplib.SMTP("127.0.0.1", town.port) as client:
        client.ehlo("mail.example")
        client.mail("someone@far.example")
        assert client.rcpt(town.ours(local)) == (550, b"5.1.1 no such address here")
        assert client.rcpt("someone@elsewhere.example") == (550, b"5.1.1 no such address here")


def test_a_second_recipient_is_asked_to_come_back(town: Gateway) -> None:
    with smtplib.SMTP("127.0.0.1", town.port) as client:
        client.ehlo("mail.example")
        client.mail("two@far.example")
        assert client.rcpt(town.ours("help"))[0] == 250
        code, text = client.rcpt(town.ours("subscribe"))
        assert (code, text[:5]) == (452, b"4.5.3")


# --- start and end ------------------------------------------------------------------------------


def test_a_second_server_on_the_same_database_ends_with_a_remedy(town: Gateway) -> None:
    second = run("serve", "--config", str(town.config))
    assert second.returncode == 1
    assert "another mimamori uses it; stop that one first" in second.stderr
    assert "Traceback" not in second.stderr


def test_9_a_port_that_another_program_has_is_told_with_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = write_settings(tmp_path / "town", merged(settings("maildir:out"), {"listener": {"port": port}}))
        ended = run("serve", "--config", str(config))
    assert ended.returncode == 1
    assert f"[listener] port: 127.0.0.1:{port} cannot be listened to" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_five_mistakes_in_the_configuration_are_five_messages_with_their_lines(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    chosen = settings("smtp://127.0.0.1:25")
    chosen["gateway"]["domain"] = "no domain"
    chosen["listener"]["prot"] = 25
    chosen["relay"]["connections"] = "many"
    chosen["districts"][2]["code"] = "hama"
    chosen["staff"][1]["categories"] = ["quake"]
    config.write_text(as_toml(chosen), "utf-8")
    (tmp_path / "terms.ja.txt").write_text("版: 1\n規約\n", "utf-8")
    ended = run("serve", "--config", str(config))
    assert ended.returncode == 2
    lines = config.read_text("utf-8").splitlines()
    numbers = [int(found[1]) for found in re.finditer(r":(\d+):", ended.stderr)]
    assert len(numbers) == 5, ended.stderr
    named = [lines[number - 1].partition(" =")[0] for number in sorted(numbers)]
    assert named == ["domain", "prot", "connections", "code", "categories"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "terms.ja.txt"]


def test_a_mail_that_comes_in_at_sigterm_is_taken_and_the_next_start_goes_on_where_it_was(gateway: Start) -> None:
    running = gateway()
    running.subscribe("one@family.test", "山手")
    running.post(alert(TEXT))
    (before,) = running.await_copies("one@family.test", 1)
    running.audit.wait_for("alert:relayed")

    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as plug:
        lines = plug.makefile("rb")
        plug.sendall(b"EHLO mail.example\r\nMAIL FROM:<late@family.test>\r\n")
        plug.sendall(f"RCPT TO:<subscribe@{DOMAIN}>\r\nDATA\r\n".encode())
        while not lines.readline().startswith(b"354"):
            pass
        plug.sendall(b"From: late@family.test\r\nMessage-ID: <1@family.test>\r\n\r\n")
        running.process.send_signal(signal.SIGTERM)
        until(lambda: "finishing" in running.log.read_text(), "the server knows that it is to end")
        plug.sendall("地区\r\n.\r\n".encode())
        assert lines.readline().startswith(b"250 2.0.0")
    assert running.stop() == 0

    running.start()
    (letter,) = running.await_mail("late@family.test", 1)
    assert "form+" in str(letter.mail["From"])
    assert running.json("subscribers", "count") == counted(active=1)
    running.post(alert(TEXT))
    after = running.await_copies("one@family.test", 2)[1]
    assert f"{this_year()}-0002" in after.text
    assert after.leave == before.leave


# --- audit --------------------------------------------------------------------------------------


def test_a_new_entry_is_shown_by_a_following_tail_within_a_second(town: Gateway) -> None:
    assert town.post(by_a_colleague()) == NOT_ACCEPTED
    words = mimamori("audit", "tail", "-f", "-n", "1", "--json", "--config", str(town.config))
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as tail:
        try:
            assert tail.stdout is not None
            newest = json.loads(tail.stdout.readline())
            assert newest == town.audit.entries[-1]
            seconds = []
            for number in (1, 2, 3):
                assert town.post(by_a_colleague()) == NOT_ACCEPTED
                started = time.monotonic()
                shown = json.loads(tail.stdout.readline())
                seconds.append(time.monotonic() - started)
                assert (shown["seq"], shown["event"]) == (newest["seq"] + number, "alert:refused")
        finally:
            tail.terminate()
    assert min(seconds) < 1.0  # the machine may be busy now and then


def test_the_tail_can_be_cut_by_number_event_and_time(town: Gateway) -> None:
    town.post(by_a_colleague())
    newest = town.json("audit", "tail", "-n", "1", "--event", "alert:*")
    assert newest["event"] == "alert:refused"
    assert "alert:refused" in town.command("audit", "tail", "-n", "3")
    assert town.command("audit", "tail", "--since", "0s") == ""
    town.command("audit", "tail", "--since", "yesterday-ish", code=2)


CHANGES = {
    "UPDATE audit SET entry = replace(entry, 'form', 'from') WHERE event = 'form:sent'": "entry altered",
    "UPDATE audit SET event = 'form:seen' WHERE event = 'form:sent'": "columns differ from the entry",
    "DELETE FROM audit WHERE event = 'form:sent'": "missing",
}


def test_every_change_of_an_audit_row_is_found(gateway: Start) -> None:
    running = gateway()
    running.write("one@family.test", running.ours("subscribe"))
    running.await_mail("one@family.test", 1)
    assert running.stop() == 0
    found, newest = running.json("audit", "verify"), running.json("audit", "tail", "-n", "1")
    assert (found["ok"], found["entries"]) == (True, newest["seq"])
    file = running.config.parent / "var" / "mimamori.db"
    original = file.read_bytes()
    for change, what in CHANGES.items():
        file.write_bytes(original)
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            assert database.execute(change).rowcount == 1
        assert what in running.command("audit", "verify", code=1)
