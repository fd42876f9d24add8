"""What may be told of an alert's delivery (protocol 5.6, 11.1): totals exactly, parts of it never so exactly that one
reader could be seen. Districts in groups of five; domains that fewer than five readers have are told together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gateway.districts_counts import STEP, grouped
from handlers.town import Town
from storage import pace
from storage.canaries import Delay
from storage.deliveries import Delivery, Reach
from storage.records import Alert, AlertState, Flight


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One part of the readers. Each count is from how many to how many it may be."""

    code: str  # of a district, or a domain; "" for all other domains
    name: str
    matched: tuple[int, int]
    relayed: tuple[int, int]
    failed: tuple[int, int]
    complete: bool  # each of them got it, however few they are

    @property
    def done(self) -> float:
        """How much of it was handed over, from 0 to 1; of few, only whether it is all."""
        if self.complete:
            return 1.0
        return min(1.0, self.relayed[0] / self.matched[0]) if self.matched[0] else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """An alert's delivery as it may be told. Without `bars` and `curve` its year is destroyed, or it has not begun."""

    alert: Alert
    began_at: datetime
    until: datetime
    districts: tuple[Bar, ...] = ()
    domains: tuple[Bar, ...] = ()
    codes: tuple[tuple[int, int], ...] = ()  # reply code, and how many copies it refused for good
    curve: tuple[tuple[datetime, int], ...] = ()
    canaries: tuple[Flight, ...] = ()
    carriers: tuple[Delay, ...] = ()  # what is usual of late

    def seconds_to(self, share: int) -> float | None:
        """How long it took until so many percent were handed over; None where they are not, or none was.

        While an alert runs they are percents of all that match, as nobody knows the end.
        """
        runs = self.alert.state is AlertState.RELAYING
        return pace.seconds_to(self.curve, self.alert, share, of=self.alert.matched if runs else None)


def facts(alert: Alert, delivery: Delivery | None, town: Town, now: datetime) -> Facts:
    """What may be told now."""
    began_at = alert.released_at or alert.accepted_at
    until = alert.finished_at or now
    if delivery is None:
        return Facts(alert=alert, began_at=began_at, until=until)
    names = {district.code: district.name for district in town.districts}
    return Facts(
        alert=alert,
        began_at=began_at,
        until=until,
        districts=tuple(_district(code, names, reach) for code, reach in delivery.districts.items()),
        domains=tuple(_domains(delivery)),
        codes=tuple(sorted(delivery.codes.items())),
        curve=delivery.curve,
    )


def _district(code: str, names: dict[str, str], reach: Reach) -> Bar:
    return Bar(
        code=code,
        name=names.get(code, code),
        matched=grouped(reach.matched),
        relayed=grouped(reach.relayed),
        failed=failures(reach.failed),
        complete=reach.relayed == reach.matched,
    )


def _domains(delivery: Delivery) -> Iterator[Bar]:
    """The largest first; the domain of a single reader would name them."""
    others = [0, 0]
    for domain, (relayed, failed) in sorted(delivery.domains.items(), key=lambda item: -sum(item[1])):
        if domain and relayed + failed >= STEP:
            yield _domain(domain, relayed, failed)
        else:
            others = [others[0] + relayed, others[1] + failed]
    if sum(others):
        yield _domain("", *others)


def _domain(domain: str, relayed: int, failed: int) -> Bar:
    name = domain or "その他 / others"
    return Bar(
        code=domain,
        name=name,
        matched=grouped(relayed + failed),
        relayed=grouped(relayed),
        failed=failures(failed),
        complete=failed == 0,
    )


def failures(count: int) -> tuple[int, int]:
    """In fives; but none is none, which names nobody."""
    return grouped(count) if count else (0, 0)


def said(count: tuple[int, int]) -> str:
    """A count as it may be told: in fives, and under five as that."""
    least, most = count
    if count == (0, 0):
        return "0"
    return f"{least:,}-{most:,}" if least else f"{STEP}未満"
