"""Mails that others collected because they are malformed, old, or Japanese: read, or politely refused."""

import time
from pathlib import Path

import pytest

from handlers.mail import InboundMail, Malformed, Route
from handlers.reading import read
from tests.fakes.village import NOW

FOLDERS = {"mikel-mail": 60, "cpython-test_email": 47, "mail-parser-malformed": 33}
BUDGET = 1.0  # seconds of processor time
JAPANESE = {
    "japanese.eml": ("まみむめも", "かきくえこ"),
    "japanese_iso_2022.eml": ("まみむめも", "すみません。"),
    "japanese_shift_jis.eml": (
        "test",
        "あいうえお\n\nこのメールはテスト用のメールです。\n\n今後ともよろしくお願い申し上げます！",
    ),
    "japanese_attachment.eml": ("testing", "testing"),
    "japanese_attachment_long_name.eml": ("まみむめも" * 10, ""),
}
REPORTS = "mikel-mail/multipart_report_emails"


def reading(file: Path, command: str = "subscribe") -> InboundMail | Malformed:
    sender, domain = "a@mail.example", "example.jp"
    return read(
        file.read_bytes(), mail_id="m-1", received_at=NOW, route=Route(command=command), sender=sender, domain=domain
    )


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("command", ["subscribe", "confirm", "leave"])
def test_every_mail_is_read_or_refused_within_a_second(folder: str, command: str, corpora: Path) -> None:
    files = [file for file in sorted((corpora / folder).rglob("*")) if file.suffix in (".eml", ".txt")]
    mails = [file for file in files if file.name != "README.txt"]
    assert len(mails) >= FOLDERS[folder] - 2
    for file in mails:
        started = time.process_time()
        found = reading(file, command)
        assert time.process_time() - started < BUDGET, file.name
        # An answer with a token may have any body; only what asks for something must be readable.
        assert isinstance(found, InboundMail) or (command == "subscribe" and found.cause == "charset"), file.name


@pytest.mark.parametrize("name", JAPANESE)
def test_japanese_mail_is_read_right(name: str, corpora: Path) -> None:
    found = reading(corpora / "mikel-mail" / "multi_charset" / name)
    assert isinstance(found, InboundMail)
    subject, text = JAPANESE[name]
    assert found.subject == subject
    assert found.text == text


def test_reports_are_automatic(corpora: Path) -> None:
    files = sorted((corpora / REPORTS).glob("*.eml"))
    assert files
    for file in files:
        found = reading(file)
        assert isinstance(found, InboundMail)
        assert found.automatic, file.name


def test_a_mail_of_several_authors_has_none(corpora: Path) -> None:
    for name in ("raw_email_multiple_from.eml", "raw_email_with_at_display_name.eml"):
        found = reading(corpora / "mikel-mail" / "plain_emails" / name)
        assert isinstance(found, InboundMail)
        assert found.author is None
