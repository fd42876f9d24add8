"""Who of the public is proven, and whose mail their own domain asks to refuse (protocol 3.7, 3.8)."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from gateway.authentication.public.lookups import PatientResolver
from gateway.authentication.public.proof import prove_public
from gateway.authentication.public.verdict import PublicVerdict
from gateway.authentication.resolver import HostResolver
from storage.records import Address
from tests.fakes.dns import FakeResolver
from tests.fakes.school import forge
from tests.fakes.signer import COVERED, Key, compose, new_key, sign

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
OURS = "example.jp"
TO = "unsubscribe@example.jp"
HANA = "hana@family.test"
FAMILY = "family.test"
PEER = "198.51.100.7"
KEY = new_key()
WEAK = new_key(bits=1024)
EDWARDS = new_key("ed25519")
STRANGER = new_key()
PROVEN = PublicVerdict(author=Address(HANA))

REJECT = {"_dmarc.family.test": ["v=DMARC1; p=reject"]}
NONE = {"_dmarc.family.test": ["v=DMARC1; p=none"]}
SPF = {FAMILY: [f"v=spf1 ip4:{PEER} -all"]}
NO_SPF = {FAMILY: ["v=spf1 -all"]}


def published(key: Key = KEY, domain: str = FAMILY) -> dict[str, list[str]]:
    return {f"s1._domainkey.{domain}": [key.txt_record]}


def mail(sender: str = HANA, to: str = TO, **rest: object) -> bytes:
    return compose(sender, to, "退会", "退会\n", date=NOW, **rest)  # type: ignore[arg-type]


def signed(
    key: Key = KEY,
    domain: str = FAMILY,
    raw: bytes | None = None,
    headers: Sequence[str] = COVERED,
    at: datetime | None = NOW,
    **tags: str,
) -> bytes:
    stamp = {"t": str(int(at.timestamp())) if at else ""}
    return sign(raw or mail(), key.private_pem, domain, "s1", headers, tags=stamp | tags)


def verdict(
    raw: bytes,
    records: Mapping[str, Sequence[str]] | HostResolver,
    *,
    sender: str | None = HANA,
    host: str = PEER,
    trusted: bool = False,
    helo: str = "mail.family.test",
) -> PublicVerdict:
    resolver = FakeResolver(records) if isinstance(records, Mapping) else records
    return asyncio.run(
        prove_public(raw, ours=OURS, sender=sender, helo=helo, host=host, trusted=trusted, resolver=resolver, now=NOW)
    )


def cause(raw: bytes, records: Mapping[str, Sequence[str]] | HostResolver, **rest: object) -> str | None:
    found = verdict(raw, records, **rest)  # type: ignore[arg-type]
    assert (found.author is None) == (found.cause is not None)
    return found.cause


# --- by a signature -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, WEAK, EDWARDS])
@pytest.mark.parametrize("policy", [NONE, REJECT])
def test_a_signature_of_the_authors_domain_proves_them(key: Key, policy: Mapping[str, list[str]]) -> None:
    assert verdict(signed(key), policy | published(key), trusted=True) == PROVEN


@pytest.mark.parametrize(
    "headers", [("from", "to", "subject", "date"), ("from",), ("from", "subject", "date", "message-id", "content-type")]
)
def test_it_need_cover_little_more_than_from(headers: Sequence[str]) -> None:
    assert verdict(signed(headers=headers), NONE | published()) == PROVEN


def test_without_a_policy_of_the_domain_nobody_is_proven() -> None:
    assert cause(signed(), published()) == "no-dmarc"
    assert cause(mail(), SPF) == "no-dmarc"
    assert cause(mail(), {}) == "no-dmarc"


def test_a_signature_of_a_relative_proves_unless_the_domain_is_strict() -> None:
    raw = signed(domain="mail.family.test")
    key = published(domain="mail.family.test")
    assert verdict(raw, REJECT | key) == PROVEN
    strict = {"_dmarc.family.test": ["v=DMARC1; p=reject; adkim=s"]}
    assert verdict(raw, strict | key | NO_SPF).rejected


def test_a_policy_of_the_organisation_covers_its_subdomains() -> None:
    raw = signed(domain="mail.family.test", raw=mail("hana@home.family.test"))
    records = REJECT | published(domain="mail.family.test")
    assert verdict(raw, records).author == Address("hana@home.family.test")


def test_a_signature_of_a_stranger_proves_nothing() -> None:
    raw = signed(STRANGER, "evil.test")
    assert verdict(raw, REJECT | published(STRANGER, "evil.test") | NO_SPF).rejected
    assert cause(raw, NONE | published(STRANGER, "evil.test") | NO_SPF) == "dmarc-fail"


def test_of_several_signatures_one_is_enough() -> None:
    raw = signed(STRANGER, "list.test", signed(STRANGER, raw=signed()))
    assert verdict(raw, REJECT | published()) == PROVEN


@pytest.mark.parametrize(
    "change",
    [
        (b"\r\n\r\n", b"\r\n\r\nmore\r\n"),
        (b"From: hana@", b"From: kana@"),
        (b"From: hana@family.test", b"From: kana@family.test\r\nX-From: hana@family.test"),
    ],
)
def test_a_mail_that_was_changed_is_refused_as_its_domain_asks(change: tuple[bytes, bytes]) -> None:
    raw = signed().replace(*change, 1)
    assert verdict(raw, REJECT | published() | NO_SPF).rejected
    assert cause(raw, NONE | published() | NO_SPF) == "dmarc-fail"


@pytest.mark.parametrize(
    "tags",
    [
        {"l": "0"},
        {"x": str(int(NOW.timestamp()) - 1), "t": str(int(NOW.timestamp()) - 9)},
        {"a": "rsa-sha1"},
        {"v": "2"},
        {"i": "@evil.test"},
        {"s": "gone"},
        {"d": "evil.test"},
    ],
)
def test_a_signature_that_does_not_hold_proves_nothing(tags: dict[str, str]) -> None:
    raw = forge(mail(), ("from", "to", "date"), {"d": FAMILY} | tags, key=KEY)
    assert cause(raw, REJECT | published() | NO_SPF) == "dmarc-reject"


def test_a_signature_without_from_proves_nothing() -> None:
    raw = forge(mail(), ("to", "date", "subject"), {"d": FAMILY}, key=KEY)
    assert cause(raw, NONE | published() | NO_SPF) == "dmarc-fail"


@pytest.mark.parametrize(
    "record",
    [
        new_key(bits=512 * 2).txt_record.replace("k=rsa", "k=ed25519"),
        KEY.txt_record + "; t=y",
        KEY.txt_record + "; s=tlsrpt",
        "v=DKIM1; p=",
        STRANGER.txt_record,
        "nonsense",
    ],
)
def test_a_key_that_is_not_fit_proves_nothing(record: str) -> None:
    assert cause(signed(), REJECT | {"s1._domainkey.family.test": [record]} | NO_SPF) == "dmarc-reject"


def test_two_keys_under_one_name_prove_nothing() -> None:
    records = {"s1._domainkey.family.test": [KEY.txt_record, KEY.txt_record]}
    assert cause(signed(), NONE | records | NO_SPF) == "dmarc-fail"


# --- replay -------------------------------------------------------------------------------------


def test_a_mail_that_somebody_once_sent_elsewhere_proves_nothing_here_and_is_not_refused() -> None:
    for to in ("friend@far.test", "unsubscribe@example.jp.evil.test", "unsubscribe@notexample.jp"):
        assert cause(signed(raw=mail(to=to)), REJECT | published() | NO_SPF) == "replayed"
    copied = mail(to="friend@far.test", headers={"Cc": "Town <UNSUBSCRIBE@EXAMPLE.JP>"})
    assert verdict(signed(raw=copied), REJECT | published()) == PROVEN
    unsigned = signed(raw=copied, headers=("from", "to", "date"))
    assert cause(unsigned, REJECT | published() | NO_SPF) == "replayed"


def test_an_old_mail_proves_nothing_and_is_not_refused() -> None:
    for at in (NOW - timedelta(hours=25), NOW + timedelta(minutes=11)):
        assert cause(signed(at=at), REJECT | published() | NO_SPF) == "replayed"
    assert verdict(signed(at=NOW - timedelta(hours=23)), REJECT | published()) == PROVEN


def test_without_a_time_in_the_signature_its_date_must_be_covered_and_fresh() -> None:
    records = REJECT | published() | NO_SPF
    assert verdict(signed(at=None), records) == PROVEN
    assert cause(signed(at=None, headers=("from", "to")), records) == "replayed"
    old = compose(HANA, TO, "退会", "退会\n", date=NOW - timedelta(days=2))
    assert cause(signed(at=None, raw=old), records) == "replayed"
    odd = mail().replace(b"Date: ", "Date: 月".encode())
    assert cause(forge(odd, ("from", "date"), {"d": FAMILY, "t": None}, key=KEY), records) == "replayed"


def test_an_author_whom_programs_could_read_differently_is_not_proven_and_not_refused() -> None:
    raw = signed(raw=mail("hana@family.test (Hana)"))
    assert cause(raw, REJECT | published() | SPF) == "ambiguous"
    twice = signed(raw=b"Subject: one\r\n" + mail())
    assert cause(twice, REJECT | published()) == "ambiguous"


# --- by the envelope ----------------------------------------------------------------------------


def test_a_host_that_may_send_for_the_authors_domain_proves_them() -> None:
    assert verdict(mail(), REJECT | SPF) == PROVEN
    assert verdict(mail(), REJECT | SPF, host=f"::ffff:{PEER}") == PROVEN
    assert verdict(signed(STRANGER), REJECT | SPF | published()) == PROVEN


def test_the_envelope_may_be_of_a_relative_unless_the_domain_is_strict() -> None:
    records = {"bounce.family.test": SPF[FAMILY]}
    assert verdict(mail(), REJECT | records, sender="b+1@Bounce.family.test") == PROVEN
    strict = {"_dmarc.family.test": ["v=DMARC1; p=reject; aspf=s"]}
    assert verdict(mail(), strict | records, sender="b+1@bounce.family.test").rejected


def test_the_null_path_stands_for_the_name_that_the_peer_gives() -> None:
    records = REJECT | {"mail.family.test": SPF[FAMILY]}
    assert verdict(mail(), records, sender=None) == PROVEN
    assert verdict(mail(), records, sender=None, helo="mail.evil.test").rejected
    assert verdict(mail(), records, sender=None, helo="[198.51.100.7]").rejected


def test_a_pass_of_another_domain_proves_nothing() -> None:
    records = {"evil.test": SPF[FAMILY]}
    assert verdict(mail(), REJECT | records, sender="x@evil.test").rejected
    assert verdict(mail(), REJECT | records, sender="x@family.test.evil.test").rejected


@pytest.mark.parametrize("record", ["v=spf1 -all", "v=spf1 ~all", "v=spf1 ?all", "v=spf1 a/99", "none"])
def test_everything_but_a_pass_proves_nothing(record: str) -> None:
    assert cause(mail(), REJECT | {FAMILY: [record]}) == "dmarc-reject"
    assert cause(mail(), NONE | {FAMILY: [record]}) == "dmarc-fail"


def test_quarantine_and_a_trial_refuse_nobody() -> None:
    for text in ("v=DMARC1; p=quarantine", "v=DMARC1; p=reject; t=y", "v=DMARC1; p=none; sp=reject"):
        assert cause(mail(), {"_dmarc.family.test": [text]} | NO_SPF) == "dmarc-fail"


def test_a_subdomain_is_refused_by_its_own_policy() -> None:
    records = {"_dmarc.family.test": ["v=DMARC1; p=none; sp=reject; np=none"]}
    raw = mail("hana@home.family.test")
    there = FakeResolver(records, hosts={"home.family.test": ["192.0.2.1"]})
    assert verdict(raw, there, sender="x@evil.test").rejected
    assert cause(raw, records, sender="x@evil.test") == "dmarc-fail"


# --- nothing can be said ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "fe80::1%eth0", "", "?"],
)
def test_behind_a_front_server_a_missing_envelope_is_no_failure(host: str) -> None:
    assert cause(mail(), REJECT | SPF, host=host) == "unsure"
    assert cause(signed(STRANGER), REJECT | SPF | published(), host=host) == "unsure"
    assert verdict(signed(), REJECT | published(), host=host) == PROVEN


def test_a_trusted_relay_says_nothing_about_the_sender() -> None:
    assert cause(mail(), REJECT | SPF, trusted=True) == "unsure"
    assert cause(mail(), REJECT | NO_SPF, trusted=True) == "unsure"


@pytest.mark.parametrize("name", ["_dmarc.family.test", "s1._domainkey.family.test", "family.test"])
def test_dns_trouble_refuses_nobody(name: str) -> None:
    records = REJECT | NO_SPF | published()
    assert cause(signed(STRANGER), FakeResolver(records, [name])) == "unsure"
    assert cause(signed(STRANGER), records) == "dmarc-reject"


def test_trouble_with_one_way_leaves_the_other() -> None:
    records = REJECT | SPF | published()
    assert verdict(signed(), FakeResolver(records, ["s1._domainkey.family.test"])) == PROVEN
    assert verdict(signed(), FakeResolver(records, [FAMILY])) == PROVEN


def test_where_spf_hangs_on_the_name_of_an_address_nobody_is_refused() -> None:
    assert cause(mail(), REJECT | {FAMILY: ["v=spf1 ptr -all"]}) == "unsure"


def test_silent_name_servers_cost_three_seconds_once() -> None:
    class Silent(FakeResolver):
        async def txt(self, name: str) -> list[bytes]:
            self.queries.append(name)
            await asyncio.sleep(60)
            return []

    async def prove_twice() -> list[float]:
        silent = Silent()
        patient, seconds = PatientResolver(silent), []
        for _ in range(2):
            started = time.monotonic()
            found = await prove_public(
                signed(), ours=OURS, sender=HANA, helo="", host=PEER, trusted=False, resolver=patient, now=NOW
            )
            assert found.cause == "unsure"
            seconds.append(time.monotonic() - started)
        assert len(silent.queries) == 1
        return seconds

    first, second = asyncio.run(prove_twice())
    assert 2.5 < first < 3.5
    assert second < 0.5


# --- what it may cost ---------------------------------------------------------------------------


def test_a_mail_costs_twenty_look_ups_at_most_and_more_refuse_nobody() -> None:
    texts = REJECT | {FAMILY: ["v=spf1 mx:a.test mx:b.test mx:c.test -all"]}
    exchanges = {f"{name}.test": [f"mx{number}.{name}.test" for number in range(10)] for name in "abc"}
    resolver = FakeResolver(texts, exchanges=exchanges)
    assert cause(mail(), resolver) == "unsure"
    assert len(resolver.queries) == 20


def test_many_signatures_cost_little_and_refuse_nobody() -> None:
    raw = mail()
    for number in range(5):
        raw = forge(raw, ("from",), {"d": FAMILY, "s": f"s{number}"}, key=STRANGER)
    resolver = FakeResolver(REJECT | NO_SPF)
    assert cause(raw, resolver) == "unsure"
    assert sum("_domainkey" in name for name in resolver.queries) == 3
    many = b"DKIM-Signature: v=1\r\n" * 11 + mail()
    assert cause(many, REJECT | NO_SPF) == "unsure"


@pytest.mark.parametrize(
    "raw",
    [
        mail() + b"a \t" * 300_000,
        forge(mail() + b" " * 900_000 + b"x\r\n", ("from", "to"), {"d": FAMILY}, key=KEY),
        forge(mail() + b"\r\n" * 400_000, ("from", "to"), {"d": FAMILY}, key=KEY),
        b"From: " + b"a@" * 400 + b"\r\n\r\n",
        b"From: " + b"=?utf-8?q?" * 90 + b"\r\n\r\n",
        b"From: " + b'"' * 900 + b"\r\n\r\n",
        b"From: a@family.test\r\n" + b"x:\r\n" * 12_000 + b"\r\n",
        b"From: a@family.test\r\n" + b" x\r\n" * 12_000 + b"\r\n",
        b"From: a@family.test\r\n" + b"DKIM-Signature: " + b"h=a:" * 900 + b"\r\n" * 2,
        (b"DKIM-Signature: v=1; d=family.test; h=" + b" " * 3_900 + b"!\r\n") * 10 + mail(),
        b"\xff" * 1_000_000,
    ],
)
def test_hostile_mails_are_cheap(raw: bytes) -> None:
    started = time.process_time()
    verdict(raw, REJECT | NO_SPF | published())
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n\r\n", b"Subject: x\r\n\r\n", b"From: nobody\r\n\r\n", b"From: a@b\r\n\r\n"]
)
def test_without_a_readable_author_no_name_server_is_asked(raw: bytes) -> None:
    resolver = FakeResolver(REJECT)
    assert cause(raw, resolver) in ("unreadable", "no-author")
    assert resolver.queries == []
