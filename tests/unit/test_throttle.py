"""Who gets a place, who makes room, and how the refused are counted (protocol 8 and 9)."""

import asyncio
import resource
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from gateway import throttle
from gateway.throttle import GuestBook, Networks, Refusals, network_of, places_for
from handlers import replies
from handlers.replies import Reply


@dataclass(eq=False)
class Visitor:
    network: str = "192.0.2.0/24"
    trusted: bool = False
    heard: list[Reply] = field(default_factory=list)

    def task(self) -> asyncio.Task[None]:
        raise NotImplementedError("a visitor has no task")

    def dismiss(self, reply: Reply) -> None:
        self.heard.append(reply)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def visitors(count: int, network: str = "{}") -> list[Visitor]:
    return [Visitor(network=network.format(number)) for number in range(count)]


def book(places: int, clock: Clock | None = None) -> GuestBook:
    return GuestBook(places, Refusals(lambda network, count: None), now=clock or Clock())


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2ff:3::4", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", "unknown"),
    ],
)
def test_a_network_is_a_24_or_a_56(host: str, network: str) -> None:
    assert network_of(host) == network


def test_a_list_of_networks_knows_its_hosts_and_nothing_else() -> None:
    networks = Networks(["192.0.2.0/24", "2001:db8::/32"])
    assert "192.0.2.1" in networks
    assert "::ffff:192.0.2.1" in networks
    assert "2001:db8::1" in networks
    assert "198.51.100.1" not in networks
    assert "" not in networks


def test_the_one_that_is_idle_longest_makes_room() -> None:
    guests = book(3)
    first, second, third, late = visitors(4)
    assert all(guests.enter(guest) for guest in (first, second, third))
    guests.work(first)
    guests.rest(first)
    assert guests.enter(late)
    assert (first.heard, second.heard, third.heard) == ([], [replies.BUSY], [])
    assert len(guests) == 3


def test_whoever_has_a_command_in_hand_is_never_sent_away() -> None:
    guests = book(2)
    first, second, late = visitors(3)
    for guest in (first, second):
        guests.enter(guest)
        guests.work(guest)
    assert not guests.enter(late)
    assert first.heard == second.heard == late.heard == []
    assert len(guests) == 2


def test_a_mail_that_crawls_in_makes_room_when_nobody_is_idle() -> None:
    clock = Clock()
    guests = book(2, clock)
    slow, busy, early, late = visitors(4)
    guests.enter(slow)
    guests.enter(busy)
    guests.read(slow)
    guests.work(busy)
    assert not guests.enter(early)
    clock.now = throttle.SLOW_SECONDS + 1
    assert guests.enter(late)
    assert slow.heard == [replies.BUSY]


def test_a_crowd_from_one_network_makes_room_before_a_single_stranger() -> None:
    guests = book(8)
    stranger, *crowd = [Visitor(network="198.51.100.0/24"), *visitors(7, "192.0.2.0/24")]
    for guest in (stranger, *crowd):
        guests.enter(guest)
    guests.enter(Visitor())
    assert stranger.heard == []
    assert crowd[0].heard == [replies.BUSY]


def test_our_own_front_servers_are_no_crowd() -> None:
    guests = book(4)
    oldest = Visitor(network="198.51.100.0/24")
    relays = [Visitor(trusted=True) for _ in range(3)]
    for guest in (oldest, *relays):
        guests.enter(guest)
    guests.enter(Visitor())
    assert oldest.heard == [replies.BUSY]


def test_whoever_has_left_does_not_come_back_by_working_or_resting() -> None:
    guests = book(2)
    (guest,) = visitors(1)
    guests.enter(guest)
    assert guests.leave(guest)
    guests.work(guest)
    guests.read(guest)
    guests.rest(guest)
    assert len(guests) == 0
    assert not guests.leave(guest)


def test_the_refused_and_the_sent_away_are_counted_by_network_and_only_once() -> None:
    counted: list[tuple[str, int]] = []
    refusals = Refusals(lambda network, count: counted.append((network, count)))
    guests = GuestBook(1, refusals)
    first, second, third = Visitor(network="a"), Visitor(network="b"), Visitor(network="c")
    guests.enter(first)
    guests.enter(second)
    guests.work(second)
    guests.enter(third)
    guests.enter(third)
    refusals.report()
    refusals.report()
    assert counted == [("a", 1), ("c", 2)]


def test_a_flood_from_everywhere_is_counted_together() -> None:
    counted: dict[str, int] = {}
    refusals = Refusals(counted.__setitem__)
    for number in range(throttle.NETWORKS_COUNTED + 5):
        refusals.note(str(number))
    refusals.report()
    assert len(counted) == throttle.NETWORKS_COUNTED + 1
    assert counted[throttle.OTHERS] == 5


@pytest.fixture
def file_limits() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_soft_limit_of_open_files_is_raised_to_what_is_needed(file_limits: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, file_limits))
    assert places_for(100) == 100
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (100 + throttle.OTHER_FILES, file_limits)


def test_there_are_fewer_places_where_the_hard_limit_is_lower(
    file_limits: int, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = file_limits + 1
    assert places_for(wanted) == file_limits - throttle.OTHER_FILES
    assert "LimitNOFILE" in caplog.text
