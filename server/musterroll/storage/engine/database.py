"""Opening a database: SQLite or PostgreSQL from one URL, with the settings under which a commit is a promise."""

import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session, create_engine

from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine import account_scope, bulk, columns
from musterroll.storage.engine.columns import Limits


def _sqlite_module() -> ModuleType:
    """The bundled SQLite where there is one: Debian's own has a race that can corrupt a WAL at reset (3.7.0 to 3.51.2)."""
    try:
        import pysqlite3
    except ImportError:
        return sqlite3
    module: ModuleType = pysqlite3
    return module


_CACHE = 65_536  # KiB of pages
_TIMEOUT, _PATIENCE = 15_000, 120_000  # ms that a writer of SQLite waits for the others; a step of long work is in less of a hurry
_WAL_PAGES = 1_000  # of SQLite's log, after which a commit copies it into the file
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={_TIMEOUT}",
    f"PRAGMA wal_autocheckpoint={_WAL_PAGES}",
    f"PRAGMA cache_size=-{_CACHE}",
    "PRAGMA journal_size_limit=67108864",
)
# Without just-in-time compilation: it takes longer than the statements it is chosen for, whose rows are overestimated.
_POSTGRES_OPTIONS = (
    "-c statement_timeout=60000 -c lock_timeout=15000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC -c jit=off"
)


class Database:
    """An engine and the ways to use it. Nothing connects before the first session."""

    def __init__(self, url: str, pool_size: int = 16, limits: Limits | None = None) -> None:
        """`limits`: of computations over many units."""
        self.url = url
        self.engine = _engine(url, pool_size).execution_options(**columns.options(limits or Limits()))
        self._reader = self.engine.execution_options(reading=True)
        # Without a transaction there is none to begin and to roll back: and at a ROLLBACK psycopg forgets every statement it prepared.
        alone = {"isolation_level": "AUTOCOMMIT"} if self.dialect == "postgresql" else {}
        self._asker = self._reader.execution_options(asking=True, **alone)

    @property
    def dialect(self) -> str:
        return self.engine.dialect.name

    @contextmanager
    def transaction(self, within: Collection[int] | None = None) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back where it raises. `within` as for `snapshot`."""
        if within is not None:
            with account_scope.open_limited(self._narrowed, within) as limited:
                yield limited
                limited.commit()
            return
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def steps(self) -> Iterator[Callable[[], AbstractContextManager[Session]]]:
        """Gives the transactions of long work, one after the other.

        On SQLite they have one connection, which keeps more pages, and leave to `settle` what a commit does besides.
        """
        if self.dialect != "sqlite":
            yield self.transaction
            return
        with self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA wal_autocheckpoint=0")
            driver.execute(f"PRAGMA cache_size=-{bulk.ROOM}")
            driver.execute(f"PRAGMA busy_timeout={_PATIENCE}")
            try:
                yield lambda: _step(connection)
            finally:
                driver.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")
                driver.execute(f"PRAGMA cache_size=-{_CACHE}")
                driver.execute(f"PRAGMA busy_timeout={_TIMEOUT}")

    def settle(self) -> None:
        """Copy what is committed from SQLite's log into its file. Others write meanwhile."""
        if self.dialect == "sqlite":
            with self.engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    @contextmanager
    def snapshot(self, within: Collection[int] | None = None) -> Iterator[Session]:
        """A snapshot to read from; never waits for a writer. `within` are the accounts (ids) it sees, with all below; None: everything."""
        if within is not None:
            with account_scope.open_limited(self._narrowed.execution_options(reading=True), within) as limited:
                yield limited
            return
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def frozen(self, within: Collection[int] | None = None, same_as: str = "") -> Iterator[Session]:
        """A session whose statements all see the same data, as long as it lasts; for computing what is written in another, or exported.

        `within` as for `snapshot`. `same_as`: the snapshot of another such session that still lasts (`exported`): it sees that data.
        """
        level = {"isolation_level": "REPEATABLE READ"} if self.dialect == "postgresql" else {}  # on SQLite every reader has it
        if within is not None:
            with account_scope.open_limited(self._narrowed.execution_options(reading=True, **level), within) as limited:
                yield limited
            return
        with Session(self._reader.execution_options(**level), expire_on_commit=False) as session:
            if same_as:
                session.connection().exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{same_as}'")
            yield session

    @contextmanager
    def read_only(self, within: Collection[int] | None = None) -> Iterator[Session]:
        """As `snapshot`, for what only asks: on PostgreSQL each statement stands alone, so nothing may be written, not even for a while."""
        if within is not None:
            with account_scope.open_limited(self._narrowed.execution_options(reading=True), within) as limited:
                yield limited
                account_scope.keep_reach(limited)
            return
        with Session(self._asker, expire_on_commit=False) as session:
            yield session

    @cached_property
    def _narrowed(self) -> Engine:
        return account_scope.narrow(self.engine)

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _step(connection: Connection) -> Iterator[Session]:
    with Session(connection, expire_on_commit=False) as session, session.begin():
        yield session


def exported(session: Session) -> str:
    """The name of a frozen session's data for others, in other processes too. PostgreSQL only."""
    return str(session.connection().exec_driver_sql("SELECT pg_export_snapshot()").scalar_one())


def innermost(session: Session) -> SessionTransaction | None:
    """The savepoint the session is in, else its transaction."""
    return session.get_nested_transaction() or session.get_transaction()


def outage(error: Exception) -> bool:
    """Whether a statement failed for the database's own reasons (away, locked, full, not migrated), not for what it was given."""
    return isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError)


def _engine(url: str, pool_size: int) -> Engine:
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:
        raise DomainError(
            f"MUSTERROLL_DATABASE_URL is not a database URL: {url.split('@')[-1]!r}; write sqlite:////path or postgresql://"
        ) from None
    if backend == "sqlite":
        return _sqlite_engine(url, pool_size)
    if backend == "postgresql":
        return _postgres_engine(url, pool_size)
    raise DomainError(f"MUSTERROLL_DATABASE_URL names {backend}; Musterroll keeps its roll in sqlite or postgresql")


def _postgres_engine(url: str, pool_size: int) -> Engine:
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        pool_pre_ping=True,
        pool_use_lifo=True,  # the connection that was used last knows the statements that are asked often
        connect_args={
            "connect_timeout": 10,
            "options": _POSTGRES_OPTIONS,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 60000,
        },
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        bulk.register(connection)

    return engine


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    engine = create_engine(url, module=_sqlite_module(), pool_size=pool_size, connect_args={"check_same_thread": False, "timeout": 15})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(pragma)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reading = connection.get_execution_options().get("reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
