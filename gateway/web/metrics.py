"""/metrics: figures for Prometheus (protocol 10.2). Totals only: nothing of a person, nothing of a district.

What was read stays good for some seconds, so that asking often costs the database nothing.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from gateway.administration.office import Office
from gateway.cli import version
from gateway.web.health import Health
from gateway.web.message import Response
from storage import audit, backlog, canaries
from storage.backlog import ChunksOpen, LettersWaiting
from storage.canaries import Delay
from storage.store import Transaction

FRESH = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that is told, read in one transaction."""

    at: datetime
    subscribers: dict[int, int]
    alerts: dict[str, int]
    copies: tuple[int, int, int]
    chunks: tuple[ChunksOpen, ...]
    letters: tuple[LettersWaiting, ...]
    audit: int
    carriers: tuple[Delay, ...]

    @classmethod
    def read(cls, transaction: Transaction) -> "Figures":
        connection = transaction.connection
        return cls(
            at=transaction.now,
            subscribers=backlog.subscribers(connection),
            alerts=backlog.alert_states(connection),
            copies=backlog.copies(connection),
            chunks=tuple(backlog.chunks(connection, transaction.now).values()),
            letters=tuple(backlog.letters(connection)),
            audit=audit.last_number(connection),
            carriers=tuple(canaries.delays(connection, transaction.now)),
        )


class Metrics:
    """Answers for /metrics."""

    def __init__(self, office: Office, health: Health) -> None:
        self._store = office.store
        self._health = health
        self._clock = office.clock
        self._figures: Figures | None = None

    async def answer(self) -> Response:
        healthy, now = await self._health.look(), self._clock()
        if self._figures is None or not timedelta() <= now - self._figures.at < FRESH:
            self._figures = await asyncio.to_thread(self._store.read, now, Figures.read)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Collected(tuple(families(self._figures, healthy))))
        ProcessCollector(registry=registry)
        return Response(status=200, body=generate_latest(registry), media=CONTENT_TYPE_LATEST)


@dataclass(frozen=True, slots=True, eq=False)  # a registry keeps collectors by identity
class Collected:
    """Figures in the form that prometheus_client asks for."""

    families: tuple[Metric, ...]

    def collect(self) -> tuple[Metric, ...]:
        return self.families


def families(figures: Figures, healthy: dict[str, bool]) -> Iterator[Metric]:
    """Every figure with its name, its labels and what it is."""
    yield _gauge("mimamori_info", "The version that runs", "version", {version(): 1})
    yield _gauge("mimamori_healthy", "1 where the part works", "part", {part: int(ok) for part, ok in healthy.items()})
    yield _gauge("mimamori_subscribers", "Active registrations of each fiscal year", "year", figures.subscribers)
    yield _gauge("mimamori_alerts", "Alerts by state", "state", figures.alerts)
    relayed, failed, waiting = figures.copies
    copies = CounterMetricFamily("mimamori_copies", "Copies by what became of them", labels=["result"])
    copies.add_metric(["relayed"], relayed)
    copies.add_metric(["failed"], failed)
    yield copies
    yield GaugeMetricFamily("mimamori_copies_deferred", "Copies that wait for another try", value=waiting)
    states = {name: sum(getattr(chunks, name) for chunks in figures.chunks) for name in ("open", "leased", "deferred")}
    yield _gauge("mimamori_chunks", "Chunks that are not done", "state", states)
    by_urgency = {letters.urgent: letters.waiting for letters in figures.letters}
    yield _gauge("mimamori_letters_waiting", "Letters that wait to be sent", "urgent", by_urgency)
    oldest = min((letters.oldest for letters in figures.letters), default=figures.at)
    age = max(0.0, (figures.at - oldest).total_seconds())
    yield GaugeMetricFamily("mimamori_letters_oldest_seconds", "Age of the oldest waiting letter", value=age)
    delays = GaugeMetricFamily("mimamori_canary_seconds", "Usual time to a carrier", labels=["carrier", "quantile"])
    for each in figures.carriers:
        for quantile, seconds in (("0.5", each.median), ("0.95", each.slow)):
            if seconds is not None:
                delays.add_metric([each.carrier, quantile], seconds)
    yield delays
    yield CounterMetricFamily("mimamori_audit_entries", "Entries of the audit log", value=figures.audit)


def _gauge(name: str, text: str, label: str, values: dict[str, int] | dict[int, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([str(value)], number)
    return family
