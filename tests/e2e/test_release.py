"""Release, follow-ups, drills and stopping with a real gateway and signed mail (protocol 5.5–5.7)."""

import time
from typing import Any

from tests.e2e.conftest import Start
from tests.e2e.minato import key_of
from tests.e2e.town import BOARD, DOMAIN, SCHOOL, Gateway, alert, domain_of, settings, staff_reply, this_year, until

HEAD = "kocho@yamate.school.example"
STORM = "地区：山手\n区分：台風\n\n本日の授業は正午で終わります。\n"
FAMILIES = tuple(f"family{number:02d}@home.test" for number in range(12))


def staff(**other: Any) -> list[dict[str, Any]]:
    """The town's staff, and a head who may second for the hills."""
    head = {"id": "head", "address": HEAD, "organisation": "山手小学校", "districts": ["yama"], "may_second": True}
    return [*settings("")["staff"], {**head, "keys": [key_of(domain_of(HEAD)).pinned], **other}]


def categories(release: str) -> list[dict[str, Any]]:
    return [{**each, "release": release} for each in settings("")["categories"]]


def name(number: int) -> str:
    return f"{this_year()}-{number:04d}"


def register(running: Gateway, *families: str) -> None:
    for family in families:
        running.subscribe(family, "山手")


def test_5_5_two_persons_release_and_the_author_alone_cannot(gateway: Start) -> None:
    running = gateway(staff=staff(), categories=categories("second"))
    register(running, *FAMILIES[:2])
    assert running.post(alert(STORM, SCHOOL), SCHOOL)[0] == 250
    (own,), (others,) = running.await_mail(SCHOOL, 1), running.await_mail(HEAD, 1)
    assert "まだ誰にも送られていません" in own.text
    assert "本日の授業は正午で終わります" in others.text

    assert running.answer(own, SCHOOL, "配信")[0] == 250
    assert "別の職員の承認が必要" in running.await_mail(SCHOOL, 2)[1].text
    assert running.send(b"Subject: x\r\n\r\n", str(others.mail["From"]).rpartition("<")[2][:-1], HEAD)[0] == 550
    forged = staff_reply(str(others.mail["From"]).rpartition("<")[2][:-1], "配信", SCHOOL)
    assert running.send(forged, str(others.mail["From"]).rpartition("<")[2][:-1], HEAD)[0] == 550
    assert running.copies(FAMILIES[0]) == []

    assert running.answer(others, HEAD, "配信してください")[0] == 250
    running.audit.wait_for("alert:relayed")
    assert [len(running.copies(family)) for family in FAMILIES[:3]] == [1, 1, 0]
    events = [entry["event"] for entry in running.audit.entries if entry["subject"] == name(1)]
    assert events == ["alert:held", "release:not-yours", "release:refused", "alert:released", "alert:relayed"]


def test_1_4_thanks_receipts_and_absences_release_nothing(gateway: Start) -> None:
    running = gateway(alerts={"release_above": 0})
    register(running, FAMILIES[0])
    assert running.post(alert(STORM, SCHOOL), SCHOOL)[0] == 250
    (preview,) = running.await_mail(SCHOOL, 1)
    assert running.answer(preview, SCHOOL, "配信", Auto_Submitted="auto-replied")[0] == 250
    assert running.answer(preview, SCHOOL, "ありがとう")[0] == 250
    running.audit.wait_for("release:unclear")
    assert running.copies(FAMILIES[0]) == []
    assert running.json("alerts", "show", name(1))["state"] == "held"

    assert running.answer(preview, SCHOOL, "はい")[0] == 250
    running.audit.wait_for("alert:relayed")
    receipt = running.await_mail(SCHOOL, 4)[2]
    before = running.audit.last
    assert running.answer(receipt, SCHOOL, "ありがとうございました")[0] == 250
    assert running.audit.wait_for("mail:ignored", after=before)["detail"]["cause"] == "no-effect"


def test_5_5_a_held_alert_is_reminded_of_and_given_up(gateway: Start) -> None:
    running = gateway(alerts={"release_above": 0, "reminder_minutes": 1, "expires_minutes": 1})
    register(running, FAMILIES[0])
    assert running.post(alert(STORM, SCHOOL), SCHOOL)[0] == 250
    running.audit.wait_for("alert:expired", seconds=90)
    assert "「配信」の返信がなかった" in running.await_mail(SCHOOL, 2)[-1].text
    assert running.copies(FAMILIES[0]) == []


