import pytest
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from sqlalchemy import text


def test_a_migrated_database_has_the_tables_the_code_has(database: Database) -> None:
    assert migrate.differences(database) == []


def test_migrating_twice_changes_nothing(database: Database) -> None:
    before, after = migrate.upgrade(database)
    assert before == after


def test_a_newer_database_is_refused_with_what_to_do(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
    with pytest.raises(migrate.WrongVersion, match="install the newer Musterroll"):
        migrate.upgrade(database)


def test_an_old_database_is_told_the_command() -> None:
    with pytest.raises(migrate.WrongVersion, match="musterroll db upgrade"):
        migrate.require_current(Database("sqlite://"))
