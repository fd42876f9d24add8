"""SPF: who may send for a domain, and what an evaluation may cost."""

import asyncio
import time
from ipaddress import ip_address

import pytest

from gateway.authentication.public.spf import Result, check
from gateway.authentication.public.spf_macros import Envelope, expand
from gateway.authentication.public.spf_record import parse
from tests.fakes.dns import FakeResolver

PEER = "198.51.100.7"
DOMAIN = "family.test"


def result(record: str | list[str], *, ip: str = PEER, local: str = "hana", **rest: dict[str, list[str]]) -> Result:
    """What the domain's record says of the peer; `also` holds more TXT records."""
    texts = {DOMAIN: [record] if isinstance(record, str) else record} | rest.pop("also", {})
    resolver = FakeResolver(texts, **rest)
    envelope = Envelope(ip=ip_address(ip), local=local, domain=DOMAIN, helo="mail.family.test")
    return asyncio.run(check(envelope, resolver))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ip4:198.51.100.0/24 -all", "pass"),
        ("V=SPF1 IP4:198.51.100.7 -ALL", "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "fail"),
        ("v=spf1 ip4:192.0.2.0/24 ~all", "softfail"),
        ("v=spf1 ip4:192.0.2.0/24 ?all", "neutral"),
        ("v=spf1 ip4:192.0.2.0/24", "neutral"),
        ("v=spf1 ip6:2001:db8::/32 -all", "fail"),
        ("v=spf1", "neutral"),
        ("v=spf1  +all  ", "pass"),
        ("v=spf10 +all", "none"),
        ("spf2.0/pra +all", "none"),
    ],
)
def test_the_first_term_about_the_peer_decides(record: str, expected: str) -> None:
    assert result(record) == expected


@pytest.mark.parametrize(
    "term",
    [
        *(
            "all:x",
            "all/8",
            "ip4",
            "ip4:",
            "ip4:300.1.1.1",
            "ip4:192.0.2.0/33",
            "ip4:192.0.2.0/255.0.0.0",
            "ip6:192.0.2.1",
        ),
        *(
            "ip4:2001:db8::1",
            "ip6:2001:db8::/129",
            "a/33",
            "a//129",
            "a:",
            "a:b",
            "a/24/8",
            "mx/-1",
            "include",
            "include:",
        ),
        *("include:x", "include:a.test/24", "exists", "exists:%{z}.test", "exists:%{d0}.test", "exists:%{d}x%", "frob"),
        *(
            "redirect=a.test redirect=b.test",
            "redirect=x",
            "redirect=",
            "exp=a.test exp=b.test",
            "x=%{",
            "-",
            "é",
            "a:a.123",
        ),
    ],
)
def test_one_mistake_anywhere_spoils_the_record(term: str) -> None:
    assert result(f"v=spf1 +all {term}") == "permerror"


@pytest.mark.parametrize(
    "term", ["exp=why.%{d}", "op=auth", "x-y.z_=%{i}%%%_%-/", "redirect=_spf.%{d}", "exists:%{i}.a.test."]
)
def test_what_the_grammar_allows_is_passed_over(term: str) -> None:
    assert result(f"v=spf1 +all {term}") == "pass"


def test_two_records_are_a_mistake_and_others_beside_do_not_matter() -> None:
    assert result(["v=spf1 +all", "v=spf1 -all"]) == "permerror"
    assert result(["v=spf1 +all", "verification=1", "v=spf12"]) == "pass"


def test_addresses_and_mail_hosts_match_with_their_neighbours() -> None:
    hosts = {DOMAIN: ["198.51.100.9", "2001:db8:0:1::9"], "mx.test": [PEER]}
    exchanges = {DOMAIN: ["other.test", "mx.test"]}
    assert result("v=spf1 a -all", hosts=hosts) == "fail"
    assert result("v=spf1 a/24 -all", hosts=hosts) == "pass"
    assert result("v=spf1 a//32 -all", hosts=hosts, ip="2001:db8::5") == "pass"
    assert result("v=spf1 a//64 -all", hosts=hosts, ip="2001:db8::5") == "fail"
    assert result("v=spf1 mx -all", hosts=hosts, exchanges=exchanges) == "pass"
    assert result("v=spf1 a:mx.test -all", hosts=hosts) == "pass"


def test_an_included_record_only_adds_those_whom_it_passes() -> None:
    included = {"a.test": ["v=spf1 ip4:198.51.100.7 -all"], "b.test": ["v=spf1 -all"], "c.test": ["v=spf1 a/33"]}
    assert result("v=spf1 include:a.test -all", also=included) == "pass"
    assert result("v=spf1 -include:a.test +all", also=included) == "fail"
    assert result("v=spf1 include:b.test ~all", also=included) == "softfail"
    assert result("v=spf1 include:c.test +all", also=included) == "permerror"
    assert result("v=spf1 include:gone.test +all", also=included) == "permerror"


def test_a_redirection_stands_in_for_the_rest() -> None:
    other = {"a.test": ["v=spf1 ip4:198.51.100.7 -all"]}
    assert result("v=spf1 redirect=a.test", also=other) == "pass"
    assert result("v=spf1 redirect=a.test ip4:192.0.2.1", also=other) == "pass"
    assert result("v=spf1 ~all redirect=a.test", also=other) == "softfail"
    assert result("v=spf1 redirect=gone.test") == "permerror"


