"""How many copies of an alert were handed over by when: a few plain numbers beside each alert, about no person.

A chunk tells only when it was done. So the curve is sampled while an alert runs, ever more seldom as it takes longer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from storage.absent import insert_absent
from storage.clock import micros, moment
from storage.records import Alert, AlertState
from storage.tables import alert, chunk, pace

CLOSEST = timedelta(seconds=0.5)
SHARES = (50, 95, 100)  # percent, of which it is told how long they took
PART = 50  # of the time that it has taken by then: an alert of four hours has some 350 samples


def running(connection: Connection) -> bool:
    """Whether any alert is being relayed."""
    return connection.scalar(select(select(alert.c.id).where(_runs).exists())) or False


def sample(connection: Connection, now: datetime) -> None:
    """Notes how far each running alert is, where that has changed and the last note is old enough."""
    began = func.coalesce(alert.c.released_at, alert.c.accepted_at)
    copies = func.coalesce(func.sum(chunk.c.relayed), 0)
    query = select(alert.c.id, began.label("began"), copies.label("copies"))
    query = query.join(chunk, chunk.c.alert_id == alert.c.id).where(_runs).group_by(alert.c.id)
    for row in connection.execute(query).all():
        newest = select(pace.c.at, pace.c.relayed).where(pace.c.alert_id == row.id).order_by(pace.c.at.desc()).limit(1)
        at, relayed = connection.execute(newest).first() or (row.began, 0)
        closest = max(CLOSEST, (now - moment(row.began)) / PART)
        if row.copies != relayed and now - moment(at) >= closest:
            values = {"alert_id": row.id, "at": micros(now), "relayed": int(row.copies)}
            connection.execute(insert_absent(connection, pace, values))


def curve(connection: Connection, found: Alert, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """The notes in order, and as the last one how it ended or stands now; empty where nothing was handed over."""
    query = select(pace.c.at, pace.c.relayed).where(pace.c.alert_id == found.id).order_by(pace.c.at)
    noted = [(moment(row.at), row.relayed) for row in connection.execute(query)]
    if found.relayed and (not noted or noted[-1][1] != found.relayed):
        noted.append((found.finished_at or now, found.relayed))
    return tuple(noted)


def seconds_to(curve: Sequence[tuple[datetime, int]], found: Alert, share: int, of: int | None = None) -> float | None:
    """How long it took until so many percent were handed over: of `of`, or of all that were; None where none was."""
    copies = of if of is not None else curve[-1][1] if curve else 0
    at = next((at for at, handed in curve if handed * 100 >= copies * share), None)
    began_at = found.released_at or found.accepted_at
    return max(0.0, (at - began_at).total_seconds()) if at is not None else None


_runs = alert.c.state == AlertState.RELAYING.value
