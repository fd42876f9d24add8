"""What mail systems write to a return path: their formats, what is no failure, what nobody would write (6.6)."""

import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from handlers import reports
from handlers.reports import REASONS, AutoReply, Complaint, Failure
from handlers.reports.paper import opened

SAMPLES = (Path(__file__).parent / "reports.txt").read_text().split("\n=== ")[1:]
BUDGET = 1.0  # seconds of processor time
DAEMON = "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n"


def name_of(sample: str) -> str:
    return sample.split(" | ")[0]


@pytest.mark.parametrize("sample", SAMPLES, ids=name_of)
def test_6_6_a_report_of_this_mail_system_is_understood(sample: str) -> None:
    title, _, mail = sample.partition("\n")
    _, reason, lasting = title.split(" | ")
    found = reports.read(plain(mail))
    assert isinstance(found, Failure)
    assert (found.reason, found.permanent) == (reason, lasting == "permanent")
    assert found.delayed == ("still trying" in title)


def plain(mail: str) -> bytes:
    """The mail with the headers that its text needs."""
    return f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n{mail}".encode()


def dsn(*, action: str, status: str, diagnosis: str = "", told: str = "Your mail did not arrive.") -> bytes:
    """A delivery status notification as RFC 3464 has it."""
    fields = f"Final-Recipient: rfc822; neko@mail.example\nAction: {action}\nStatus: {status}\n"
    fields += f"Diagnostic-Code: {diagnosis}\n" if diagnosis else ""
    return (
        "From: MAILER-DAEMON@mx.example\nSubject: Delivery status\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{told}\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{fields}\n"
        "--b\nContent-Type: message/rfc822\n\nFrom: help@gw.example\nSubject: user unknown, mailbox full\n\nx\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("status", "diagnosis", "reason", "permanent"),
    [
        ("5.1.1", "smtp; 550 5.1.1 <neko@mail.example>: User unknown", "userunknown", True),
        ("5.0.0", "smtp; 550 5.1.1 <neko@mail.example>: User unknown", "userunknown", True),
        ("5.1.2", "", "hostunknown", True),
        ("5.2.2", "smtp; 552 5.2.2 Over quota", "mailboxfull", False),
        ("4.4.7", "smtp; 450 4.2.2 Mailbox full", "mailboxfull", False),
        ("5.2.1", "", "suspend", False),
        ("5.1.6", "", "hasmoved", True),
        ("5.3.4", "smtp; 552 Message size exceeds fixed limit", "mesgtoobig", False),
        ("5.7.1", "smtp; 550 5.7.1 Relaying denied", "norelaying", False),
        ("5.7.26", "smtp; 550 5.7.26 Unauthenticated email is not accepted: DMARC policy", "authfailure", False),
        ("4.1.1", "smtp; 450 4.1.1 <neko@mail.example>: unverified address: User unknown", "userunknown", False),
        ("5.5.0", "x-unix; procmail died", "mailererror", False),
        ("5.0.0", "", "undefined", False),
    ],
)
def test_6_6_the_fields_of_a_delivery_status_say_why(status: str, diagnosis: str, reason: str, permanent: bool) -> None:
    found = reports.read(dsn(action="failed", status=status, diagnosis=diagnosis))
    assert isinstance(found, Failure)
    assert (found.reason, found.permanent) == (reason, permanent)


def test_6_6_unknown_user_after_data_is_a_filter() -> None:
    told = "... while talking to mx.carrier.example.:\n>>> DATA\n<<< 550 Unknown user neko@carrier.example"
    found = reports.read(dsn(action="failed", status="5.2.0", diagnosis="smtp; 550 Unknown user", told=told))
    assert found == Failure(reason="filtered", status="5.2.0")


def test_6_6_a_delay_is_told_and_is_not_permanent() -> None:
    found = reports.read(dsn(action="delayed", status="4.4.1", diagnosis="smtp; 451 4.4.1 no answer from host"))
    assert found == Failure(reason="expired", status="4.4.1", delayed=True)
    assert not found.permanent


def test_6_6_a_report_of_success_is_no_failure() -> None:
    assert reports.read(dsn(action="relayed", status="2.0.0")) == AutoReply(kind="delivered")


