"""The letters to mailboxes of our own at the carriers, which come back and tell how long mail takes (protocol 11.4)."""

from collections.abc import Iterator

from handlers.town import Town
from handlers.wording import write
from storage.records import Canary, Letter


def letters(town: Town, alert_id: int | None) -> Iterator[Letter]:
    """One to each mailbox, on the occasion of an alert or of a day. Nothing of an alert stands in them."""
    text = write(town.language, "canary", town)
    for mailbox in town.canaries:
        measured = Canary(carrier=mailbox.carrier, alert_id=alert_id)
        yield Letter(to=mailbox.address, subject=text.subject, text=text.body, urgent=True, canary=measured)
