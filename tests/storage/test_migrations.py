"""The schema's history: what the steps make is what the tables say, on both engines and from every released version."""

import re

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from storage import schema
from storage.engine import Database, SqliteDatabase, open_database
from storage.keyring import Keyring
from storage.migrations import HERE, migrate
from storage.store import Store
from storage.tables import audit_tree, metadata
from tests.conftest import CALENDAR


@pytest.fixture
def bare(empty_url: str) -> Database:
    """A database without any table; the test closes it."""
    return open_database(empty_url)


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), metadata))


def facts(connection: Connection) -> dict[str, object]:
    """What alembic does not compare: keys, uniqueness, indexes and references, by table."""
    known = inspect(connection)
    found: dict[str, object] = {}
    for table in metadata.tables:
        found[table] = {
            "key": known.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(tuple(each["column_names"]) for each in known.get_unique_constraints(table)),
            "indexes": sorted((str(each["name"]), tuple(each["column_names"])) for each in known.get_indexes(table)),
            "references": sorted(
                (tuple(each["constrained_columns"]), each["referred_table"], str(each["options"].get("ondelete")))
                for each in known.get_foreign_keys(table)
            ),
            # A step adds its columns behind the others.
            "columns": sorted((each["name"], str(each["type"]), each["nullable"]) for each in known.get_columns(table)),
        }
    return found


def test_a_fresh_database_is_what_the_tables_say(bare: Database) -> None:
    bare.write(migrate).result()
    assert bare.read(differences) == []
    bare.close()


def test_the_steps_make_the_same_keys_indexes_and_references(empty_url: str, bare: Database) -> None:
    bare.write(migrate).result()
    migrated = bare.read(facts)

    def anew(connection: Connection) -> dict[str, object]:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        return facts(connection)

    assert migrated == bare.write(anew).result()
    bare.close()


def test_numbers_are_never_used_again_in_sqlite(bare: Database) -> None:
    bare.write(migrate).result()
    expected = {table.name for table in metadata.tables.values() if table.dialect_options["sqlite"]["autoincrement"]}
    if isinstance(bare, SqliteDatabase):
        assert bare.read(numbering_tables) == expected
    bare.close()


def numbering_tables(connection: Connection) -> set[str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'"))
    return {row.name for row in rows if re.search("AUTOINCREMENT", row.sql or "")}


def test_migrating_again_changes_nothing(bare: Database) -> None:
    bare.write(migrate).result()
    before = bare.read(facts)
    bare.write(migrate).result()
    assert bare.read(facts) == before
    assert bare.read(lambda c: c.execute(select(audit_tree)).all()) == [(1, 0, b"", bytes(32), 0)]
    bare.close()


def test_a_step_that_fails_leaves_nothing_behind(bare: Database) -> None:
    def half(connection: Connection) -> None:
        migrate(connection)
        raise RuntimeError("after all")

    with pytest.raises(RuntimeError, match="after all"):
        bare.write(half).result()
    assert bare.read(lambda c: inspect(c).get_table_names()) == []
    bare.write(migrate).result()
    assert bare.read(differences) == []
    bare.close()


def test_every_released_schema_comes_up_to_this_version(empty_url: str, bare: Database) -> None:
    """Steps are only ever added: each one that was released is where some database stands."""
    config = Config()
    config.set_main_option("script_location", str(HERE))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    assert steps[-1] == "0001"
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
    for step in reversed(steps):
        bare.write(metadata.drop_all).result()
        bare.write(lambda c: c.execute(text("DROP TABLE IF EXISTS alembic_version"))).result()
        bare.write(lambda c, step=step: migrate_to(c, step)).result()
        bare.write(migrate).result()
        assert bare.read(differences) == []
    bare.close()


def migrate_to(connection: Connection, step: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, step)


def test_preparing_a_store_makes_it_ready(empty_url: str, keyring: Keyring) -> None:
    store = Store(open_database(empty_url), keyring, CALENDAR.year)
    store.prepare()
    assert store.database.read(differences) == []
    store.close()


def test_a_schema_that_is_up_to_date_is_known_as_such(database: Store) -> None:
    def current() -> bool:
        return database.database.write(schema.is_current).result()

    assert current()
    older = text("UPDATE alembic_version SET version_num = '0001'")
    database.database.write(lambda connection: connection.execute(older)).result()
    assert not current()


def test_a_database_without_tables_is_not_up_to_date(bare: Database) -> None:
    assert not bare.write(schema.is_current).result()
    bare.close()
