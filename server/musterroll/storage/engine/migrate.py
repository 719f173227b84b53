"""Bringing a database to this version's tables, and saying where it stands."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlmodel import SQLModel

import musterroll.storage.tables  # noqa: F401  all tables must be known
from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database

_FIRST_ROW = "INSERT INTO registry_state (id, epoch, since, until) SELECT 1, 1, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM registry_state)"
_LOCK = 6_874_001  # a PostgreSQL advisory lock: one migration at a time


class WrongVersion(DomainError):
    code = "database_version"


def config(connection: Connection | None = None) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(files("musterroll.storage") / "migrations"))
    configuration.attributes["connection"] = connection
    return configuration


def upgrade(database: Database) -> tuple[str | None, str]:
    """Migrate to the newest revision under a lock. Returns the revisions before and after. Raises WrongVersion for a newer database."""
    with _beginning(database) as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = _revision(connection)
        _refuse_newer(before)
        command.upgrade(config(connection), "head")
        if before != _head():
            _check_foreign_keys(connection)
        connection.execute(text(_FIRST_ROW))
        return before, _head()


@contextmanager
def _beginning(database: Database) -> Iterator[Connection]:
    """A transaction. On SQLite foreign keys are not enforced in it: a table that others refer to is replaced by a changed copy."""
    with database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        _enforce_foreign_keys(database, driver, "OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            _enforce_foreign_keys(database, driver, "ON")


def _enforce_foreign_keys(database: Database, driver: Any, how: str) -> None:
    if database.dialect == "sqlite":
        driver.execute(f"PRAGMA foreign_keys={how}")


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.execute(text("PRAGMA foreign_key_check")).first() if connection.dialect.name == "sqlite" else None
    if broken is not None:
        raise WrongVersion(f"a row of {broken[0]} refers to a row of {broken[2]} that is not there; nothing was migrated")


def require_current(database: Database) -> None:
    """Raises WrongVersion, with the command that helps, where the database is not at this version's revision."""
    with database.engine.connect() as connection:
        revision = _revision(connection)
    if revision == _head():
        return
    _refuse_newer(revision)
    raise WrongVersion(f"the database is at revision {revision or 'none'}, this version needs {_head()}; run: musterroll db upgrade")


def differences(database: Database) -> list[Any]:
    """What the tables in code and in the database do not agree on; empty after an upgrade."""
    with database.engine.connect() as connection, warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*expression-based index")  # which SQLite does not describe
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, SQLModel.metadata))


@cache  # reading all migrations takes longer than a short command
def _head() -> str:
    head = ScriptDirectory.from_config(config()).get_current_head()
    assert head is not None
    return head


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise WrongVersion(f"the database is at revision {revision}, unknown to this version; install the newer Musterroll that made it")
