"""The log as lines of JSON, in mirrors and exports: an entry as it was written, with its link as one more member.

A program that reads entries may pass the member `chain` over; `audit verify --export` follows it (protocol 8.3).
"""

from typing import Any

from storage.audit import canonical
from storage.audit_walk import value_of

CHAIN = "chain"
CHECKPOINT = "checkpoint"
HEAD = "export"


def line_of(seq: int, entry: object, chain: object) -> str:
    """The line of an entry. One that is damaged is kept as it is found, so that nothing is left out."""
    value = value_of(entry) if isinstance(entry, str) else {}
    shown = chain.hex() if isinstance(chain, bytes) else str(chain)
    return canonical({**(value or {"damaged": str(entry), "seq": seq}), CHAIN: shown})


def entry_of(line: dict[str, Any]) -> tuple[str, bytes | None]:
    """Entry and link of a line; no link where the line has none."""
    shown = line.get(CHAIN)
    chain = _octets(shown) if isinstance(shown, str) else None
    return canonical({name: value for name, value in line.items() if name != CHAIN}), chain


def _octets(shown: str) -> bytes:
    """What was written so; none of it where it is written in any other way, as with a capital letter."""
    try:
        found = bytes.fromhex(shown)
    except ValueError:
        return b""
    return found if found.hex() == shown else b""
