"""The relay's connection against a real Postfix: what it takes, what it refuses, and what residents then hold."""

import asyncio
import email
import email.policy
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import dkim
import pytest

from gateway.relay.compose import letter, prepare
from gateway.relay.handover import Copy, Handover
from gateway.relay.nexthop import NextHop, next_hop
from gateway.relay.outline import Outline
from gateway.relay.signing import Signer
from gateway.relay_settings import RelaySettings
from tests.fakes.postfix import Postfix, require_postfix, running_postfix
from tests.fakes.signer import new_key

DATE = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
SENDER = "bounce+x@alerts.example.jp"


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    require_postfix()
    with running_postfix() as instance:
        yield instance


@pytest.fixture(scope="module")
def lockstep_postfix() -> Iterator[Postfix]:
    require_postfix()
    with running_postfix(settings={"smtpd_discard_ehlo_keywords": "pipelining"}) as instance:
        yield instance


def with_hop(postfix: Postfix, scene: Callable[[NextHop], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        hop = next_hop(RelaySettings(smarthost=postfix.url, timeout_seconds=20), name="alerts.example.jp")
        try:
            await scene(hop)
        finally:
            await hop.close()

    asyncio.run(play())


def send(postfix: Postfix, copies: list[Copy]) -> list[Handover]:
    found: list[Handover] = []

    async def scene(hop: NextHop) -> None:
        found.extend(await hop.send(copies))

    with_hop(postfix, scene)
    return found


def check_batches(postfix: Postfix, subject: str) -> None:
    message = f"Subject: {subject}\r\n\r\n.\r\n..dots\r\nend\r\n".encode()

    async def scene(hop: NextHop) -> None:
        for batch in range(4):
            recipients = [f"r{batch}x{number}@town.example" for number in range(25)]
            recipients[batch * 5] = "gone@town.example"
            recipients[batch * 5 + 1] = "gone@town.example"
            answers = await hop.send([Copy(SENDER, recipient, message) for recipient in recipients])
            for recipient, answer in zip(recipients, answers, strict=True):
                wanted = Handover(550, "5.1.1") if recipient.startswith("gone@") else Handover(250, "2.0.0")
                assert answer == wanted

    with_hop(postfix, scene)
    mails = postfix.wait_for(92, f"Subject: {subject}".encode())
    assert len(mails) == 92
    assert all(raw.endswith(b"\n\n.\n..dots\nend\n") for raw in mails)
    assert all(f"Return-Path: <{SENDER}>\n".encode() in raw for raw in mails)


def test_batches_arrive_pipelined_and_the_unknown_are_refused_one_by_one(postfix: Postfix) -> None:
    check_batches(postfix, "pipelined")


def test_batches_arrive_in_lock_step_where_postfix_offers_no_pipelining(lockstep_postfix: Postfix) -> None:
    check_batches(lockstep_postfix, "lockstep")


def test_a_message_above_the_limit_is_refused_and_the_next_one_taken(postfix: Postfix) -> None:
    large = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 200_000
    small = b"Subject: small\r\n\r\nend\r\n"
    answers = send(postfix, [Copy(SENDER, "a@town.example", large), Copy(SENDER, "a@town.example", small)])
    assert answers == [Handover(552, "5.3.4"), Handover(250, "2.0.0")]
    assert len(postfix.wait_for(1, b"Subject: small")) == 1
    assert postfix.delivered(b"Subject: large") == []


def test_a_kept_connection_that_postfix_has_timed_out_is_reopened_in_silence() -> None:
    require_postfix()
    message = b"Subject: idle\r\n\r\nend\r\n"

    async def scene(hop: NextHop) -> None:
        for _ in range(2):
            assert await hop.send([Copy(SENDER, "a@town.example", message)]) == [Handover(250, "2.0.0")]
            await asyncio.sleep(2.5)

    with running_postfix(settings={"smtpd_timeout": "1s"}) as instance:
        with_hop(instance, scene)
        instance.wait_for(2)


def test_a_composed_and_signed_copy_and_a_letter_arrive_readable_and_verifiable(postfix: Postfix) -> None:
    key = new_key("rsa", selector="s1")
    signer = Signer("s1", "alerts.example.jp", key.private_pem)
    prepared = prepare(
        domain="alerts.example.jp",
        organisation="奈良市教育委員会",
        subject="[不審者情報][富雄] 下校時の声かけ",
        text="本日十五時ごろ\n.\n公園で声かけがありました。\n",
        list_name="見守りメール",
        alert_name="2026-0042",
        date=DATE,
    )
    facts = ('"a..b."@town.example', "<e2e-copy@alerts.example.jp>", "tok3n")
    copy = signer.sign(prepared.copy(*facts), Outline(prepared, follows=False).filled(*facts))
    plain = letter(
        from_address="confirm+abc@alerts.example.jp",
        display_name="奈良市教育委員会",
        to="r@town.example",
        subject="登録の確認",
        text="このメールに返信してください。\n",
        message_id="e2e-letter@alerts.example.jp",
        date=DATE,
        attached=b"Subject: passed on\r\n\r\n.\r\nend\r\n",
    )
    answers = send(postfix, [Copy(SENDER, '"a..b."@town.example', copy), Copy("", "r@town.example", plain)])
    assert [answer.code for answer in answers] == [250, 250]
    (arrived,) = postfix.wait_for(1, b"<e2e-copy@")
    assert read(arrived)["Subject"] == "[不審者情報][富雄] 下校時の声かけ"
    assert read(arrived).get_content().splitlines() == ["本日十五時ごろ", ".", "公園で声かけがありました。"]
    assert dkim.DKIM(arrived).verify(dnsfunc=lambda _name, timeout=5: key.txt_record.encode())
    (arrived,) = postfix.wait_for(1, b"<e2e-letter@")
    text, enclosed = read(arrived).iter_parts()
    assert text.get_content().strip() == "このメールに返信してください。"
    assert enclosed.get_content()["Subject"] == "passed on"


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message
