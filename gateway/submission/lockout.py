"""Who has to wait after wrong passwords: a network and a name each longer with every failure (protocol 7.2).

It knows no passwords, and names only by a digest. What it holds is bounded and forgotten with the process.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

FREE = 3  # failures without a wait
FIRST = 2.0  # seconds
LONGEST_OF_NETWORK = 3_600.0
LONGEST_OF_NAME = 60.0  # a stranger may not lock somebody out for long
FORGOTTEN = 86_400.0  # after so long without a failure
MOST = 10_000  # networks and names; the oldest goes first


@dataclass(slots=True)
class _Failures:
    """Not frozen: it is counted up."""

    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Lockout:
    """The failures of now."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._at_home: OrderedDict[tuple[str, str], None] = OrderedDict()  # where a name once gave its password

    def waits(self, network: str, name: str, now: float) -> bool:
        """Whether nothing is tried for this network or this name at the moment.

        Strangers who keep a name waiting, minute after minute, do not keep out its owner at the usual place.
        """
        keys = _keys(network, name)
        counting = keys[:1] if keys in self._at_home else keys
        return any(now < self._failures[key].until for key in counting if key in self._failures)

    def failed(self, network: str, name: str, now: float) -> None:
        for key, longest in zip(_keys(network, name), (LONGEST_OF_NETWORK, LONGEST_OF_NAME), strict=True):
            known = self._failures.pop(key, None) or _Failures()
            if now - known.last > FORGOTTEN:
                known.count = 0
            known.count, known.last = known.count + 1, now
            exponent = min(known.count - FREE, 20)
            known.until = now + min(FIRST * 2**exponent, longest) if exponent >= 0 else now
            self._failures[key] = known
        while len(self._failures) > MOST:
            self._failures.popitem(last=False)

    def succeeded(self, network: str, name: str) -> None:
        keys = _keys(network, name)
        for key in keys:
            self._failures.pop(key, None)
        self._at_home[keys] = None
        self._at_home.move_to_end(keys)
        while len(self._at_home) > MOST:
            self._at_home.popitem(last=False)


def _keys(network: str, name: str) -> tuple[str, str]:
    return f"network {network}", f"name {hashlib.sha256(name.encode()).hexdigest()}"
