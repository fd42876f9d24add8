"""Hashes of staff passwords: Argon2id as the PHC string that stands in the configuration (protocol 7.2).

A password is neither kept nor logged; a wrong name costs as much as a wrong password.
"""

import base64
import os
import re

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY = 19_456  # KiB
ROUNDS = 2
LANES = 1
MOST_MEMORY = 262_144  # KiB; a hash may not take the machine down
MOST_ROUNDS = 16
SHORTEST = 12  # characters
LONGEST = 256  # octets

HASH = re.compile(
    r"\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}\Z"
)


def hashed(password: str) -> str:
    """The line for `submission`."""
    return Argon2id(
        salt=os.urandom(16), length=32, iterations=ROUNDS, lanes=LANES, memory_cost=MEMORY
    ).derive_phc_encoded(password.encode())


# What a name without a password is compared with. No password leads to it: it is no digest of anything.
NOBODY = "$argon2id$v=19$m={},t={},p={}${}${}".format(
    MEMORY,
    ROUNDS,
    LANES,
    *(base64.b64encode(octets).decode().rstrip("=") for octets in (bytes(16), bytes(32))),
)


def acceptable(line: str) -> bool:
    """Whether this is a hash that is strong enough, and none that is too dear."""
    found = HASH.match(line)
    if found is None:
        return False
    memory, rounds, lanes = map(int, found.groups())
    return MEMORY <= memory <= MOST_MEMORY and ROUNDS <= rounds <= MOST_ROUNDS and 1 <= lanes <= 4


def fits(password: bytes, line: str) -> bool:
    """Whether the password leads to the hash."""
    if len(password) > LONGEST:
        return False
    try:
        Argon2id.verify_phc_encoded(password, line)
    except InvalidKey:
        return False
    return True
