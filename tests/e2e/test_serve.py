"""`mimamori serve` as a process: what it refuses and why, its other ways in, its start and its end."""

import contextlib
import re
import signal
import smtplib
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.conftest import Start, starter
from tests.e2e.town import (
    ADMIN,
    BOARD,
    DOMAIN,
    SCHOOL,
    SELECTOR,
    Gateway,
    alert,
    as_toml,
    counted,
    domain_of,
    key_name,
    key_of,
    run,
    settings,
    this_year,
    until,
)
from tests.fakes.signer import COVERED, new_key, sign

RESIDENT = "everywhere@family.test"
TEXT = "地区：山手\n区分：台風\n\n休校です。\n"
NOT_ACCEPTED = (550, "5.7.1 not accepted; staff: write to probe@")
ACCEPTED = (250, "2.0.0 accepted")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with one resident who is registered for all districts; tests use other addresses of their own."""
    with ExitStack() as stack:
        running = starter(stack, tmp_path_factory.mktemp("serve"))()
        running.subscribe(RESIDENT, "全域")
        yield running


# --- alerts that are not relayed ------------------------------------------------------------------


def by_a_colleague() -> bytes:
    return alert(TEXT, f"someone.else@{domain_of(BOARD)}")


def unsigned() -> bytes:
    return alert(TEXT).partition(b"\r\nMIME-Version")[2].join([b"MIME-Version", b""])


def signed_by_another_domain() -> bytes:
    mail = alert(TEXT, sign_headers=COVERED)
    own = mail[mail.index(b"MIME-Version") :]
    return sign(own, new_key(selector="evil").private_pem, "evil.example", "evil")


def with_an_unknown_key() -> bytes:
    mail = alert(TEXT)
    own = mail[mail.index(b"MIME-Version") :]
    return sign(own, new_key(selector=SELECTOR).private_pem, domain_of(BOARD), SELECTOR)


def with_a_body_length() -> bytes:
    return alert(TEXT, tags={"l": "10"})


def with_a_second_subject() -> bytes:
    return b"Subject: other words\r\n" + alert(TEXT)


def with_another_text() -> bytes:
    mail = alert("District: yama\nCategory: storm\n\nSchool is out at noon.\n")
    return mail.replace(b"at noon", b"at once")


REFUSED: dict[str, Callable[[], bytes]] = {
    "unknown-author": by_a_colleague,
    "no-signature": unsigned,
    "not-aligned": signed_by_another_domain,
    "signature-wrong": with_an_unknown_key,
    "body-length-tag": with_a_body_length,
    "duplicate-field": with_a_second_subject,
    "body-altered": with_another_text,
}


@pytest.mark.parametrize("cause", REFUSED)
def test_an_alert_that_proves_no_author_is_refused_alike_and_the_audit_knows_why(town: Gateway, cause: str) -> None:
    last, before = town.audit.last, len(town.sink.received)
    assert town.post(REFUSED[cause]()) == NOT_ACCEPTED
    refused = town.audit.wait_for("alert:refused", after=last)
    assert refused["detail"] == {"cause": cause}
    assert town.copies(RESIDENT) == []
    assert len(town.sink.received) == before


def html_only() -> bytes:
    return alert("<p>地区：山手</p><p>休校です。</p>", headers={"Content-Type": 'text/html; charset="utf-8"'})


EXPLAINED: dict[str, Callable[[], bytes]] = {
    "field-not-signed": lambda: b"X-District: all\r\n" + alert(TEXT),
    "no-victim-consent": lambda: alert("地区：山手\n区分：声かけ\n\n公園で声かけがありました。\n"),
    "district-scope": lambda: alert("地区：山手、浜手\n区分：台風\n\n休校です。\n", SCHOOL),
    "category-scope": lambda: alert("地区：山手\n区分：迷子\n\n迷子です。\n", SCHOOL),
    "html-only": html_only,
    "unknown-district": lambda: alert("地区：山て\n区分：台風\n\n休校です。\n"),
}


@pytest.mark.parametrize("cause", EXPLAINED)
def test_an_alert_that_may_not_be_relayed_is_explained_to_its_author_alone(town: Gateway, cause: str) -> None:
    mail = EXPLAINED[cause]()
    author = SCHOOL if cause.endswith("scope") else BOARD
    last, before = town.audit.last, len(town.arrived(author))
    assert town.post(mail, author) == ACCEPTED
    refused = town.audit.wait_for("alert:refused", after=last)
    assert refused["detail"]["cause"] == cause
    assert refused["subject"] == ("yamate" if author == SCHOOL else "board")
    letter = town.await_mail(author, before + 1)[-1]
    assert letter.subject == "【みなと市教育委員会】お知らせは送られていません"
    if cause != "html-only":
        assert "下書き" in letter.text
    assert not re.search("被害者の同意：(?!（)", letter.text.partition("下書き（")[2])  # 2.3
    assert town.copies(RESIDENT) == []


def test_every_refusal_of_an_author_takes_at_least_the_floor(gateway: Start) -> None:
    running = gateway(limits={"refusal_floor_milliseconds": 1_000})
    for mail in (by_a_colleague(), with_another_text()):
        started = time.monotonic()
        assert running.post(mail) == NOT_ACCEPTED
        assert time.monotonic() - started >= 1.0


# --- alerts that are relayed, once --------------------------------------------------------------


def test_the_same_octets_again_are_taken_and_not_relayed(gateway: Start) -> None:
    running = gateway()
    running.subscribe("one@family.test", "山手")
    mail = alert(TEXT)
    assert running.post(mail) == ACCEPTED
    running.audit.wait_for("alert:relayed")
    assert running.post(mail) == ACCEPTED
    repeated = running.audit.wait_for("alert:repeated")
    assert repeated["subject"] == f"{this_year()}-0001"
    # The same text in another mail is another alert, and its receipt says what it resembles.
    assert running.post(alert(TEXT)) == ACCEPTED
    running.await_copies("one@family.test", 2)
    receipts = running.await_mail(BOARD, 4)
    assert sum(f"同じ本文のお知らせ {this_year()}-0001" in letter.text for letter in receipts) == 1
    assert len(running.copies("one@family.test")) == 2


def test_a_key_from_dns_proves_and_is_told_once_and_dns_trouble_is_a_451(gateway: Start) -> None:
    records = {key_name(BOARD): [key_of(domain_of(BOARD)).txt_record]}
    running = gateway(pinned=False, records=records, trouble=[key_name(SCHOOL)])
    running.subscribe("one@family.test", "山手")

    code, text = running.post(alert(TEXT, SCHOOL), SCHOOL)
    assert (code, text[:5]) == (451, "4.4.3")
    assert running.audit.wait_for("alert:deferred")["detail"] == {"cause": "dns"}

    assert running.post(alert(TEXT)) == ACCEPTED
    new = running.audit.wait_for("key:new")
    facts = {"domain": domain_of(BOARD), "selector": SELECTOR, "alert": f"{this_year()}-0001"}
    assert facts.items() <= new["detail"].items()
    assert re.fullmatch("[0-9a-f]{64}", new["detail"]["fingerprint"])
    relayed = running.audit.wait_for("alert:relayed")["seq"]

    assert running.post(alert(TEXT)) == ACCEPTED
    running.audit.wait_for("alert:relayed", after=relayed)
    assert [entry["event"] for entry in running.audit.entries].count("key:new") == 1
    assert len(running.copies("one@family.test")) == 2
    assert running.dns is not None
    assert {name for name in running.dns.queries if "_domainkey" in name} == {key_name(BOARD), key_name(SCHOOL)}


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
    "local", ["probe", "release+x", "confirm", "confirm+x", "form+x", "leave+x", "bounce+x", "help+x", "info"]
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


def test_a_mail_that_is_coming_in_at_sigterm_is_taken_and_answered_after_the_next_start(gateway: Start) -> None:
    running = gateway()
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as plug:
        lines = plug.makefile("rb")
        plug.sendall(
            b"EHLO mail.example\r\nMAIL FROM:<late@family.test>\r\n"
            + f"RCPT TO:<subscribe@{DOMAIN}>\r\nDATA\r\n".encode()
        )
        while not lines.readline().startswith(b"354"):
            pass
        plug.sendall(b"From: late@family.test\r\nMessage-ID: <1@family.test>\r\n\r\n")
        running.process.send_signal(signal.SIGTERM)
        until(lambda: "finishing" in running.log.read_text(), "the server knows that it is to end")
        plug.sendall(b"\xe5\x9c\xb0\xe5\x8c\xba\r\n.\r\n")
        assert lines.readline().startswith(b"250 2.0.0")
    assert running.stop() == 0
    running.start()
    (letter,) = running.await_mail("late@family.test", 1)
    assert "form+" in str(letter.mail["From"])


def test_a_restart_keeps_what_is_registered_and_its_numbers_go_on(gateway: Start) -> None:
    running = gateway()
    running.subscribe("one@family.test", "山手")
    running.post(alert(TEXT))
    (before,) = running.await_copies("one@family.test", 1)
    running.audit.wait_for("alert:relayed")
    assert running.stop() == 0
    running.start()
    assert running.json("subscribers", "count") == counted(active=1)
    running.post(alert(TEXT))
    after = running.await_copies("one@family.test", 2)[1]
    assert f"{this_year()}-0002" in after.text
    assert after.leave == before.leave


# --- audit --------------------------------------------------------------------------------------


def test_a_new_entry_is_shown_by_a_following_tail_within_a_second(town: Gateway) -> None:
    town.audit.wait_for("subscribe:confirmed")
    last = town.audit.last
    assert town.post(by_a_colleague()) == NOT_ACCEPTED
    started = time.monotonic()
    town.audit.wait_for("alert:refused", after=last)
    assert time.monotonic() - started < 1.0


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
    assert running.json("audit", "verify") == {"ok": True, "entries": running.json("audit", "tail", "-n", "1")["seq"]}
    file = running.config.parent / "var" / "mimamori.db"
    original = file.read_bytes()
    for change, what in CHANGES.items():
        file.write_bytes(original)
        with contextlib.closing(sqlite3.connect(file)) as database, database:
            assert database.execute(change).rowcount == 1
        assert what in running.command("audit", "verify", code=1)
