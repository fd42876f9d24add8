"""Mailboxes of our own at the carriers: an alert sends them letters, and what comes back tells the delay (11.4)."""

from tests.e2e.conftest import Start
from tests.e2e.crowd import register
from tests.e2e.town import Arrived, Gateway, alert, until
from tests.e2e.website import Website, free_port
from tests.fakes.signer import compose

MAILBOXES = [
    {"carrier": "docomo", "address": "canary@docomo.test"},
    {"carrier": "au", "address": "canary@au.test"},
]
STORM = "地区：浜手\n区分：台風\n\n午後3時、港で高波の予報です。近づかないでください。\n"


def sends_back(running: Gateway, letter: Arrived) -> tuple[int, str]:
    """As a mailbox does that answers everything by itself: to the return path, from nobody."""
    raw = compose(letter.recipient, letter.sender, f"Re: {letter.subject}", "auto", {"Auto-Submitted": "auto-replied"})
    return running.send(raw, letter.sender, "")


def refused(running: Gateway, letter: Arrived) -> tuple[int, str]:
    """As a server does that could not deliver it."""
    report = (
        "--b\r\nContent-Type: text/plain\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; {letter.recipient}\r\nAction: failed\r\n"
        "Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n--b--\r\n"
    )
    head = (
        f"From: MAILER-DAEMON@mx.test\r\nTo: {letter.sender}\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        "Date: Thu, 26 Nov 2026 00:00:00 +0000\r\nMessage-ID: <1@mx.test>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    )
    return running.send((head + report).encode(), letter.sender, "")


def test_11_4_an_alert_sends_canaries_and_only_what_was_not_refused_counts_as_arrived(gateway: Start) -> None:
    site = Website(free_port())
    running = gateway(canaries=MAILBOXES, web=site.settings)
    running.subscribe("reader@family.test", "浜手")
    assert running.post(alert(STORM))[0] == 250
    (docomo,) = running.await_mail("canary@docomo.test", 1)
    (au,) = running.await_mail("canary@au.test", 1)
    assert docomo.sender.startswith("bounce+")
    assert "高波" not in docomo.text
    assert running.audit.wait_for("canary:sent")["detail"] == {"letters": 2}
    assert sends_back(running, docomo)[0] == 250
    assert refused(running, au)[0] == 250
    (newest,) = running.json("alerts", "list")
    shown = running.json("alerts", "show", newest["number"])
    seconds = {each["carrier"]: each["seconds"] for each in shown["canaries"]}
    assert seconds["docomo"] > 0
    assert seconds["au"] is None
    assert {each["carrier"]: (each["sent"], each["returned"]) for each in shown["carriers"]} == {
        "docomo": (1, 1),
        "au": (1, 0),
    }
    assert "docomo" in running.command("alerts", "show", newest["number"])
    until(lambda: 'mimamori_canary_seconds{carrier="docomo",quantile="0.5"}' in site.get("/metrics").text, "figures")
    assert len(running.arrived("canary@docomo.test")) == 1  # nothing is answered, and an alert is measured once


def test_11_4_without_mailboxes_nothing_is_sent(gateway: Start) -> None:
    running = gateway()
    running.stop()
    register(running.config, [("reader@family.test", ["hama"])])
    running.start()
    assert running.post(alert(STORM))[0] == 250
    running.audit.wait_for("alert:relayed")
    assert "canary:sent" not in {entry["event"] for entry in running.audit.entries}
