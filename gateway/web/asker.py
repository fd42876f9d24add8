"""Who asks over HTTP: the peer, or behind a reverse proxy of ours whom it speaks for; and how often they may.

Whoever is not known counts as nobody, so that a proxy which was set up carelessly opens nothing.
"""

from collections import Counter
from collections.abc import Callable

from gateway.throttle import UNKNOWN, Networks, network_of, parse_host
from gateway.web.message import Request

FORWARDING = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
MINUTE = 60.0  # seconds
NETWORKS_COUNTED = 10_000  # a minute; further ones are counted together


def host_of(request: Request, proxies: Networks) -> str:
    """The address that asks; "" where a proxy does not say for whom it does."""
    if not any(name in request.headers for name in FORWARDING):
        return request.peer
    if request.peer not in proxies:
        return ""
    hops = [hop.strip() for line in request.headers.get("x-forwarded-for", ()) for hop in line.split(",")]
    # From the right: what stands further left may have been written by the asker.
    told = next((hop for hop in reversed(hops) if hop not in proxies), "")
    return told if parse_host(told) is not None else ""


class Pace:
    """Counts requests by network, a minute at a time."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self._minute = -1
        self._counts: Counter[str] = Counter()

    def allows(self, host: str) -> bool:
        """Whether one more request of this host's network is within the limit; it is counted."""
        minute = int(self._now() // MINUTE)
        if minute != self._minute:
            self._minute, self._counts = minute, Counter()
        network = network_of(host)
        if network not in self._counts and len(self._counts) >= NETWORKS_COUNTED:
            network = UNKNOWN
        self._counts[network] += 1
        return self._counts[network] <= self._most
