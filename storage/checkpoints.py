"""Checkpoints that were made, and how far each copy of the log has come. What a note says is the gateway's matter."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from storage import audit
from storage.clock import micros, moment
from storage.tables import audit_checkpoint, audit_mirror, audit_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A checkpoint in its row."""

    number: int
    size: int
    made_at: int  # microseconds
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a copy has come: the last entry or checkpoint in it, and when that was."""

    seq: int
    at: datetime | None


def save(connection: Connection, number: int, size: int, note: str, now: datetime) -> None:
    """Keeps a checkpoint; `number` follows the last one of `audit.end`, which must be locked."""
    connection.execute(audit_checkpoint.insert().values(number=number, size=size, made_at=micros(now), note=note))
    connection.execute(update(audit_tree).where(audit.ONLY).values(checkpoints=number))


def newest(connection: Connection) -> Kept | None:
    row = connection.execute(select(audit_checkpoint).order_by(audit_checkpoint.c.number.desc()).limit(1)).first()
    return None if row is None else _kept(row)


def after(connection: Connection, number: int) -> list[Kept]:
    """All that were made after this one, oldest first."""
    query = select(audit_checkpoint).where(audit_checkpoint.c.number > number).order_by(audit_checkpoint.c.number)
    return [_kept(row) for row in connection.execute(query)]


def everything(connection: Connection) -> list[Kept]:
    """All of them, oldest first, and also what somebody has put before the first."""
    return [_kept(row) for row in connection.execute(select(audit_checkpoint).order_by(audit_checkpoint.c.number))]


def counted(connection: Connection) -> int:
    """How many were made, as the end of the log says."""
    return connection.scalar(select(audit_tree.c.checkpoints).where(audit.ONLY)) or 0


def progress(connection: Connection, key: bytes) -> Progress:
    row = connection.execute(select(audit_mirror).where(audit_mirror.c.key == key)).first()
    return Progress(seq=0, at=None) if row is None else Progress(seq=row.seq, at=moment(row.at))


def advance(connection: Connection, key: bytes, seq: int, now: datetime) -> None:
    values = {"seq": seq, "at": micros(now)}
    if connection.execute(update(audit_mirror).where(audit_mirror.c.key == key).values(values)).rowcount == 0:
        connection.execute(audit_mirror.insert().values(key=key, **values))


def _kept(row: Row[Any]) -> Kept:
    """A damaged register may hold anything; it then differs from what was signed."""
    size, made_at = (value if type(value) is int else -1 for value in (row.size, row.made_at))
    return Kept(number=row.number, size=size, made_at=made_at, note=row.note if isinstance(row.note, str) else "")
