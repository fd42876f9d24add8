"""Copies of a year's key for a safe: sealed with a passphrase, told in the audit, to be destroyed with the year.

A copy that outlives the year's end defeats it. So each is audited when it is made and when it is told destroyed.
"""

import base64
import hashlib
import json
import os
from dataclasses import replace

from sqlalchemy import Connection

from storage import counters, keyfile
from storage.keyfile import KeyFile
from storage.keyring import Keyring, KeyTrouble, OctetsKek, Secrets, unwrapped, wrap

MADE, DESTROYED = "key:escrowed", "key:escrow-destroyed"
SALT_OCTETS = 16
COST = {"n": 2**16, "r": 8, "p": 1}  # scrypt: 64 MiB
MEMORY = 128 * 2**20


def sealed(keyring: Keyring, year: int, passphrase: str, destroy_by: str) -> str:
    """The year's key under the passphrase alone: no KEK is needed to open it."""
    salt = os.urandom(SALT_OCTETS)
    found, secrets = keyring.read(str(year)), keyring.secrets(str(year))
    copy = KeyFile(found.made, (replace(wrap(secrets, _key(passphrase, salt)), kek=""),))
    record = {
        "what": f"mimamori: copy of the key of {year}; to be destroyed by {destroy_by}",
        "year": year,
        "destroy_by": destroy_by,
        "scrypt": {"salt": base64.b64encode(salt).decode(), **COST},
        "key": json.loads(copy.render()),
    }
    return json.dumps(record, indent=1) + "\n"


def opened(content: str, year: int, passphrase: str) -> tuple[KeyFile, Secrets]:
    """The key of a copy. Raises KeyTrouble where it is none, of another year, or the passphrase is wrong."""
    try:
        record = json.loads(content)
        if record["year"] != year:
            raise KeyTrouble(f"a copy of the key of {record['year']}, not of {year}; take the other one")
        found = keyfile.parse(json.dumps(record["key"]).encode())
        return found, unwrapped(found.wraps[0], _key(passphrase, base64.b64decode(record["scrypt"]["salt"])))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise KeyTrouble("not a copy that `mimamori keys escrow` made; take the whole file") from None


def copies(connection: Connection, year: int) -> tuple[int, int]:
    """How many copies of the year's key were made, and how many of them were told destroyed."""
    return counters.value(connection, f"{MADE} {year}"), counters.value(connection, f"{DESTROYED} {year}")


def count(connection: Connection, what: str, year: int) -> None:
    """One more copy that was MADE, or told DESTROYED; its audit entry is the caller's."""
    name = f"{what} {year}"
    counters.save(connection, name, counters.value(connection, name, lock=True) + 1)


def at_least(connection: Connection, what: str, year: int, *, since: int, ever: int) -> None:
    """After a restore: so many were MADE or DESTROYED since the backup, and so many at any time, that the log tells."""
    name = f"{what} {year}"
    counters.save(connection, name, max(counters.value(connection, name, lock=True) + since, ever))


def _key(passphrase: str, salt: bytes) -> OctetsKek:
    return OctetsKek(hashlib.scrypt(passphrase.encode(), salt=salt, maxmem=MEMORY, dklen=32, **COST))
