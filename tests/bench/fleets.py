"""Fleets of any size straight into an empty, migrated database, by one statement a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

MAKERS = 20

_MADE_AT = "'2025-01-01 00:00:00'"
_OF_MAKER = {"maker_key": "'maker' || (n % 20 + 1)", "family_key": "'model' || (n % 20 + 1)", "product_id": "n % 20 + 1"}
_KEY = "'BM' || (10000000 + n)"  # as identity.serial_key and twin_key make of the serial
_PRODUCT = {
    **{"id": "n", "maker": "'Maker ' || n", "model": "'Model ' || n", "family": "'Model ' || n", "created_at": _MADE_AT},
    **{"maker_key": "'maker' || n", "model_key": "'model' || n", "family_key": "'model' || n", "reporting": "'always_on'"},
}
_UNIT = {
    **{"id": "n", "uid": "'u' || n", "serial": "'BM-' || (10000000 + n)", "serial_key": _KEY, "twin_key": _KEY, **_OF_MAKER},
    **{"lifecycle": "'deployed'", "firmware": "'1.0'", "agent": "'bench'", "evidence": "'{}'", "created_at": _MADE_AT},
}
# Those of no constraint: their names, and the statements that make them.
_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND NOT EXISTS"
    " (SELECT FROM pg_constraint WHERE conname = indexname)",
}
_VOICE = {"unit_id": "n", "heard_at": ":now", "first_heard_at": ":now", "epoch": "1", "birth_epoch": "1", "beat": "1"}


def uid(number: int) -> str:
    return f"u{number}"


def serial(number: int) -> str:
    return f"BM-{10_000_000 + number}"


def fill(database: Database, units: int, now: int) -> None:
    """`units` deployed units numbered from 1, all heard at `now` (ms), by a registry that has listened all the time."""
    with filling(database) as connection:
        insert(connection, Product, _PRODUCT, MAKERS)
        insert(connection, Unit, _UNIT, units)
        insert(connection, UnitStatus, _VOICE, units, now=now)
        connection.execute(text("UPDATE registry_state SET since = 0, until = :now"), {"now": now})
    analyze(database)


@contextmanager
def filling(database: Database) -> Iterator[Connection]:
    """A transaction whose rows are indexed at its end, which takes less time, and whose references are not checked on PostgreSQL."""
    with database.transaction() as session:
        connection = session.connection()
        if database.dialect == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        indexes = connection.execute(text(_INDEXES[database.dialect])).all()
        for name, _ in indexes:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        yield connection
        for _, statement in indexes:
            connection.exec_driver_sql(statement)


def insert(connection: Connection, table: type[SQLModel], values: dict[str, str], rows: int, **given: Any) -> None:
    """`values` are SQL expressions of n; columns that must not be null and are not among them get their defaults."""
    columns = SQLModel.metadata.tables[str(table.__tablename__)].columns
    rest = {column.name: table.model_fields[column.name].default for column in columns if not column.nullable and column.name not in values}
    expressions = {**values, **{name: f":{name}" for name in rest}}
    connection.execute(
        text(
            f"INSERT INTO {table.__tablename__} ({', '.join(expressions)})"
            " WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < :rows)"
            f" SELECT {', '.join(expressions.values())} FROM series"
        ),
        {"rows": rows, **rest, **given},
    )


def analyze(database: Database) -> None:
    """Let PostgreSQL know the rows, as its autovacuum would soon. On SQLite nobody would: registries run without statistics."""
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
