"""Until when an alert is relayed: minutes from its release, or a local time (protocol 2, 5.5, 5.8)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from handlers.folding import fold
from handlers.town import Town

LONGEST_LIFE = timedelta(hours=48)  # as long as replays are remembered (5.8)
CLOCK = re.compile(r"(?:(\d{4})[-/](\d{1,2})[-/](\d{1,2})\s+)?(\d{1,2})[:時](\d{2})分?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """Either of the two; minutes count from the release."""

    minutes: int | None = None
    at: datetime | None = None

    def ends(self, released_at: datetime) -> datetime:
        return self.at if self.at is not None else released_at + timedelta(minutes=self.minutes or 0)


def read(value: str | None, town: Town, now: datetime) -> Expiry | None:
    """What `Expires` says; None where it cannot be read, is past, or is more than 48 hours ahead."""
    if value is None:
        return Expiry(minutes=town.expires_minutes)
    folded = fold(value).removesuffix("minutes").removesuffix("分").strip()
    if folded.isdecimal() and len(folded) <= 5:
        found = Expiry(minutes=int(folded))
    else:
        clock = CLOCK.match(fold(value))
        found = Expiry(at=_local_time(clock, town, now) if clock is not None else None)
    if found.minutes is None and found.at is None:
        return None
    return found if now < found.ends(now) <= now + LONGEST_LIFE else None


def _local_time(clock: re.Match[str], town: Town, now: datetime) -> datetime | None:
    """The next moment of that name."""
    year, month, day, hour, minute = clock.groups()
    local = now.astimezone(town.calendar.timezone)
    try:
        time = local.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        if year is not None:
            return time.replace(year=int(year), month=int(month), day=int(day))
    except ValueError:
        return None
    return time if time > local else time + timedelta(days=1)
