"""Copies of a year's key for a safe: sealed with a passphrase, told in the audit, to be destroyed with the year.

A copy that outlives the year's end defeats it. So each is audited when it is made and when it is told destroyed.
"""

import json

from sqlalchemy import Connection

from storage import audit

MADE, DESTROYED = "key:escrowed", "key:escrow-destroyed"


def copies(connection: Connection, year: int) -> tuple[int, int]:
    """How many copies of the year's key were made, and how many of them were told destroyed."""
    made, gone = (audit.read(connection, glob=event) for event in (MADE, DESTROYED))
    return _of(made, year), _of(gone, year)


def _of(entries: list[audit.Entry], year: int) -> int:
    return sum(json.loads(each.text)["detail"]["year"] == year for each in entries)
