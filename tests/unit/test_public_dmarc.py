"""DMARC records, the walk up the tree, and which domains belong together."""

import asyncio
from collections.abc import Mapping

import pytest

from gateway.authentication.public.dmarc import Policies, Policy, Record, parse
from tests.fakes.dns import FakeResolver


def policies(records: Mapping[str, str], **rest: Mapping[str, list[str]]) -> tuple[Policies, FakeResolver]:
    resolver = FakeResolver({f"_dmarc.{name}": [text] for name, text in records.items()}, **rest)
    return Policies(resolver), resolver


def asked_for(domain: str, records: Mapping[str, str], **rest: Mapping[str, list[str]]) -> Policy | None:
    """What the domain asks for; None where nobody speaks for it."""

    async def ask() -> Policy | None:
        found, _ = policies(records, **rest)
        governing = await found.governing(domain)
        return await found.asked_for(governing) if governing else None

    return asyncio.run(ask())


def organisation(domain: str, records: Mapping[str, str]) -> str:
    return asyncio.run(policies(records)[0].organisation(domain))


def aligned(one: str, author: str, records: Mapping[str, str], *, strict: bool = False) -> bool:
    return asyncio.run(policies(records)[0].aligned(one, author, strict=strict))


def test_a_record_is_read_with_blanks_in_any_case_and_with_unknown_tags() -> None:
    found = parse([b"v=DMARC1 ; P = Reject;sp=none;  adkim=S; aspf=r; rua=mailto:a@example.jp!10m; ri=1; x=y ;"])
    assert found == Record(
        policy=Policy.REJECT, of_subdomains=Policy.NONE, of_missing=Policy.NONE, strict_signature=True
    )


@pytest.mark.parametrize("text", ["", "v=spf1 -all", "p=reject; v=DMARC1", "v=DMARC2; p=reject", "v=dmarc1; p=reject"])
def test_another_record_is_no_policy(text: str) -> None:
    assert parse([text.encode()]) is None


def test_two_records_are_none_and_a_foreign_one_beside_does_not_matter() -> None:
    reject = b"v=DMARC1; p=reject"
    assert parse([reject, reject]) is None
    assert parse([b"verification=12", reject]) is not None


@pytest.mark.parametrize("text", ["v=DMARC1", "v=DMARC1; sp=reject", "v=DMARC1; p=refuse", "v=DMARC1; p=reject; sp=x"])
def test_a_record_that_is_not_sound_is_there_and_refuses_nobody(text: str) -> None:
    assert parse([text.encode()]) == Record()


def test_octets_that_are_not_ascii_and_endless_records_do_no_harm() -> None:
    assert parse([b"v=DMARC1; p=reject; \xff=\xfe"]) is not None
    assert parse([b"v=DMARC1; p=reject; " + b";" * 5_000]) is None


def test_a_percentage_is_ignored_and_a_domain_that_tries_its_policy_out_refuses_nobody() -> None:
    assert asked_for("a.example", {"a.example": "v=DMARC1; p=reject; pct=0"}) is Policy.REJECT
    assert asked_for("a.example", {"a.example": "v=DMARC1; p=reject; t=y"}) is Policy.QUARANTINE


def test_the_own_record_comes_first_then_that_of_the_organisation_for_its_subdomains() -> None:
    records = {"school.example": "v=DMARC1; p=none; sp=reject", "own.school.example": "v=DMARC1; p=quarantine"}
    assert asked_for("school.example", records) is Policy.NONE
    assert asked_for("own.school.example", records) is Policy.QUARANTINE
    assert asked_for("mail.school.example", records) is Policy.REJECT
    assert asked_for("other.example", records) is None


def test_a_subdomain_that_is_not_there_has_a_policy_of_its_own() -> None:
    records = {"school.example": "v=DMARC1; p=reject; sp=none; np=reject"}
    assert asked_for("gone.school.example", records) is Policy.REJECT
    assert asked_for("mail.school.example", records, hosts={"mail.school.example": ["192.0.2.1"]}) is Policy.NONE
    assert asked_for("mail.school.example", records, hosts={"mail.school.example": ["2001:db8::1"]}) is Policy.NONE
    assert asked_for("mail.school.example", records, exchanges={"mail.school.example": ["mx.example"]}) is Policy.NONE


def test_a_public_suffix_speaks_for_those_below_who_say_nothing() -> None:
    records = {"city.example": "v=DMARC1; p=none; sp=quarantine; np=reject; psd=y"}
    assert asked_for("school.city.example", records, hosts={"school.city.example": ["192.0.2.1"]}) is Policy.QUARANTINE
    assert asked_for("school.city.example", records) is Policy.REJECT
    assert organisation("a.b.school.city.example", records) == "school.city.example"
    assert organisation("city.example", records) == "city.example"


def test_the_organisation_is_the_highest_with_a_record_or_the_one_that_says_so() -> None:
    assert organisation("a.b.example", {}) == "a.b.example"
    assert organisation("a.b.example", {"b.example": "v=DMARC1; p=none"}) == "b.example"
    assert organisation("a.b.example", {"a.b.example": "v=DMARC1; psd=n", "b.example": "v=DMARC1"}) == "a.b.example"
    assert organisation("a.b.example", {"example": "v=DMARC1; p=none"}) == "a.b.example"
    assert organisation("a.b.example", {"example": "v=DMARC1; p=none; psd=y"}) == "b.example"


def test_a_long_name_costs_eight_look_ups() -> None:
    found, resolver = policies({"z.example": "v=DMARC1; p=reject"})
    assert asyncio.run(found.organisation("a.b.c.d.e.f.g.h.i.z.example")) == "z.example"
    assert len(resolver.queries) == 8
    assert resolver.queries[:2] == ["_dmarc.a.b.c.d.e.f.g.h.i.z.example", "_dmarc.e.f.g.h.i.z.example"]


def test_relatives_are_aligned_unless_the_domain_is_strict() -> None:
    records = {"school.example": "v=DMARC1; p=none"}
    assert aligned("school.example", "school.example", {})
    assert aligned("bounce.mail.school.example", "school.example", records)
    assert aligned("school.example", "mail.school.example", records)
    assert aligned("a.school.example", "b.school.example", records)
    assert not aligned("bounce.school.example", "school.example", records, strict=True)


def test_strangers_are_not_aligned_and_mostly_cost_nothing() -> None:
    records = {"school.example": "v=DMARC1; p=none", "evil.example": "v=DMARC1; p=none"}
    assert not aligned("evil.example", "school.example", records)
    assert not aligned("evilschool.example", "school.example", records)
    found, resolver = policies(records)
    assert not asyncio.run(found.aligned("evil.test", "school.example", strict=False))
    assert resolver.queries == []


def test_neighbours_under_a_public_suffix_are_strangers() -> None:
    suffix = {"co.test": "v=DMARC1; p=none; psd=y"}
    assert not aligned("evil.co.test", "shop.co.test", suffix)
    assert not aligned("co.test", "shop.co.test", suffix)
    own = {"a.example": "v=DMARC1; psd=n", "example": "v=DMARC1"}
    assert not aligned("b.example", "a.example", own)


def test_without_any_record_only_the_same_domain_is_aligned() -> None:
    assert not aligned("mail.school.example", "school.example", {})
