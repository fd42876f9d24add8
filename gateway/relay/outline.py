"""What the signatures of an alert's copies cover, made ready once: only what differs from copy to copy is filled in.

To take each copy apart again for its signature would cost more than all the rest of it but the signature.
"""

import secrets
from functools import reduce

from gateway.relay.compose import Prepared
from gateway.relay.signing import Covered, covered_by

MARK_OCTETS = 16  # nobody who writes an alert can guess what stands for a recipient in here


class Outline:
    """The covered fields of an alert's copies, in their canonical form."""

    def __init__(self, prepared: Prepared, *, follows: bool) -> None:
        """`follows`: its copies name in References what their readers got before."""
        marks = {name: secrets.token_hex(MARK_OCTETS) for name in ("to", "number", "token", "first")}
        first = f"<{marks['first']}@x>" if follows else ""
        sample = covered_by(prepared.copy(f"{marks['to']}@x", f"<{marks['number']}@x>", marks["token"], first))
        stands_for = {
            f"{marks['to']}@x": b"%(to)s",
            f"<{marks['number']}@x>": b"%(number)s",
            marks["token"]: b"%(token)s",
            f"<{marks['first']}@x>": b"%(first)s",
        }
        plain = sample.fields.replace(b"%", b"%%")
        self._fields = reduce(lambda text, mark: text.replace(mark.encode(), stands_for[mark]), stands_for, plain)
        self._names, self._body_hash = sample.names, sample.body_hash

    def filled(self, to: str, number: str, token: str, first: str = "") -> Covered:
        """What a signature of the copy covers that `Prepared.copy` makes of the same four."""
        facts = {b"to": to.encode(), b"number": number.encode(), b"token": token.encode(), b"first": first.encode()}
        return Covered(self._names, self._fields % facts, self._body_hash)
