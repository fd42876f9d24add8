"""Letters that wait to be sent: sealed whole, claimed with a lease and a fence, erased when handed over."""

import base64
import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, case, delete, func, select, update

from storage.clock import micros, moment
from storage.keyring import Keyring, YearKey
from storage.parcels import Waiting, place
from storage.records import Letter
from storage.tables import letter

LIFE = timedelta(hours=48)
EVERY_WAY = (0, 1)  # the ordinary one and the second
QUIET_BEFORE, QUIET_AFTER = timedelta(minutes=1), timedelta(minutes=5)  # of the full hour
LEASE = timedelta(seconds=60)
_PUT = letter.insert().returning(letter.c.id)


def put(connection: Connection, key: YearKey, new: Letter, token: str | None, now: datetime) -> int:
    """Its number."""
    uuid = secrets.token_bytes(16)
    body = {
        "to": new.to.canonical,
        "subject": new.subject,
        "text": new.text,
        "local_part": f"{new.request.kind.local_part}+{token}" if new.request and token else new.local_part,
        "in_reply_to": new.in_reply_to,
        "attached": base64.b64encode(new.attached).decode() if new.attached is not None else None,
        "written_at": now.isoformat(),
    }
    values = {
        "uuid": uuid,
        "year": key.year,
        "body": key.seal(place(uuid), json.dumps(body).encode()),
        "urgent": int(new.urgent),
        "attempts": 0,
        "ready_at": micros(now),
        "gives_up_at": micros(now + LIFE),
        "lease_until": 0,
        "fence": 0,
        "probe_of": new.probe.subscription_id if new.probe else None,
        "unhurried": int(new.unhurried),
        "second_way": int(new.second_way),
    }
    return int(connection.scalars(_PUT, values).one())


def claim(
    connection: Connection, keyring: Keyring, now: datetime, most: int, ways: Collection[int] = EVERY_WAY
) -> list[Waiting]:
    """Up to `most` letters that are due, urgent ones first; nobody else gets them while the lease runs."""
    due = and_(letter.c.second_way.in_(ways))
    if quiet_until(now) is not None:
        due &= letter.c.unhurried == 0
    due &= (letter.c.ready_at <= micros(now)) & (letter.c.lease_until <= micros(now))
    due &= letter.c.year.in_(keyring.years())  # what a destroyed year left behind holds nobody up
    chosen = (
        select(letter.c.id).where(due).order_by(letter.c.urgent.desc(), letter.c.ready_at).limit(most)
    ).with_for_update(skip_locked=True)
    numbers = connection.scalars(chosen).all()
    mine = letter.c.id.in_(numbers)
    lease = {"lease_until": micros(now + LEASE), "fence": letter.c.fence + 1}
    connection.execute(update(letter).where(mine).values(lease))
    rows = connection.execute(select(letter).where(mine).order_by(letter.c.urgent.desc(), letter.c.ready_at))
    return [
        Waiting(
            id=row.id,
            uuid=row.uuid,
            year=row.year,
            body=row.body,
            attempts=row.attempts,
            fence=row.fence,
            probe_of=row.probe_of,
        )
        for row in rows
    ]


def sent(connection: Connection, numbers: Sequence[tuple[int, int]]) -> None:
    """Erases letters that were handed over or refused for good, each given by number and fence."""
    for number, fence in numbers:
        connection.execute(delete(letter).where(letter.c.id == number, letter.c.fence == fence))


def later(connection: Connection, waiting: Waiting, ready_at: datetime) -> bool:
    """Puts a letter back until `ready_at`; False where its time is over, and then it is erased."""
    mine = (letter.c.id == waiting.id) & (letter.c.fence == waiting.fence)
    gives_up_at = connection.scalar(select(letter.c.gives_up_at).where(mine))
    if gives_up_at is None:
        return True  # it is somebody else's by now
    if gives_up_at < micros(ready_at):
        connection.execute(delete(letter).where(mine))
        return False
    values = {"ready_at": micros(ready_at), "lease_until": 0, "attempts": waiting.attempts + 1}
    connection.execute(update(letter).where(mine).values(values))
    return True


def release_all(connection: Connection) -> None:
    """Ends every lease: for the start of the only process that has this database."""
    connection.execute(update(letter).where(letter.c.lease_until > 0).values(lease_until=0, fence=letter.c.fence + 1))


def next_due(
    connection: Connection, keyring: Keyring, now: datetime, ways: Collection[int] = EVERY_WAY
) -> datetime | None:
    """When the earliest waiting letter may be claimed."""
    free_at = case((letter.c.lease_until > letter.c.ready_at, letter.c.lease_until), else_=letter.c.ready_at)
    mine = letter.c.year.in_(keyring.years()) & letter.c.second_way.in_(ways)
    hurried = connection.scalar(select(func.min(free_at)).where(mine, letter.c.unhurried == 0))
    unhurried = connection.scalar(select(func.min(free_at)).where(mine, letter.c.unhurried == 1))
    times = [moment(hurried)] if hurried is not None else []
    if unhurried is not None:
        earliest = max(moment(unhurried), now)
        times.append(quiet_until(earliest) or earliest)
    return min(times, default=None)


def quiet_until(now: datetime) -> datetime | None:
    """6  At the full hour every mail system is busy: the end of that time, where it is now."""
    hour = (now + QUIET_BEFORE).replace(minute=0, second=0, microsecond=0)
    return hour + QUIET_AFTER if hour - QUIET_BEFORE <= now < hour + QUIET_AFTER else None


def waiting(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(letter)) or 0
