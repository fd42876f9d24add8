"""The self-test of staff against a running gateway (protocol 5.11): the report that arrives, and who gets none."""

from datetime import UTC, datetime

import pytest

from gateway.config import load
from gateway.ground import open_store
from storage import coverage
from storage.records import SeenProfile
from tests.e2e.conftest import Start
from tests.e2e.town import BOARD, DOMAIN, SCHOOL, SELECTOR, Gateway, alert, domain_of, key_name, key_of
from tests.fakes.signer import new_key, sign

ACCEPTED = (250, "2.0.0 accepted")
TEXT = "これは試験です。\n"


@pytest.fixture
def town(gateway: Start) -> Gateway:
    """Its name server knows the key of the board alone, and is in trouble about the school's."""
    key = key_of(domain_of(BOARD)).txt_record
    return gateway(pinned=False, records={key_name(BOARD): [key]}, trouble=[key_name(SCHOOL)])


def probe(town: Gateway, sender: str = BOARD) -> tuple[int, str]:
    """Sends a signed self-test."""
    return town.send(alert(TEXT, sender, headers={"To": town.ours("probe")}), town.ours("probe"), sender)


def test_5_11_who_signs_rightly_hears_so_and_the_profile_is_kept(town: Gateway) -> None:
    assert probe(town) == ACCEPTED
    (report,) = town.await_mail(BOARD, 1)
    assert "結果：配信できます" in report.text
    assert "your alerts can be sent" in report.text
    assert f"d={domain_of(BOARD)}　セレクタ {SELECTOR}　鍵 RSA 2048ビット" in report.text
    assert TEXT.strip() not in report.text
    assert town.audit.wait_for("probe:answered")["detail"]["causes"] == []
    (seen,) = kept(town)
    assert (seen.profile.domain, seen.profile.selector, seen.profile.bits) == (domain_of(BOARD), SELECTOR, 2048)
    assert not {"alert:accepted", "key:new"} & {entry["event"] for entry in town.audit.entries}


def test_5_11_who_does_not_sign_hears_what_to_ask_for_and_only_four_times_a_day(town: Gateway) -> None:
    for _ in range(6):
        assert town.write(BOARD, town.ours("probe"), TEXT) == ACCEPTED
    reports = town.await_mail(BOARD, 4)
    town.audit.wait_for("probe:ignored")
    assert len(town.arrived(BOARD)) == 4
    assert "× DKIM署名：署名がありません" in reports[0].text
    assert f"d={domain_of(BOARD)} のDKIM署名を付けてください" in reports[0].text
    assert kept(town) == ()


@pytest.mark.parametrize("sender", ["stranger@family.test", f"someone.else@{domain_of(BOARD)}"])
def test_5_11_a_stranger_gets_the_same_answer_and_no_letter(town: Gateway, sender: str) -> None:
    assert probe(town, sender) == ACCEPTED
    assert town.audit.wait_for("probe:ignored")["detail"] == {"cause": "unknown-author"}
    assert town.sink.received == []
    assert town.dns is not None
    assert town.dns.queries == []


def test_5_11_a_silent_name_server_means_come_back(town: Gateway) -> None:
    assert probe(town, SCHOOL)[0] == 451
    assert town.audit.wait_for("probe:deferred")["detail"] == {"cause": "dns"}


def test_5_11_a_mail_that_cannot_be_read_gets_250_as_well(town: Gateway) -> None:
    assert town.send(b"From: a@b.example\r\n" * 300 + b"\r\na\r\n", town.ours("probe"), BOARD) == ACCEPTED


def test_8_explain_tells_the_same_without_writing(town: Gateway) -> None:
    folder = town.config.parent
    unsigned = alert(TEXT)[alert(TEXT).index(b"MIME-Version") :]
    by_google = sign(unsigned, new_key().private_pem, "city-minato-example.20251104.gappssmtp.com", "20251104")
    (folder / "probe.eml").write_bytes(by_google)
    told = town.json("explain", str(folder / "probe.eml"), "--to", f"probe@{DOMAIN}")
    assert told["reply"] == "250 2.0.0 accepted"
    assert told["audit"] == [
        {"event": "probe:answered", "detail": {"causes": ["not-aligned"], "domain": "", "selector": ""}}
    ]
    assert "gappssmtp.com" in told["letters"][0]["text"]
    assert town.sink.received == []


def kept(town: Gateway) -> tuple[SeenProfile, ...]:
    store = open_store(load(town.config), read_only=True)
    try:
        return store.read(datetime.now(UTC), lambda tx: coverage.profiles(tx.connection))
    finally:
        store.close()
