"""Alerts, counted from the audit log: by category and month, and what became of each (protocol 8.7)."""

from collections import Counter
from dataclasses import dataclass, field

from gateway.handling.period import Period
from storage.audit import Entry

COPIES = ("matched", "relayed", "failed", "waiting")
ENDS = {"alert:relayed": "relayed", "alert:expired": "expired", "alert:stopped": "stopped"}


@dataclass(slots=True)
class Posting:
    """One alert as the log tells of it."""

    month: str | None  # None: not of the period
    category: str = ""
    relation: str = ""  # to the alert that it follows
    accepted: bool = False
    held: bool = False
    released: bool = False
    withdrawn: bool = False
    end: str = ""
    copies: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Postings:
    """Not frozen: it counts while the log is read."""

    period: Period
    _alerts: dict[str, Posting] = field(default_factory=dict)

    def take(self, entry: Entry, value: dict[str, object]) -> None:
        """Notes what the entry says of an alert; an alert is of the month of its first entry."""
        number, detail = value["subject"], value["detail"]
        assert isinstance(detail, dict)
        if not entry.event.startswith("alert:") or not isinstance(number, str):
            return
        if number not in self._alerts:
            if entry.event not in ("alert:accepted", "alert:held"):
                return  # it is about a member of staff: no alert came of it
            self._alerts[number] = Posting(month=self.period.month(entry.at))
        posting = self._alerts[number]
        posting.category = str(detail.get("category", posting.category))
        posting.relation = str(detail.get("relation") or posting.relation)
        posting.accepted |= entry.event in ("alert:accepted", "alert:released")
        posting.held |= entry.event == "alert:held"
        posting.released |= entry.event == "alert:released"
        posting.withdrawn |= entry.event == "alert:withdrawn"
        if entry.event in ENDS:
            posting.end = ENDS[entry.event]
            posting.copies = {name: int(detail.get(name, 0)) for name in COPIES}

    @property
    def of_period(self) -> list[Posting]:
        return [posting for posting in self._alerts.values() if posting.month is not None]

    def by_month(self) -> Counter[str]:
        """Alerts that were accepted, by the month in which they came."""
        return Counter(one.month for one in self.of_period if one.month and one.accepted)

    def by_category(self) -> dict[str, Counter[str]]:
        """For each category: alerts, follow-ups among them, copies, and how they ended."""
        found: dict[str, Counter[str]] = {}
        for one in self.of_period:
            if not one.accepted:
                continue
            row = found.setdefault(one.category, Counter())
            row.update({"alerts": 1, "follow_ups": int(bool(one.relation)), f"end_{one.end or 'running'}": 1})
            row.update(one.copies)
        return found

    def by_relation(self) -> Counter[str]:
        """Follow-ups, by what they are."""
        return Counter(one.relation for one in self.of_period if one.relation and one.accepted)

    def handling(self) -> dict[str, int]:
        """What became of the alerts that had to wait for somebody's word."""
        held = [one for one in self.of_period if one.held]
        return {
            "held": len(held),
            "released": sum(one.released for one in held),
            "withdrawn": sum(one.withdrawn for one in held),
            "not_released": sum(bool(one.end) and not one.released and not one.withdrawn for one in held),
        }
