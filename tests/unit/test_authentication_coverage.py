"""The self-test says of a mail what alert@ would say, and all of it (protocol 5.11), for each known mail system."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from gateway.authentication.causes import CAUSES, Cause
from gateway.authentication.coverage import check_of, examine
from gateway.authentication.pipeline import TryLater
from gateway.authentication.resolver import TxtResolver
from handlers.coverage import CHECKS, Coverage
from handlers.probe_report import asked, report
from handlers.texts import probe_en, probe_ja
from tests.fakes.dns import FakeResolver
from tests.fakes.school import (
    DOMAIN,
    EDWARDS,
    KEY,
    KEY_NAME,
    NOW,
    STRANGER,
    TEACHER,
    cause,
    forge,
    letter,
    published,
    town,
    verdict,
)  # fmt: skip
from tests.fakes.signer import COVERED, compose, new_key, sign
from tests.fakes.signers import SIGNERS, Signer

SHORT = new_key(bits=1024)


def examined(raw: bytes, resolver: TxtResolver | None = None, keys: Sequence[str] = ()) -> Coverage:
    found = asyncio.run(examine(raw, town=town(keys), resolver=resolver or published(), now=NOW))
    assert isinstance(found, Coverage)
    return found


# --- the mail systems of schools ----------------------------------------------------------------


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.name)
def test_5_1_each_mail_system_is_accepted_or_refused_and_the_report_says_why(signer: Signer) -> None:
    raw = signer.mail()
    assert cause(raw) == signer.refused
    found = examined(raw)
    assert signer.refused in (*found.causes, None)
    assert bool(found.objections) == (signer.refused is not None)
    assert asked(found) == signer.advice
    for texts in (probe_ja, probe_en):
        told = texts.ADVICE.partition("\n")[0] in report("ja", town(), found, DOMAIN).body
        assert told == (signer.advice is not None)


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.name)
def test_5_11_japanese_in_a_mail_system_without_content_type_is_refused_and_told(signer: Signer) -> None:
    raw = signer.mail("District: tomio\n\n気をつけて。\n", subject="不審者")
    found = examined(raw)
    refused = cause(raw)
    assert (refused is None) == (not found.objections)
    names = {name.lower() for name in signer.covered}
    if signer.refused is None and not names & {"content-transfer-encoding", "content-type"}:
        assert refused == "content-not-covered"


def test_5_11_what_is_covered_is_said_of_the_fields_that_alerts_know_only() -> None:
    covered = (*COVERED, "x-district", "x-mailer-secret")
    found = examined(letter(headers={"X-District": "tomio", "X-Mailer-Secret": "a"}, sign_headers=covered))
    assert found.covered == {
        *("from", "subject", "date", "message-id", "to", "content-type", "mime-version", "x-district"),
    }
    assert (found.domain, found.selector, found.timed, found.expires) == (DOMAIN, "s1", True, False)
    assert found.proven
    assert found.key is not None
    assert (found.key.algorithm, found.key.bits, found.key.pinned) == ("rsa", 2048, False)
    assert "X-District" in report("en", town(), found, DOMAIN).body


# --- everything at once -------------------------------------------------------------------------


def test_5_11_it_does_not_stop_at_the_first_objection() -> None:
    expired = {"x": str(int(NOW.timestamp()) - 9)}
    late = letter(key=SHORT, sign_headers=("from", "subject", "date"), date=NOW - timedelta(days=2), tags=expired)
    found = examined(late, published(SHORT.txt_record))
    assert found.causes == ("field-not-covered", "signature-expired", "too-old", "key-too-short")
    assert found.failed == {"coverage", "time", "key"}
    assert found.unreached == ("proof", "content")
    assert found.key is not None
    assert found.key.bits == 1024
    assert not found.proven


def test_5_11_a_right_signature_that_covers_too_little_is_still_looked_at_to_the_end() -> None:
    found = examined(letter("Be careful.\n", sign_headers=("from", "subject", "date", "content-type")))
    assert found.causes == ("field-not-covered",)
    assert found.proven
    assert found.unreached == ()


def test_5_1b_a_pinned_key_is_told_and_no_name_server_asked() -> None:
    resolver = FakeResolver()
    found = examined(letter(), resolver, keys=[KEY.pinned])
    assert found.key is not None
    assert found.key.pinned
    assert resolver.queries == []
    assert examined(letter(key=STRANGER), resolver, keys=[KEY.pinned]).causes == ("signature-wrong",)


def test_5_11_an_ed25519_key_is_told() -> None:
    found = examined(letter(key=EDWARDS), published(EDWARDS.txt_record))
    assert found.key is not None
    assert found.key.algorithm == "ed25519"


def test_5_11_html_alone_is_told() -> None:
    html = compose(
        TEACHER, "alert@example.jp", "Alert", "<p>Hi</p>", {"Content-Type": "text/html; charset=utf-8"}, date=NOW
    )
    found = examined(forge(html, COVERED))
    assert found.html_only
    assert probe_ja.HTML_ONLY in report("ja", town(), found, DOMAIN).body


# --- bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        letter(sender="hanako@school.example"),
        letter(domain="attack.example", key=STRANGER),
        letter().replace(b"\r\n", b"\n"),
        compose(TEACHER, "alert@example.jp", "Alert", "a", date=NOW),
        b"From: taro@school.example\r\n" + letter(),
    ],
)
def test_5_11_what_an_alert_would_not_ask_a_name_server_for_a_self_test_does_not_either(raw: bytes) -> None:
    resolver = published()
    assert examined(raw, resolver).objections
    assert resolver.queries == []


def test_5_11_at_most_three_keys_are_asked_for() -> None:
    raw = compose(TEACHER, "alert@example.jp", "Alert", "a", date=NOW)
    for number in range(9):
        raw = sign(raw, STRANGER.private_pem, DOMAIN, f"s{number}", ("from",), tags={"t": "1"})
    resolver = FakeResolver()
    assert examined(raw, resolver).objections
    assert len(resolver.queries) == 3


def test_5_11_a_silent_name_server_is_no_answer() -> None:
    silent = FakeResolver(trouble=[KEY_NAME])
    assert isinstance(asyncio.run(examine(letter(), town=town(), resolver=silent, now=NOW)), TryLater)
    assert isinstance(verdict(letter(), silent), TryLater)


def test_5_11_the_words_of_a_strangers_signature_are_not_repeated() -> None:
    found = examined(letter(domain="pay-here.attack.example", selector="call-110", key=STRANGER))
    assert (found.signer, found.domain, found.selector) == ("other", "", "")
    body = report("ja", town(), found, DOMAIN).body
    assert "attack" not in body
    assert "call-110" not in body


def test_5_11_a_selector_without_a_key_is_not_repeated() -> None:
    found = examined(letter(selector="call-110"))
    assert found.causes == ("no-key",)
    assert "call-110" not in report("en", town(), found, DOMAIN).body


# --- words --------------------------------------------------------------------------------------


def test_every_cause_belongs_to_a_check_and_has_plain_words_in_both_languages() -> None:
    assert set(probe_ja.CAUSES) == set(probe_en.CAUSES) == {cause.value for cause in CAUSES}
    assert {check_of(cause) for cause in CAUSES} == set(CHECKS)
    order = [CHECKS.index(check_of(cause)) for cause in CAUSES if cause is not Cause.NOT_ALIGNED]
    assert [*sorted(set(order), key=order.index)] == [0, 1, 2, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.name)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_6_each_language_of_the_report_has_25_lines_at_most(signer: Signer, language: str) -> None:
    body = report("ja" if language == "ja" else "en", town(), examined(signer.mail()), DOMAIN).body
    assert all(len(part.strip().splitlines()) <= 25 for part in body.split("----------"))