def test_6_6_what_the_returned_mail_says_of_itself_is_not_read() -> None:
    found = reports.read(dsn(action="failed", status="5.0.0"))
    assert isinstance(found, Failure)
    assert found.reason == "undefined"


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ("From: hanako@mail.example\nSubject: Automatic reply: alert\n", "I am out of the office until Monday."),
        ("From: hanako@mail.example\nSubject: 不在のお知らせ\nAuto-Submitted: auto-replied\n", "休暇中です。"),
        (
            "From: hanako@mail.example\nSubject: away\nAuto-Submitted: auto-replied\n",
            "This mailbox is no longer in use.",
        ),
        ("From: hanako@mail.example\nSubject: x\nX-Autoreply: yes\n", "The user unknown to you is on holiday."),
    ],
)
def test_6_6_a_vacation_notice_is_no_failure(headers: str, text: str) -> None:
    assert reports.read(plain(f"{headers}\n{text}\n")) == AutoReply(kind="vacation")


def test_6_6_a_receipt_is_no_failure() -> None:
    mail = (
        "From: hanako@mail.example\nSubject: Read: alert\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nRead.\n"
        "--b\nContent-Type: message/disposition-notification\n\nDisposition: manual-action/MDN-sent; displayed\n--b--\n"
    )
    assert reports.read(mail.encode()) == AutoReply(kind="receipt")


def test_6_6_the_words_of_a_person_are_no_report() -> None:
    assert (
        reports.read(plain("From: hanako@mail.example\nSubject: Re: alert\n\n550 user unknown とは何ですか。\n"))
        is None
    )


@pytest.mark.parametrize(
    ("kind", "unwanted"),
    [
        ("abuse", True),
        ("opt-out", True),
        ("fraud", True),
        ("not-spam", False),
        ("auth-failure", False),
        ("virus", False),
    ],
)
def test_6_6_a_feedback_report_is_a_complaint_by_its_type(kind: str, unwanted: bool) -> None:
    mail = (
        "From: feedback@mail.example\nSubject: FW: alert\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nAn abuse report.\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: x/1\nVersion: 1\n"
        "--b\nContent-Type: message/rfc822\n\nSubject: alert\n\ntext\n--b--\n"
    )
    found = reports.read(mail.encode())
    assert found == Complaint(kind=kind)
    assert found.unwanted is unwanted


def test_a_report_within_a_report_is_found() -> None:
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "MAILER-DAEMON@mx.example", "Returned mail"
    outer.set_content("The following addresses had permanent delivery errors\n")
    outer.add_attachment(dsn(action="failed", status="5.1.1"), maintype="application", subtype="octet-stream")
    raw = outer.as_bytes().replace(b"application/octet-stream", b"message/rfc822", 1)
    assert isinstance(reports.read(raw), Failure)


def test_every_reason_is_a_word_of_the_field() -> None:
    assert {"userunknown", "mailboxfull", "filtered", "blocked", "expired", "norelaying", "onhold"} <= REASONS


def test_well_formed_reports_are_parsed_and_not_merely_scanned() -> None:
    assert "message/delivery-status" in opened(dsn(action="failed", status="5.1.1")).kinds


@pytest.mark.parametrize(
    "mail",
    [
        DAEMON + "\n" + "user " * 26_000,
        DAEMON + "\n" + "mailbox\n" * 16_000,
        DAEMON + "\n" + "violate" * 18_000,
        DAEMON + "\n" + "<" * 131_072,
        DAEMON + "\n" + "5.1." * 32_000,
        DAEMON + "\n" + "[ " * 65_000,
        DAEMON + "\n" + "was automatically rejected:" * 4_800,
        DAEMON + "\n" + "Action: failed\nStatus: 5.1.1\n" * 4_400,
        DAEMON + "Content-Type: text/html\n\n" + "<a " * 43_000,
        "Content-Type: multipart/report; boundary=a\n"
        + DAEMON
        + "\n"
        + "--a\nContent-Type: message/rfc822\n\n" * 3_700,
        "Subject: " + "=?utf-8?b?" * 13_000 + "\n\n",
        "\n" * 131_072,
    ],
    ids=lambda mail: mail[-24:-8],
)
def test_hostile_octets_take_no_time(mail: str) -> None:
    started = time.process_time()
    reports.read(mail.encode())
    assert time.process_time() - started < BUDGET
