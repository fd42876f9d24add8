"""A pace for destination domains, as `[relay] pace` has it: a carrier's name, or domains and limits (protocol 9)."""

import re
from pathlib import Path

from gateway.config_places import DOMAIN
from gateway.config_values import Kind, UnfitError, string
from gateway.relay.pace import PROFILES, Pace

RATE = re.compile(r"([1-9][0-9]{0,5})/s")
CONNECTIONS = re.compile(r"([1-9][0-9]{0,2})x([1-9][0-9]{0,5})")


def read(value: object, _folder: Path) -> Pace:
    """`docomo`, `au`, or `DOMAIN[,DOMAIN] [RATE/s] [CONNECTIONSxCOPIES]`."""
    text = string(value).strip()
    if text in PROFILES:
        return PROFILES[text]
    first, *limits = text.lower().split()
    domains = tuple(first.split(","))
    if not limits or not all(DOMAIN.match(domain) for domain in domains):
        raise UnfitError(f'write {" or ".join(PROFILES)}, or domains and limits, as "example.jp 20/s 4x100"')
    rate = connections = copies = 0
    for limit in limits:
        if found := RATE.fullmatch(limit):
            rate = int(found[1])
        elif found := CONNECTIONS.fullmatch(limit):
            connections, copies = int(found[1]), int(found[2])
        else:
            raise UnfitError(
                'a limit is written as "20/s" (copies a second) or "4x100" (connections, copies over each)'
            )
    return Pace(domains=domains, rate=rate, connections=connections, copies=copies)


pace = Kind('"docomo", "au" or "DOMAIN[,DOMAIN] RATE/s CONNECTIONSxCOPIES"', read)
