"""Japanese mobile carriers whose filters hold our letters back until a resident allows us (protocol 3.1, 3.3)."""

from typing import Literal

from storage.records import Address

Carrier = Literal["docomo", "au", "softbank"]

DOMAINS: dict[str, Carrier] = {
    "docomo.ne.jp": "docomo",
    "au.com": "au",
    "ezweb.ne.jp": "au",
    "softbank.ne.jp": "softbank",
    "i.softbank.jp": "softbank",
    "vodafone.ne.jp": "softbank",
    "ymobile.ne.jp": "softbank",
}


def carrier(address: Address) -> Carrier | None:
    """The carrier of an address, its old sub-domains included; None for everybody else."""
    labels = address.domain.split(".")
    names = (".".join(labels[start:]) for start in range(len(labels)))
    return next((DOMAINS[name] for name in names if name in DOMAINS), None)
