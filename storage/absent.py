"""Rows that are inserted only where they are absent: each engine has its own words for it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Union

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

Insert = Union[sqlite.Insert, "postgresql.Insert"]


def insert_absent(connection: Connection, table: Table, values: Mapping[str, Any]) -> Insert:
    """The statement that inserts this row unless one with the same key is there."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # 2 MiB, which a town on SQLite does without

        return postgresql.insert(table).values(values).on_conflict_do_nothing()
    return sqlite.insert(table).values(values).on_conflict_do_nothing()
