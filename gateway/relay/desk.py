"""What the parts of the relay have in common: the store, the clock, the settings, and each alert rendered once."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from gateway.clock import Clock
from gateway.relay.compose import prepare
from gateway.relay.pipe import Draft
from gateway.relay.retry import retry_delay
from gateway.settings import Settings
from storage import alerts
from storage.store import Store, Transaction

Result = TypeVar("Result")
DRAFTS = 8


class Desk:
    """The relay's way to what is kept."""

    def __init__(self, store: Store, settings: Settings, clock: Clock) -> None:
        self._store = store
        self.settings = settings
        self.clock = clock
        self._drafts: dict[int, Draft] = {}

    @property
    def shared(self) -> bool:
        """Whether other nodes work on the same database."""
        return not self._store.database.exclusive

    async def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Returns when it is committed."""
        return await asyncio.wrap_future(self._store.write(self.clock(), work))

    async def read(self, work: Callable[[Transaction], Result]) -> Result:
        return await asyncio.to_thread(self._store.read, self.clock(), work)

    def delay(self, attempts: int) -> timedelta:
        """How long to wait before a copy or letter is tried again."""
        relay = self.settings.relay
        return retry_delay(attempts, relay.retry_first_seconds, relay.retry_most_seconds)

    def until(self, moment: datetime | None) -> float | None:
        """The seconds until then."""
        return None if moment is None else max(0.0, (moment - self.clock()).total_seconds())

    async def draft(self, alert_id: int) -> Draft:
        """The alert, rendered once."""
        known = self.known(alert_id)
        return known if known is not None else await self.read(lambda tx: self.render(tx, alert_id))

    def render(self, transaction: Transaction, alert_id: int) -> Draft:
        """The same for who has a transaction already, which saves another."""
        draft = self.known(alert_id)
        if draft is None:
            draft = self._render(transaction, alert_id)
            self._drafts = dict([*self._drafts.items(), (alert_id, draft)][-DRAFTS:])
        return draft

    def known(self, alert_id: int) -> Draft | None:
        """The alert, where it was rendered a while ago."""
        return self._drafts.get(alert_id)

    def _render(self, transaction: Transaction, alert_id: int) -> Draft:
        alert = alerts.published(transaction.connection, transaction.keyring, alert_id)
        gateway = self.settings.gateway
        prepared = prepare(
            domain=gateway.domain,
            organisation=alert.organisation,
            subject=alert.subject,
            text=alert.text,
            list_name=gateway.organisation,
            alert_name=alert.name,
            date=alert.accepted_at,
            web_base=self.settings.web.base_url or None,
        )
        return Draft(alert_id, alert.year, alert.uuid, prepared, alert.first)
