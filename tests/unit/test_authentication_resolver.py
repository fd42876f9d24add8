"""TXT look-ups against a real name server on the loopback interface."""

import asyncio
import socket

import pytest

from gateway.authentication.resolver import LookupTrouble, Resolver
from tests.fakes.dns import DnsServer

NAME = "s1._domainkey.school.example"


def ask(resolver: Resolver, name: str) -> list[bytes]:
    return asyncio.run(resolver.txt(name))


def test_the_strings_of_a_record_are_joined_and_several_records_stay_apart() -> None:
    with DnsServer({NAME: ["a" * 600, "b"]}) as server:
        assert sorted(ask(Resolver([server.address]), NAME)) == [b"a" * 600, b"b"]


def test_no_name_and_no_record_are_empty_answers_and_never_kept() -> None:
    with DnsServer({"empty.example": []}) as server:
        resolver = Resolver([server.address])
        assert ask(resolver, NAME) == []
        assert ask(resolver, "empty.example") == []
        server.records[NAME] = ["now"]
        assert ask(resolver, NAME) == [b"now"]


def test_what_was_found_is_kept_for_a_while() -> None:
    with DnsServer({NAME: ["x"]}) as server:
        resolver = Resolver([server.address])
        for name in (NAME, NAME.upper() + "."):
            assert ask(resolver, name) == [b"x"]
        assert server.queries == [NAME]


def test_not_more_names_are_kept_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.authentication.resolver.MOST_KEPT", 2)
    names = [f"s{number}.example" for number in range(3)]
    with DnsServer({name: ["x"] for name in names}) as server:
        resolver = Resolver([server.address])
        for name in [*names, names[2], names[0]]:
            ask(resolver, name)
        assert server.queries == [*names, names[0]]


def test_a_server_in_trouble_is_no_answer() -> None:
    with DnsServer(trouble={NAME}) as server, pytest.raises(LookupTrouble):
        ask(Resolver([server.address]), NAME)


def test_a_silent_server_is_no_answer() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = Resolver([f"127.0.0.1:{silent.getsockname()[1]}"], timeout=0.05)
        with pytest.raises(LookupTrouble):
            ask(resolver, NAME)


def test_the_next_server_is_asked_where_one_is_silent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent, DnsServer({NAME: ["x"]}) as server:
        silent.bind(("127.0.0.1", 0))
        resolver = Resolver([f"127.0.0.1:{silent.getsockname()[1]}", server.address], timeout=0.2)
        assert ask(resolver, NAME) == [b"x"]


def test_a_nul_in_a_name_is_not_cut_off() -> None:
    with DnsServer({"s1._domainkey.attack.example": ["key"]}) as server:
        assert ask(Resolver([server.address]), "s1._domainkey.attack.example.\0.school.example") == []


@pytest.mark.parametrize("text", ["192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:5353"])
def test_name_servers_may_be_written_with_and_without_a_port(text: str) -> None:
    (server,) = Resolver([text])._resolver.nameservers
    assert str(server).removeprefix("Do53:").startswith(("192.0.2.1@53", "2001:db8::1@53"))
