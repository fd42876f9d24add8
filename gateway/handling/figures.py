"""Gathers all that a report says: the log's counts, the rows as of now, keys, versions (protocol 8.7).

Everything is read in one snapshot, so that counts and rows are of the same moment.
"""

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from typing import Any

from sqlalchemy import Connection, select

from gateway.administration.office import Tell, current_staff
from gateway.audit import verifying
from gateway.audit.note import Verifier, audit_key
from gateway.audit.verifying import Verdict
from gateway.handling import counting, keys, small_groups
from gateway.handling.counting import Counted
from gateway.handling.keys import KeyFacts
from gateway.handling.period import Period
from gateway.handling.small_groups import Merged
from gateway.settings import Settings
from handlers.town import StaffMember
from storage import audit, checkpoints, outbox, staff, subscriptions
from storage.checkpoints import Kept
from storage.clock import micros, moment
from storage.store import Store, Transaction
from storage.tables import audit as log
from storage.tables import terms

LIBRARIES = ("aiosmtpd", "alembic", "cryptography", "dkimpy", "dnspython", "email-validator", "psycopg", "SQLAlchemy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A version of the terms that residents were asked to agree to."""

    version: str
    digest: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A whole report, before it is put into words."""

    settings: Settings
    period: Period
    made_at: datetime
    counted: Counted
    standing: Mapping[str, Any]  # active, pending, suspended, years
    people: Mapping[int, int]  # rows of each year, suspended ones included
    staff: tuple[StaffMember, ...]
    districts: Merged
    wordings: tuple[Wording, ...]
    letters_waiting: int
    keys: tuple[KeyFacts, ...]
    verified: Verdict
    checkpoint: Kept | None
    audit_key: str | None  # the public one, by which checkpoints are verified
    last_chain: str
    versions: Mapping[str, str]

    @property
    def months(self) -> tuple[str, ...]:
        """Those of the period that have begun."""
        now = f"{self.period.calendar.today(self.made_at):%Y-%m}"
        return tuple(month for month in self.period.months() if month <= now)

    @property
    def agrees(self) -> bool:
        """Whether those whom the log has seen come and not go are as many as there are rows."""
        logged = {year: count for year, count in self.counted.people.standing().items() if count}
        return logged == {year: count for year, count in self.people.items() if count}


def gather(store: Store, settings: Settings, period: Period, now: datetime, tell: Tell) -> Figures:
    """All of it. Raises KeyTrouble where the open years' keys are not at hand."""
    return store.read(now, lambda transaction: _gathered(transaction, settings, period, tell))


def _gathered(transaction: Transaction, settings: Settings, period: Period, tell: Tell) -> Figures:
    connection, codes = transaction.connection, [district.code for district in settings.town.districts]
    found, own = counting.counted(connection, period, tell), own_keys(settings)
    return Figures(
        settings=settings,
        period=period,
        made_at=transaction.now,
        counted=found,
        standing=subscriptions.counts(connection, micros(transaction.now)),
        people=subscriptions.rows_by_year(connection),
        staff=current_staff(settings.town.staff, staff.enrolments(connection, transaction.keyring)),
        districts=small_groups.merge(subscriptions.district_counts(connection, transaction.keyring, codes)),
        wordings=tuple(_wordings(connection)),
        letters_waiting=outbox.waiting(connection),
        keys=tuple(keys.known_keys(settings.keys.directory, found.acts)),
        verified=verifying.register(transaction, own, (), tell),
        audit_key=str(own[0]) if own else None,
        checkpoint=checkpoints.newest(connection),
        last_chain=_last_chain(connection),
        versions=versions(),
    )


def _wordings(connection: Connection) -> list[Wording]:
    rows = connection.execute(select(terms.c.version, terms.c.digest, terms.c.since).order_by(terms.c.since))
    return [Wording(version=row.version, digest=row.digest, since=moment(row.since)) for row in rows]


def _last_chain(connection: Connection) -> str:
    query = select(log.c.chain).order_by(log.c.seq.desc()).limit(1)
    return (connection.scalar(query) or audit.START).hex()


def own_keys(settings: Settings) -> list[Verifier] | None:
    """The key whose signatures on checkpoints are verified; None where none is configured."""
    key = audit_key(settings)
    return [key.verifier] if key is not None else None


def versions() -> dict[str, str]:
    """The program, Python, and the libraries that it stands on, as they are installed here."""
    found = {"mimamori": _version("mimamori"), "Python": platform.python_version()}
    return found | {name: version for name in LIBRARIES if (version := _version(name)) != "-"}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "-"


def by_organisation(staff: Sequence[StaffMember]) -> list[tuple[str, int, int, int]]:
    """Each organisation: its staff, and of them those who may release and who may second."""
    order = Counter(member.organisation for member in staff)
    return [
        (
            name,
            count,
            sum(member.may_release for member in staff if member.organisation == name),
            sum(member.may_second for member in staff if member.organisation == name),
        )
        for name, count in order.items()
    ]
