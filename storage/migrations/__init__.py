"""The schema's history. `migrate` brings a database of any released version up to this one."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

HERE = Path(__file__).parent


def migrate(connection: Connection) -> None:
    """Applies what is missing, within the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
