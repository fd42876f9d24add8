"""What becomes of alerts that may not be relayed, and of those that may, once: replies, letters and the audit."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.e2e.conftest import Start, starter
from tests.e2e.town import (
    ADMIN,
    BOARD,
    SCHOOL,
    SELECTOR,
    Gateway,
    alert,
    domain_of,
    key_name,
    key_of,
    this_year,
)
from tests.fakes.signer import new_key, sign

RESIDENT = "everywhere@family.test"
TEXT = "地区：山手\n区分：台風\n\n休校です。\n"
FLOOR_SECONDS = 0.2  # as the town of this file has it
NOT_ACCEPTED = (550, "5.7.1 not accepted; staff: write to probe@")
ACCEPTED = (250, "2.0.0 accepted")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with one resident who is registered for all districts; tests use other addresses of their own."""
    with ExitStack() as stack:
        running = starter(stack, tmp_path_factory.mktemp("serve"))(limits={"refusal_floor_milliseconds": 200})
        running.subscribe(RESIDENT, "全域")
        yield running


# --- alerts that are not relayed ----------------------------------------------------------------


def by_a_colleague() -> bytes:
    return alert(TEXT, f"someone.else@{domain_of(BOARD)}")


def unsigned() -> bytes:
    mail = alert(TEXT)
    return mail[mail.index(b"MIME-Version") :]


def signed_by_another_domain() -> bytes:
    return sign(unsigned(), new_key(selector="evil").private_pem, "evil.example", "evil")


def with_an_unknown_key() -> bytes:
    return sign(unsigned(), new_key(selector=SELECTOR).private_pem, domain_of(BOARD), SELECTOR)


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
    mail, started = REFUSED[cause](), time.monotonic()
    assert town.post(mail) == NOT_ACCEPTED
    assert time.monotonic() - started >= FLOOR_SECONDS
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


def test_5_1b_a_key_from_dns_holds_the_first_alert_until_its_author_answers_and_dns_trouble_is_a_451(
    gateway: Start,
) -> None:
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
    assert "初めての署名鍵" in str(running.await_mail(ADMIN, 1)[0].mail["Subject"])
    (preview,) = running.await_mail(BOARD, 1)
    assert running.copies("one@family.test") == []
    assert running.answer(preview, BOARD, "配信") == ACCEPTED
    relayed = running.audit.wait_for("alert:relayed")["seq"]

    assert running.post(alert(TEXT)) == ACCEPTED
    running.audit.wait_for("alert:relayed", after=relayed)
    assert [entry["event"] for entry in running.audit.entries].count("key:new") == 1
    assert len(running.copies("one@family.test")) == 2
    assert running.dns is not None
    assert {name for name in running.dns.queries if "_domainkey" in name} == {key_name(BOARD), key_name(SCHOOL)}