def test_5_7_a_correction_reaches_exactly_those_who_have_the_first(gateway: Start) -> None:
    running = gateway(relay={"connections": 1})
    register(running, *FAMILIES[:6])
    assert running.post(alert(STORM, SCHOOL), SCHOOL)[0] == 250
    running.audit.wait_for("alert:relayed")
    leaver, mover, latecomer = FAMILIES[0], FAMILIES[1], FAMILIES[6]
    assert running.send(b"", running.copies(leaver)[0].leave, leaver)[0] == 250
    running.audit.wait_for("unsubscribe:done")
    running.subscribe(mover, "浜手")
    running.subscribe(latecomer, "山手")

    correction = f"訂正：{name(1)}\n\n正午ではなく、13時で終わります。\n"
    assert running.post(alert(correction, BOARD, subject="時刻の訂正"))[0] == 250
    running.audit.wait_for("alert:relayed", after=running.audit.last - 1, seconds=30)
    until(lambda: len(running.copies(FAMILIES[5])) == 2, "the correction")
    counts = {family: len(running.copies(family)) for family in FAMILIES[:7]}
    assert counts == {leaver: 1, latecomer: 0, **dict.fromkeys(FAMILIES[1:6], 2)}
    for family in FAMILIES[1:6]:
        first, second = running.copies(family)
        assert second.mail["References"] == first.mail["Message-ID"]
        assert str(second.mail["Subject"]).startswith("[訂正][台風・警報][山手]")


def test_5_7_stopping_by_command_ends_a_running_alert_within_a_second(gateway: Start) -> None:
    running = gateway(relay={"smarthost": "smtp://127.0.0.1:9"})
    running.stop()
    store_many(running)
    running.start()
    assert running.post(alert(STORM, SCHOOL), SCHOOL)[0] == 250
    started = time.monotonic()
    assert running.json("alerts", "stop", name(1)) == {"number": name(1), "was": "relaying", "unreached": 3}
    running.audit.wait_for("alert:stopped", seconds=30)
    assert running.json("alerts", "show", name(1))["state"] == "stopped"
    assert time.monotonic() - started < 25  # a worker may be waiting for the dead next hop
    running.command("alerts", "stop", name(1), code=1)
    running.command("alerts", "stop", name(9), code=1)


def store_many(running: Gateway) -> None:
    """Three registrations without letters, as the next hop is dead."""
    from datetime import UTC, datetime

    from gateway.config import load
    from gateway.ground import open_store
    from storage import subscriptions
    from storage.records import Address, Consent, SaveSubscription

    store = open_store(load(running.config))
    now = datetime.now(UTC)
    consent = Consent(version="1", digest="d" * 64, at=now, way="reply")
    for family in FAMILIES[:3]:
        change = SaveSubscription(
            year=this_year(), address=Address(family), districts=frozenset({"yama"}), consent=consent
        )
        store.write(now, lambda tx, change=change: subscriptions.save(tx.connection, tx.keyring, change)).result()
    store.close()


def test_8_staff_come_and_go_without_a_restart(gateway: Start) -> None:
    running = gateway()
    new = "kyoto2@yamate.school.example"
    pinned = key_of(domain_of(new)).pinned
    assert running.post(alert(STORM, new), new)[0] == 550
    running.command("staff", "add", "yamate-2", new, "--districts", "山手", "--categories", "台風", "--key", pinned)
    assert running.post(alert(STORM, new), new)[0] == 250
    listed = {each["id"]: each for each in running.json("staff", "list")}
    assert (listed["yamate-2"]["districts"], listed["yamate-2"]["source"]) == (["yama"], "command")
    assert new not in running.command("staff", "list")
    running.command("staff", "add", "yamate-2", "other@yamate.school.example", code=1)  # would widen the scope

    running.command("staff", "remove", "yamate-2")
    running.command("staff", "remove", "board")
    running.command("staff", "remove", "nobody", code=1)
    assert running.post(alert(STORM, new), new)[0] == 550
    assert running.post(alert(STORM, BOARD), BOARD)[0] == 550
    running.stop()
    running.start()
    assert running.post(alert(STORM, BOARD), BOARD)[0] == 550
    assert [entry["subject"] for entry in running.audit.entries if entry["event"].startswith("staff:")] == [
        "yamate-2", "yamate-2", "board",
    ]  # fmt: skip


def test_5_10_haste_is_noticed_and_the_author_may_send_it_all_the_same(gateway: Start) -> None:
    running = gateway(alerts={"haste_checks": ["telephone"]})
    register(running, FAMILIES[0])
    text = f"{STORM}詳しくは 0742-99-1234 まで。\n"
    assert running.post(alert(text, SCHOOL), SCHOOL)[0] == 250
    (preview,) = running.await_mail(SCHOOL, 1)
    assert "0742-99-1234" in preview.text.partition("届く文面")[0]
    assert running.answer(preview, SCHOOL, "配信")[0] == 250
    running.audit.wait_for("alert:relayed")
    assert DOMAIN in str(running.copies(FAMILIES[0])[0].mail["From"])
