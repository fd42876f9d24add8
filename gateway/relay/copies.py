"""What a worker makes of sealed rows and letters: whole mails for one person each, signed where we sign.

Addresses are in the clear here, in the few copies that the queue has made ahead, and in the connection's memory.
"""

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

from gateway.relay.compose import letter
from gateway.relay.counterfoils import Counterfoils
from gateway.relay.handover import Copy
from gateway.relay.outline import Outline
from gateway.relay.pipe import Draft, Orders
from gateway.relay.signing import Covered, Signer
from storage import parcels
from storage.keyring import Keyring, KeyTrouble, YearKey
from storage.parcels import Recipient, Waiting
from storage.records import Address


class Edition:
    """An alert that is being relayed, with the year's key and what the signatures of all its copies share."""

    def __init__(self, draft: Draft, key: YearKey, *, signed: bool) -> None:
        self.year = draft.year
        self.uuid = draft.uuid
        self.first = draft.first
        self.keys = [key]  # the newest first; more than one where the year's key was rotated meanwhile
        self.prepared = draft.prepared
        self.outline = Outline(draft.prepared, follows=draft.first is not None) if signed else None


class Spliced(NamedTuple):
    """A copy, and what a signature of it will cover; None where it goes out as it is."""

    copy: Copy
    covered: Covered | None


class Copyist:
    """Opens, splices and signs."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._keyring = Keyring(orders.keys, orders.kek)
        self._signers = signers(orders)
        self._counterfoils = Counterfoils(orders.counterfoils, orders.number, orders.synced_every)

    def living(self) -> tuple[int, ...]:
        """The years whose key is at hand; every other one is let go of."""
        self._keyring.forget_gone()
        return self._keyring.years()

    def edition(self, draft: Draft) -> Edition:
        """Raises KeyTrouble where the year's key cannot be had."""
        return Edition(draft, self._keyring.year(draft.year), signed=bool(self._signers))

    def splice(self, edition: Edition, recipient: Recipient) -> "Spliced":
        """The copy of one row. Raises KeyTrouble or ValueError for a row that does not open to an address."""
        key, domain = edition.keys[0], self._orders.domain
        to = self._wire(self._opened(edition, recipient))
        copy_id = key.copy_id(edition.uuid, recipient.uuid)
        number = f"<{copy_id.hex()}@{domain}>"  # 5.9  the same when the copy goes out again
        # 5.7  What this same reader got first.
        first = f"<{key.copy_id(edition.first, recipient.uuid).hex()}@{domain}>" if edition.first is not None else ""
        token = key.token("leave", recipient.id)
        message = edition.prepared.copy(to, number, token, first)
        copy = Copy(f"bounce+{key.token('bounce', recipient.id)}@{domain}", to, message, copy_id)
        return Spliced(copy, edition.outline.filled(to, number, token, first) if edition.outline is not None else None)

    def signed(self, spliced: "Spliced") -> Copy:
        """The copy as it goes out."""
        copy, covered = spliced
        return copy if covered is None else copy._replace(message=self._signed(copy.message, covered))

    def handed(self, copy: Copy) -> None:
        """It was taken over: a server that ends before that is recorded will find it here."""
        self._counterfoils.add(copy.id)

    @property
    def keeps_counterfoils(self) -> bool:
        return self._counterfoils.kept

    def _opened(self, edition: Edition, recipient: Recipient) -> Address:
        """Rows are sealed anew while an alert goes out, and one that waits here may still be as it was before."""
        try:
            return recipient.opened(edition.keys[0])
        except KeyTrouble:
            newest = self._keyring.year(edition.year)
            if newest is not edition.keys[0]:
                edition.keys.insert(0, newest)
            for key in edition.keys:
                with suppress(KeyTrouble):
                    return recipient.opened(key)
            raise

    def letter(self, waiting: Waiting) -> Copy:
        """One letter, whose From is where its answer goes."""
        opened = parcels.opened(self._keyring, waiting)
        to = self._wire(opened.to)
        key = self._keyring.year(waiting.year)
        address = f"{opened.local_part}@{self._orders.domain}"
        message = letter(
            from_address=address,
            display_name=self._orders.organisation,
            to=to,
            subject=opened.subject,
            text=opened.text,
            message_id=f"<{hashlib.sha256(b'letter' + waiting.uuid).hexdigest()[:32]}@{self._orders.domain}>",
            date=datetime.fromisoformat(opened.written_at),
            in_reply_to=opened.in_reply_to,
            reply_to=address,
            attached=opened.attached,
        )
        returns = key.token("letter", waiting.id) if waiting.probe_of is None else key.token("probe", waiting.probe_of)
        return Copy(f"bounce+{returns}@{self._orders.domain}", to, self._signed(message))

    def _signed(self, message: bytes, covered: Covered | None = None) -> bytes:
        for signer in self._signers:
            message = signer.sign(message, covered)
        return message

    def _wire(self, address: Address) -> str:
        """Stray dots are quoted, except for a carrier that wants them as they are."""
        return address.canonical if address.domain in self._orders.unquoted_domains else address.wire


def signers(orders: Orders) -> list[Signer]:
    """5.9  Our own DKIM signatures, where they are configured: one with RSA, one with Ed25519, or both."""
    return [Signer(selector, orders.domain, key.read_bytes()) for selector, key in orders.dkim]
