"""What the mail systems of staff sign, a row a domain and selector (protocol 5.11). Nothing of a person is here."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from storage.clock import micros, moment
from storage.records import CoverageProfile, SeenProfile
from storage.tables import coverage

MOST_SELECTORS = 8  # of a domain; the oldest goes first, since keys are rotated


def save(connection: Connection, profile: CoverageProfile, now: datetime) -> None:
    """Writes the profile anew."""
    here = (coverage.c.domain == profile.domain) & (coverage.c.selector == profile.selector)
    connection.execute(delete(coverage).where(here))
    connection.execute(
        coverage.insert().values(
            domain=profile.domain,
            selector=profile.selector,
            fingerprint=profile.fingerprint,
            algorithm=profile.algorithm,
            bits=profile.bits,
            covered=" ".join(sorted(profile.covered)),
            timed=int(profile.timed),
            expires=int(profile.expires),
            seen_at=micros(now),
        )
    )
    _forget_oldest(connection, profile.domain)


def profiles(connection: Connection) -> tuple[SeenProfile, ...]:
    """All that is known, by domain, the last seen first."""
    query = select(coverage).order_by(coverage.c.domain, coverage.c.seen_at.desc(), coverage.c.selector)
    return tuple(
        SeenProfile(
            profile=CoverageProfile(
                domain=row.domain,
                selector=row.selector,
                fingerprint=row.fingerprint,
                algorithm=row.algorithm,
                bits=row.bits,
                covered=frozenset(row.covered.split()),
                timed=bool(row.timed),
                expires=bool(row.expires),
            ),
            seen_at=moment(row.seen_at),
        )
        for row in connection.execute(query)
    )


def _forget_oldest(connection: Connection, domain: str) -> None:
    query = select(coverage.c.selector).where(coverage.c.domain == domain).order_by(coverage.c.seen_at.desc())
    old = connection.scalars(query.offset(MOST_SELECTORS)).all()
    if old:
        connection.execute(delete(coverage).where(coverage.c.domain == domain, coverage.c.selector.in_(old)))
