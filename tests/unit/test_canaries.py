"""Canaries' letters, the hour of the daily ones, their settings, and what the report says of slow carriers (11.4)."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.rounds.canaries import until_daily
from handlers import bounce, canaries, report
from handlers.mail import Verdict
from handlers.town import CanaryMailbox
from storage.records import Address, AlertState, Canary, Delivered, LeaveClaim, NoteReturn
from tests.fakes.configuration import LEAST, Complain, Load
from tests.fakes.reader import Facts
from tests.fakes.village import TOWN, alert, mail

BOX = CanaryMailbox(carrier="docomo", address=Address("canary@docomo.example"))
WITH = replace(TOWN, canaries=(BOX,))
TOKYO = ZoneInfo("Asia/Tokyo")


def test_11_4_each_mailbox_gets_a_letter_that_says_nothing_of_an_alert() -> None:
    (letter,) = canaries.letters(WITH, 7)
    assert (letter.to, letter.canary, letter.urgent) == (BOX.address, Canary(carrier="docomo", alert_id=7), True)
    assert list(canaries.letters(TOWN, 7)) == []


@pytest.mark.parametrize(
    ("letter", "sender", "expected"),
    [(5, None, (NoteReturn(letter=5),)), (5, "x@docomo.example", (NoteReturn(letter=5),)), (None, None, ())],
)
def test_11_4_whatever_comes_back_of_a_letter_is_noted(
    letter: int | None, sender: str | None, expected: tuple[NoteReturn, ...]
) -> None:
    claim = LeaveClaim(year=2026, subscription_id=0, letter=letter)
    found = bounce.handle(mail("bounce", "転送です", tag="token", sender=sender), Verdict(claim=claim), Facts(), TOWN)
    assert (found.reply.code, found.changes, found.letters) == (250, expected, ())


@pytest.mark.parametrize(("hour", "minute", "seconds"), [(10, 16, 61), (10, 17, 600), (3, 0, 600), (23, 59, 600)])
def test_11_4_the_daily_letters_do_not_go_out_at_the_full_hour(hour: int, minute: int, seconds: float) -> None:
    assert until_daily(datetime(2026, 8, 3, hour, minute, tzinfo=TOKYO)) == seconds


def test_11_4_the_report_names_the_carriers_that_usually_take_too_long() -> None:
    ended = alert(state=AlertState.RELAYED, matched=9, relayed=9)
    delivered = Delivered(by_district={}, seconds_to={50: 1, 95: 1, 100: 1}, carriers={"docomo": 900.0, "au": 30.0})
    (letter,) = report.ended(ended, TOWN, delivered).letters
    assert "届くのに時間がかかっている所：docomo（ふだん15分0秒）\n" in letter.text
    assert "au" not in letter.text
    (letter,) = report.ended(ended, replace(TOWN, canary_slow_minutes=20), delivered).letters
    assert "docomo" not in letter.text


def test_11_4_a_mailbox_stands_in_the_configuration(read: Load, complain: Complain) -> None:
    entry = '\n[[canaries]]\ncarrier = "docomo"\naddress = "{}"\n'
    assert read(LEAST + entry.format(BOX.address.canonical)).town.canaries == (BOX,)
    (problem, *_) = complain(LEAST + entry.format("canary@mimamori.example.jp"))[-1:]
    assert "our own domain is no carrier" in problem
