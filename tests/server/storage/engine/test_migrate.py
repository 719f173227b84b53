from pathlib import Path

import pytest
from alembic import command
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

_INTO = (
    "INSERT INTO unit (id, replaced_by_id, uid, serial, serial_key, twin_key, maker_key, family_key, product_id, lifecycle, firmware,"
    " agent, evidence, created_at)"
)
_UNITS = (
    "INSERT INTO product (id, maker, model, family, maker_key, model_key, family_key, reporting, currency, created_at)"
    " VALUES (1, 'A', 'B', 'B', 'a', 'b', 'b', 'always_on', '', '2026-01-01')",
    f"{_INTO} VALUES (3, NULL, 'u3', 'SN3', 'SN3', 'SN3', 'a', 'b', 1, 'stock', '', '', '{{}}', '2026-01-01')",
    f"{_INTO} VALUES (2, NULL, 'u2', 'SN2', 'SN2', 'SN2', 'a', 'b', 1, 'stock', '', '', '{{}}', '2026-01-01')",
    f"{_INTO} VALUES (1, 2, 'u1', 'SN1', 'SN1', 'SN1', 'a', 'b', 1, 'stock', '', '', '{{}}', '2026-01-01')",
    "DELETE FROM unit WHERE id = 3",
)


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


def test_units_keep_their_rows_and_what_refers_to_them_when_their_table_is_rebuilt(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'roll.db'}")
    with database.engine.begin() as connection:
        command.upgrade(migrate.config(connection), "0019")
        for statement in _UNITS:
            connection.execute(text(statement))
    migrate.upgrade(database)
    with database.engine.begin() as connection:
        units = connection.execute(text("SELECT id, serial, replaced_by_id FROM unit ORDER BY id"))
        assert units.all() == [
            (1, "SN1", 2),
            (2, "SN2", None),
        ]
        assert connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'unit'")).scalar() == 3
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            connection.execute(text("DELETE FROM unit WHERE id = 2"))
    assert migrate.differences(database) == []
    database.close()
