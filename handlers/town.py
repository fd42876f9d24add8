"""What the configuration says about the town: frozen values, complete before the first mail comes in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from storage.records import Address

Language = Literal["ja", "en"]
Release = Literal["direct", "author", "second"]


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    code: str
    name: str
    kana: str = ""
    aliases: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()  # whose areas it is made of


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    code: str
    name: str
    aliases: tuple[str, ...] = ()
    victim_consent: bool = False
    release: Release = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """Somebody who may post. `districts` and `categories` are codes, or ("*",) for all."""

    id: str
    address: Address
    organisation: str
    districts: tuple[str, ...] = ("*",)
    categories: tuple[str, ...] = ("*",)
    may_release: bool = True  # their own held alerts; otherwise somebody who may second has to
    may_second: bool = False
    keys: tuple[str, ...] = field(default=(), repr=False)  # 5.1b  SELECTOR:BASE64
    submission: str = field(default="", repr=False)  # 7.2  hash of a password; empty: none

    def covers(self, districts: Collection[str], category: str | None = None) -> bool:
        """Whether these are within what this member of staff may post for."""
        everywhere = "*" in self.districts or set(districts) <= set(self.districts)
        return everywhere and (category is None or bool({"*", category} & set(self.categories)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The wording that residents agree to."""

    text: str
    version: str
    digest: str  # SHA-256 of the file, hexadecimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Fiscal years. A year is named by the calendar year in which it begins: 2026 runs to March 2027."""

    timezone: ZoneInfo
    year_ends: tuple[int, int] = (3, 31)  # month, day
    next_year_opens: tuple[int, int] = (3, 1)

    def today(self, now: datetime) -> date:
        return now.astimezone(self.timezone).date()

    def last_day(self, year: int) -> date:
        """The last day of the fiscal year that begins in `year`."""
        end = date(year, *self.year_ends)
        return end if (end + timedelta(days=1)).year > year else date(year + 1, *self.year_ends)

    def over(self, year: int) -> datetime:
        """The moment at which a fiscal year's last day ends."""
        return datetime.combine(self.last_day(year) + timedelta(days=1), time(), self.timezone)

    def year(self, now: datetime) -> int:
        today = self.today(now)
        return today.year if today > self.last_day(today.year - 1) else today.year - 1

    def open_years(self, now: datetime) -> tuple[int, ...]:
        """3.9  The years that a registration writes: this one, and from `next_year_opens` on the next."""
        this, today = self.year(now), self.today(now)
        last = self.last_day(this)
        opens = date(last.year, *self.next_year_opens)
        if opens > last:
            opens = date(last.year - 1, *self.next_year_opens)
        return (this, this + 1) if opens <= today <= last else (this,)


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncePolicy:
    """6.6–6.8  From how many days of failures on a mailbox is asked after, and what an outage looks like."""

    permanent_days: int = 3
    temporary_days: int = 10
    full_days: int = 30
    stale_days: int = 60
    freeze_percent: int = 20
    freeze_least: int = 20


# 3.6  Letters to unproven authors, an hour.
DEFAULT_LIMITS: Mapping[str, int] = MappingProxyType(
    {"letters_per_network_an_hour": 20, "letters_per_domain_an_hour": 500, "letters_an_hour": 5_000}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryMailbox:
    """11.4  A mailbox of our own at a carrier, which sends back what it gets."""

    carrier: str
    address: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """Everything a handler knows besides the mail, the verdict and the reader."""

    domain: str
    organisation: str
    contact: str
    admin: Address | None
    language: Language
    calendar: Calendar
    terms: Terms
    districts: tuple[District, ...]
    categories: tuple[Category, ...]
    staff: tuple[StaffMember, ...]
    confirm: Literal["always", "unproven"] = "always"  # 3.8  whose registration a reply confirms
    pending_hours: int = 48
    renewal_letter: tuple[int, int] | None = None  # month, day
    expires_minutes: int = 240
    reminder_minutes: int = 15
    haste_checks: frozenset[str] = frozenset()
    drill_addresses: tuple[Address, ...] = ()
    release_above: int = 1000
    letters_per_day: int = 4
    pending_per_address: int = 4
    alerts_per_hour: int = 30
    passed_on_per_day: int = 50
    bounces: BouncePolicy = BouncePolicy()
    probes_per_day: int = 4  # 5.11  of one address
    canaries: tuple[CanaryMailbox, ...] = ()
    canary_slow_minutes: int = 10
    limits: Mapping[str, int] = field(default_factory=lambda: DEFAULT_LIMITS)

    def category(self, code: str) -> Category | None:
        return next((category for category in self.categories if category.code == code), None)

    def member(self, identity: str) -> StaffMember | None:
        return next((member for member in self.staff if member.id == identity), None)

    def staff_member(self, address: Address) -> StaffMember | None:
        return next((member for member in self.staff if member.address == address), None)
