"""What a relay worker is given of what is stored: sealed rows and letters, and how they open. It knows no database."""

import base64
import json
from dataclasses import dataclass, field
from typing import NamedTuple

from storage.keyring import Keyring, Place, YearKey
from storage.records import Address


class Recipient(NamedTuple):
    """A subscription row as a worker needs it, still sealed."""

    id: int
    uuid: bytes
    address: bytes
    position: int = 0  # where the cursor stands once this row was tried

    def __repr__(self) -> str:
        return "<sealed>"

    def opened(self, key: YearKey) -> Address:
        """Where the copy goes."""
        return Address(key.open(Place("subscription", "address", self.uuid), self.address).decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A claimed letter, still sealed."""

    id: int
    uuid: bytes
    year: int
    body: bytes = field(repr=False)
    attempts: int
    fence: int
    probe_of: int | None = None  # 6.7  the row that it asks after


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A letter as it goes out."""

    to: Address
    subject: str = field(repr=False)
    text: str = field(repr=False)
    local_part: str = field(repr=False)  # of From, with the token where there is one
    in_reply_to: str | None = field(repr=False)
    attached: bytes | None = field(repr=False)
    written_at: str


def place(uuid: bytes) -> Place:
    """Where a letter is sealed."""
    return Place("letter", "body", uuid)


def opened(keyring: Keyring, waiting: Waiting) -> Opened:
    """The letter, opened with its year's key."""
    body = json.loads(keyring.year(waiting.year).open(place(waiting.uuid), waiting.body))
    attached = base64.b64decode(body.pop("attached")) if body["attached"] is not None else body.pop("attached")
    return Opened(to=Address(body.pop("to")), **body, attached=attached)
