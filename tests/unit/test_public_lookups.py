"""How often strangers may make us ask, and when nobody is asked."""

import asyncio

import pytest

from gateway.authentication.public.lookups import QUIET_SECONDS, CountedLookups, PatientResolver
from gateway.authentication.resolver import LookupTrouble, Resolver
from tests.fakes.dns import DnsServer, FakeResolver


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def test_more_look_ups_than_a_mail_may_cost_are_trouble_whatever_their_kind() -> None:
    async def ask() -> None:
        lookups = CountedLookups(FakeResolver({"a.example": ["x"]}), most=3)
        assert await lookups.txt("a.example") == [b"x"]
        assert await lookups.addresses("a.example", 4) == []
        assert await lookups.exchanges("a.example") == []
        for question in (lookups.txt("a"), lookups.addresses("a", 6), lookups.exchanges("a")):
            with pytest.raises(LookupTrouble):
                await question

    asyncio.run(ask())


def test_after_trouble_nobody_is_asked_for_a_while_and_then_again() -> None:
    async def ask() -> None:
        watch, resolver = Watch(), FakeResolver(trouble=["dead.example"])
        patient = PatientResolver(resolver, watch)
        with pytest.raises(LookupTrouble):
            await patient.txt("dead.example")
        watch.seconds += QUIET_SECONDS - 1
        for question in (patient.txt("a.example"), patient.addresses("a.example", 4), patient.exchanges("a.example")):
            with pytest.raises(LookupTrouble):
                await question
        assert resolver.queries == ["dead.example"]
        watch.seconds += 2
        assert await patient.txt("a.example") == []

    asyncio.run(ask())


def test_a_strangers_dead_domain_does_not_end_the_look_ups_for_others() -> None:
    async def ask() -> None:
        watch, resolver = Watch(), FakeResolver(trouble=["dead.example"])
        patient = PatientResolver(resolver, watch)
        resolver.last_answer = watch() - QUIET_SECONDS / 2
        with pytest.raises(LookupTrouble):
            await patient.txt("dead.example")
        assert await patient.txt("a.example") == []

    asyncio.run(ask())


def test_a_look_up_for_which_the_time_is_over_is_trouble_too() -> None:
    class Silent(FakeResolver):
        async def txt(self, name: str) -> list[bytes]:
            await asyncio.sleep(60)
            return []

    async def ask() -> None:
        patient = PatientResolver(Silent())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await patient.txt("a.example")
        with pytest.raises(LookupTrouble):
            await patient.txt("a.example")

    asyncio.run(ask())


def test_addresses_and_exchanges_come_from_a_real_name_server() -> None:
    hosts = {"mx.example": ["192.0.2.1", "2001:db8::1"]}
    with DnsServer(hosts=hosts, exchanges={"a.example": ["mx.example", "mx2.example"]}) as server:

        async def ask() -> None:
            resolver = Resolver([server.address])
            assert await resolver.addresses("mx.example", 4) == ["192.0.2.1"]
            assert await resolver.addresses("mx.example", 6) == ["2001:db8::1"]
            assert await resolver.addresses("a.example", 4) == []
            assert await resolver.exchanges("a.example") == ["mx.example", "mx2.example"]
            assert await resolver.exchanges("gone.example") == []
            assert resolver.last_answer > 0

        asyncio.run(ask())


def test_a_host_that_takes_no_mail_at_all_is_no_exchange() -> None:
    with DnsServer(exchanges={"a.example": [""]}) as server:
        assert asyncio.run(Resolver([server.address]).exchanges("a.example")) == []


def test_what_was_found_is_kept_by_kind() -> None:
    with DnsServer({"a.example": ["text"]}, hosts={"a.example": ["192.0.2.1"]}) as server:

        async def ask() -> None:
            resolver = Resolver([server.address])
            for _ in range(2):
                assert await resolver.txt("a.example") == [b"text"]
                assert await resolver.addresses("A.example.", 4) == ["192.0.2.1"]

        asyncio.run(ask())
        assert server.queries == ["a.example", "a.example"]
