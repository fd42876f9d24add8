"""Letters to mailboxes of our own at the carriers, by which their delay is known: plain frozen values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """11.4  What a letter measures: a carrier, on the occasion of an alert or of a day."""

    carrier: str
    alert_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A canary's letter: when it was written, and when it came back."""

    carrier: str
    sent_at: datetime
    returned_at: datetime | None

    @property
    def seconds(self) -> float | None:
        return (self.returned_at - self.sent_at).total_seconds() if self.returned_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteReturn:
    """Something came back to the return path of a letter; where that was a canary's, its delay is known now."""

    letter: int
