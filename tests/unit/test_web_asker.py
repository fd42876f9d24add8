"""Who asks over HTTP, and how often (protocol 10)."""

import pytest

from gateway.throttle import Networks
from gateway.web.asker import Pace, host_of
from gateway.web.message import Request

PROXIES = Networks(["127.0.0.1/32", "10.0.0.0/8"])


def request(peer: str, **headers: str | tuple[str, ...]) -> Request:
    known = {name.replace("_", "-"): (line,) if isinstance(line, str) else line for name, line in headers.items()}
    return Request(method="GET", path="/", headers=known, peer=peer)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (request("192.0.2.1"), "192.0.2.1"),
        (request("127.0.0.1"), "127.0.0.1"),
        (request("127.0.0.1", x_forwarded_for="192.0.2.1"), "192.0.2.1"),
        (request("127.0.0.1", x_forwarded_for="2001:db8::1"), "2001:db8::1"),
        (request("127.0.0.1", x_forwarded_for="198.51.100.1, 192.0.2.1"), "192.0.2.1"),
        (request("127.0.0.1", x_forwarded_for=("198.51.100.1", "192.0.2.1")), "192.0.2.1"),
        (request("127.0.0.1", x_forwarded_for="192.0.2.1, 10.1.2.3"), "192.0.2.1"),
        (request("127.0.0.1", x_forwarded_for="10.9.9.9"), ""),
        (request("127.0.0.1", x_forwarded_for="192.0.2.1, unknown"), ""),
        (request("127.0.0.1", x_forwarded_for=""), ""),
        (request("127.0.0.1", via="1.1 proxy"), ""),
        (request("192.0.2.1", x_forwarded_for="127.0.0.1"), ""),
        (request("192.0.2.1", forwarded="for=127.0.0.1"), ""),
    ],
)
def test_10_only_a_proxy_of_ours_says_for_whom_it_asks(asked: Request, expected: str) -> None:
    assert host_of(asked, PROXIES) == expected


def test_10_a_network_may_ask_so_often_a_minute_and_no_other_suffers() -> None:
    now = [0.0]
    pace = Pace(2, lambda: now[0])
    assert [pace.allows("192.0.2.1"), pace.allows("192.0.2.9"), pace.allows("192.0.2.5")] == [True, True, False]
    assert pace.allows("198.51.100.1")
    now[0] = 60.0
    assert pace.allows("192.0.2.1")


def test_10_whoever_is_unknown_shares_one_count_and_so_do_too_many_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.web.asker.NETWORKS_COUNTED", 2)
    pace = Pace(2, lambda: 0.0)
    assert all(pace.allows(host) for host in ("192.0.2.1", "198.51.100.1", "203.0.113.1", ""))
    assert not pace.allows("203.0.113.1")
    assert pace.allows("192.0.2.1")
