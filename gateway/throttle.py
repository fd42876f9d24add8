"""Who may come in, and who has to leave for it. No sockets here: guests are told to go, and do it themselves.

Thousands of idle connections must never lock out a resident: when all places are taken, the guest that has been idle
longest makes room. Who is turned away is counted for the audit (protocol 8, connection:refused), never named.
"""

import asyncio
import logging
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol

from handlers import replies
from handlers.replies import Reply

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

UNKNOWN = "unknown"  # a peer that was gone before its address could be read
OTHERS = "others"
NETWORKS_COUNTED = 1_000  # a minute; further ones are counted together, so that a flood cannot fill the memory
CROWD = 4  # a network with more than a quarter of all places makes room before anybody else
SLOW_SECONDS = 30  # a mail that takes longer to come in can be spared when nobody is idle
OTHER_FILES = 256  # files, database connections and relay connections beside the guests

log = logging.getLogger("mimamori.listener")


def parse_host(host: str) -> IPAddress | None:
    """The address behind `host`, an IPv4 one in IPv6 clothing as IPv4, or None."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def network_of(host: str) -> str:
    """3.6  The network that limits count by: IPv4 /24, IPv6 /56."""
    address = parse_host(host)
    if address is None:
        return UNKNOWN
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False))


class Networks:
    """A list of networks from the settings."""

    def __init__(self, networks: Sequence[str | IPNetwork]) -> None:
        self._networks = tuple(ip_network(str(network), strict=False) for network in networks)

    def __contains__(self, host: str) -> bool:
        address = parse_host(host)
        return address is not None and any(address in network for network in self._networks)


class Refusals:
    """How many connections of each network were turned away since the last report."""

    def __init__(self, on_refused: Callable[[str, int], None]) -> None:
        self._on_refused = on_refused
        self._counts: Counter[str] = Counter()

    def note(self, network: str) -> None:
        known = network in self._counts or len(self._counts) < NETWORKS_COUNTED
        self._counts[network if known else OTHERS] += 1

    def report(self) -> None:
        """Hands the counts over, one call a network, and begins anew."""
        counts, self._counts = self._counts, Counter()
        for network, count in counts.items():
            self._on_refused(network, count)


class Guest(Protocol):
    """A connection, as the guest book sees it."""

    @property
    def network(self) -> str: ...

    @property
    def trusted(self) -> bool: ...

    def task(self) -> asyncio.Task[None]: ...

    def dismiss(self, reply: Reply) -> None: ...


class GuestBook:
    """All open connections. Those that wait for their peer, and those whose mail comes in, stand in order of time."""

    def __init__(self, places: int, refusals: Refusals, now: Callable[[], float] = time.monotonic) -> None:
        self.places = places
        self._refusals = refusals
        self._now = now
        self._idle: dict[Guest, str] = {}  # and the network of each, "" for our own front servers
        self._crowds: dict[str, dict[Guest, None]] = {}  # the idle ones again, by network
        self._reading: dict[Guest, float] = {}  # since when, in seconds
        self._busy: dict[Guest, None] = {}

    def __len__(self) -> int:
        return len(self._idle) + len(self._reading) + len(self._busy)

    @property
    def idle(self) -> tuple[Guest, ...]:
        return tuple(self._idle)

    @property
    def everybody(self) -> tuple[Guest, ...]:
        return (*self._idle, *self._reading, *self._busy)

    def enter(self, guest: Guest) -> bool:
        """Whether there is a place for `guest`; somebody idle may have to leave for it."""
        if len(self) >= self.places:
            leaving = self._dispensable()
            self._refusals.note((leaving or guest).network)
            if leaving is None:
                return False
            self.leave(leaving)
            leaving.dismiss(replies.BUSY)
        self._sit_down(guest)
        return True

    def leave(self, guest: Guest) -> bool:
        """Whether `guest` was here until now."""
        network = self._idle.pop(guest, None)
        if network is not None:
            crowd = self._crowds[network]
            del crowd[guest]
            if not crowd:
                del self._crowds[network]
            return True
        here = guest in self._reading or guest in self._busy
        self._reading.pop(guest, None)
        self._busy.pop(guest, None)
        return here

    def rest(self, guest: Guest) -> None:
        """`guest` waits for its peer from now on, and can be spared."""
        if self.leave(guest):
            self._sit_down(guest)

    def read(self, guest: Guest) -> None:
        """`guest` takes a mail in from now on."""
        if self.leave(guest):
            self._reading[guest] = self._now()

    def work(self, guest: Guest) -> None:
        """`guest` has a command or a mail in hand, and cannot be spared."""
        if self.leave(guest):
            self._busy[guest] = None

    def _sit_down(self, guest: Guest) -> None:
        network = "" if guest.trusted else guest.network
        self._idle[guest] = network
        self._crowds.setdefault(network, {})[guest] = None

    def _dispensable(self) -> Guest | None:
        crowd = max((crowd for network, crowd in self._crowds.items() if network), key=len, default={})
        if len(crowd) > self.places // CROWD:
            return next(iter(crowd))
        if self._idle:
            return next(iter(self._idle))
        longest, since = next(iter(self._reading.items()), (None, 0.0))
        return longest if self._now() - since > SLOW_SECONDS else None


def places_for(connections: int) -> int:
    """How many connections the process can hold, after raising its soft limit of open files as far as is needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return connections
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed == needed:
        return connections
    places = max(1, allowed - OTHER_FILES)
    log.warning("only %d connections fit into the limit of open files; raise it (LimitNOFILE=%d)", places, needed)
    return places
