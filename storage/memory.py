"""What the gateway remembers for a while, under keyed digests: replays, mails answered, letters a day, keys seen."""

from datetime import datetime, timedelta

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select, update

from storage.clock import micros
from storage.records import alert_name
from storage.tables import alert, handled, quota, replay, signing_key, terms

REMEMBERED = timedelta(hours=48)  # 5.8
DAY = timedelta(days=1)

# What every alert asks is made once: making a statement costs more than running it.
_KEY: BindParameter[bytes] = bindparam("of")
_NOW: BindParameter[int] = bindparam("now")
_SINCE: BindParameter[int] = bindparam("since")
_REPLAYED = select(replay.c.alert).where(replay.c.key == _KEY, replay.c.until > _NOW)
_OUTLIVED = delete(replay).where(replay.c.key == _KEY, replay.c.until <= _NOW)
_RESEMBLING = (
    select(alert.c.year, alert.c.number)
    .where(alert.c.text_key == _KEY, alert.c.accepted_at > _SINCE)
    .order_by(alert.c.id.desc())
    .limit(1)
)
_ALERTS_SINCE = select(func.count()).where(alert.c.author == bindparam("by"), alert.c.accepted_at > _SINCE)


def replayed(connection: Connection, key: bytes, now: datetime) -> str | None:
    """The name of the alert that this key belongs to."""
    return connection.scalar(_REPLAYED, {"of": key, "now": micros(now)})


def remember_replay(connection: Connection, key: bytes, name: str, now: datetime) -> None:
    connection.execute(_OUTLIVED, {"of": key, "now": micros(now)})
    connection.execute(replay.insert(), {"key": key, "alert": name, "until": micros(now + REMEMBERED)})


def resembling(connection: Connection, text_key: bytes, now: datetime) -> str | None:
    """The name of the latest alert of the same text within the time that replays are remembered."""
    row = connection.execute(_RESEMBLING, {"of": text_key, "since": micros(now - REMEMBERED)}).first()
    return alert_name(row.year, row.number) if row is not None else None


def alerts_since(connection: Connection, author: str, since: datetime) -> int:
    return connection.scalar(_ALERTS_SINCE, {"by": author, "since": micros(since)}) or 0


def was_handled(connection: Connection, key: bytes, now: datetime) -> bool:
    return (
        connection.scalar(select(handled.c.until).where(handled.c.key == key, handled.c.until > micros(now)))
        is not None
    )


def remember_handled(connection: Connection, key: bytes, now: datetime) -> None:
    connection.execute(delete(handled).where(handled.c.key == key))
    connection.execute(handled.insert().values(key=key, until=micros(now + REMEMBERED)))


def used(connection: Connection, key: bytes) -> int:
    return connection.scalar(select(quota.c.used).where(quota.c.key == key)) or 0


def use(connection: Connection, key: bytes, now: datetime) -> None:
    """Counts one letter; the count is kept for a day."""
    if connection.execute(update(quota).where(quota.c.key == key).values(used=quota.c.used + 1)).rowcount == 0:
        connection.execute(quota.insert().values(key=key, used=1, until=micros(now + DAY)))


def wording(connection: Connection, digest: str) -> str | None:
    """The terms of that digest, as they were shown."""
    return connection.scalar(select(terms.c.text).where(terms.c.digest == digest))


def keep_wording(connection: Connection, version: str, digest: str, text: str, now: datetime) -> None:
    if wording(connection, digest) is None:
        connection.execute(terms.insert().values(digest=digest, version=version, text=text, since=micros(now)))


def key_known(connection: Connection, domain: str, fingerprint: str) -> bool:
    here = (signing_key.c.domain == domain) & (signing_key.c.fingerprint == fingerprint)
    return connection.scalar(select(signing_key.c.seen_at).where(here)) is not None


def remember_key(connection: Connection, domain: str, fingerprint: str, now: datetime) -> None:
    if not key_known(connection, domain, fingerprint):
        connection.execute(signing_key.insert().values(domain=domain, fingerprint=fingerprint, seen_at=micros(now)))


def forget_old(connection: Connection, now: datetime) -> None:
    for table in (replay, handled, quota):
        connection.execute(delete(table).where(table.c.until < micros(now)))