def test_an_address_only_counts_for_exists_where_it_is_of_ipv4() -> None:
    assert result("v=spf1 exists:x.test -all", hosts={"x.test": ["192.0.2.1"]}, ip="2001:db8::1") == "pass"
    assert result("v=spf1 exists:x.test -all", hosts={"x.test": ["2001:db8::1"]}, ip="2001:db8::1") == "fail"


def test_names_of_addresses_are_not_looked_up_so_nothing_is_said() -> None:
    assert result("v=spf1 ptr -all") == "unknown"
    assert result("v=spf1 ptr:x.test ip4:198.51.100.0/24 -all") == "pass"
    assert result("v=spf1 -ptr +all") == "unknown"
    assert result("v=spf1 exists:%{p}.x.test -all") == "unknown"
    assert result("v=spf1 include:a.test -all", also={"a.test": ["v=spf1 ptr -all"]}) == "unknown"
    assert result("v=spf1 redirect=a.test", also={"a.test": ["v=spf1 ptr -all"]}) == "unknown"
    assert result("v=spf1 ptr a:" + " a:".join(f"a{number}.test" for number in range(11))) == "unknown"


def test_ten_terms_may_ask_and_two_may_find_nothing() -> None:
    hosts = {f"a{number}.test": ["192.0.2.1"] for number in range(20)}

    def asking(count: int) -> str:
        return "v=spf1 " + " ".join(f"a:a{number}.test" for number in range(count)) + " ~all"

    assert result(asking(10), hosts=hosts) == "softfail"
    assert result(asking(11), hosts=hosts) == "permerror"
    assert result(asking(2)) == "softfail"
    assert result(asking(3)) == "permerror"


def test_records_that_include_each_other_end() -> None:
    assert result(f"v=spf1 include:{DOMAIN}") == "permerror"
    assert result(f"v=spf1 redirect={DOMAIN}") == "permerror"


def test_a_domain_has_ten_mail_hosts_at_most() -> None:
    exchanges = {DOMAIN: [f"mx{number}.test" for number in range(11)]}
    hosts = {f"mx{number}.test": [f"192.0.2.{number}"] for number in range(11)}
    assert result("v=spf1 mx -all", hosts=hosts, exchanges=exchanges) == "permerror"
    assert result("v=spf1 mx -all", hosts=hosts, exchanges=exchanges, ip="192.0.2.9") == "pass"


def test_dns_trouble_says_nothing() -> None:
    assert result("v=spf1 a:dead.test +all", trouble=["dead.test"]) == "temperror"
    assert result("v=spf1 include:dead.test +all", trouble=["dead.test"]) == "temperror"
    assert result("v=spf1 +all", trouble=[DOMAIN]) == "temperror"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l-}", "strong.bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{h}.x%%y", "mail.family.test.x%y"),
        ("%{S}", "strong-bad%40email.example.com"),
    ],
)
def test_macros_stand_for_parts_of_the_envelope(text: str, expected: str) -> None:
    envelope = Envelope(
        ip=ip_address("192.0.2.3"), local="strong-bad", domain="email.example.com", helo="mail.family.test"
    )
    assert expand(text, envelope, "email.example.com") == expected


def test_macros_of_a_long_address_are_its_digits_and_long_names_lose_their_beginning() -> None:
    envelope = Envelope(ip=ip_address("2001:db8::cb01"), local="a." * 199 + "a", domain="x.example", helo="")
    assert expand("%{ir}", envelope, "x.example").startswith("1.0.b.c.0.0")
    assert expand("%{v}", envelope, "x.example") == "ip6"
    name = expand("%{l}.end.example", envelope, "x.example")
    assert 250 < len(name) <= 253
    assert name.endswith("a.end.example")


@pytest.mark.parametrize("local", ["a\\b", 'a"b', "a b", "a..b", "a" * 64, ".a", "@"])
def test_a_sender_cannot_make_another_name_of_it(local: str) -> None:
    resolver = FakeResolver({DOMAIN: ["v=spf1 exists:%{l}.x.test -all"]})
    envelope = Envelope(ip=ip_address(PEER), local=local, domain=DOMAIN, helo="")
    assert asyncio.run(check(envelope, resolver)) is Result.FAIL
    assert resolver.queries == [DOMAIN]


@pytest.mark.parametrize("domain", ["localhost", "a..test", "x" * 64 + ".test", "a" * 250 + ".test", "", "[192.0.2.1]"])
def test_what_is_no_name_is_not_looked_up(domain: str) -> None:
    resolver = FakeResolver()
    envelope = Envelope(ip=ip_address(PEER), local="a", domain=domain, helo="")
    assert asyncio.run(check(envelope, resolver)) is Result.NONE
    assert resolver.queries == []


@pytest.mark.parametrize(
    "tail",
    [
        "a:" + "a." * 2_000,
        "exists:" + "%{d}" * 1_000,
        "exists:" + "%{s}" * 900 + "%{d}",
        "a" * 4_000,
        "a:" + "/" * 4_000,
        "x=" + "%{" * 2_000,
        "a:" + "9" * 4_000,
    ],
)
def test_a_hostile_record_is_cheap(tail: str) -> None:
    started = time.process_time()
    parse(f"v=spf1 {tail}".encode())
    result(f"v=spf1 {tail[:4_000]}", local="a." * 30)
    assert time.process_time() - started < 0.2
