"""Which version the schema of a database has, asked without the library that changes it: that one is large."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

VERSIONS = Path(__file__).parent / "migrations" / "versions"


def is_current(connection: Connection) -> bool:
    """Whether nothing has to be migrated."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    newest = max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))
    return connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest]
