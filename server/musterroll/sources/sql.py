"""A query of a database, in a transaction that can only read. With `:cursor` in the query, only rows that changed since are asked for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from musterroll.domain.values.errors import DomainError
from musterroll.sources import time_limit
from musterroll.sources.policy import SourceSettings
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType, write_rows

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "mssql": "mssql+pymssql",
    "oracle": "oracle+oracledb",
}
_READ_ONLY = {
    "postgresql": "SET TRANSACTION READ ONLY",
    "mysql": "SET TRANSACTION READ ONLY",
    "mariadb": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}
_CURSOR = ":cursor"
_BATCH = 2_000
_CONNECT = 10  # seconds to connect


def check(settings: Mapping[str, str], policy: SourceSettings) -> None:
    url = _url(settings["url"])
    if url.password:
        raise DomainError("leave the password out of the database address; name it in the setting password", "bad_secret")
    if url.host not in policy.source_hosts:
        raise DomainError(f"add {url.host} to MUSTERROLL_SOURCE_HOSTS to query it", "bad_address")
    if url.query:
        raise DomainError("leave options out of the database address", "bad_address")
    asks = _CURSOR in settings["query"]
    if asks != bool(settings.get("cursor_column")):
        raise DomainError("a query that goes on from the last run has both :cursor and a cursor column", "bad_choice")


def fetch(request: Request, file: BinaryIO) -> Delivery | None:
    """Every row of the query; with a cursor column, those after its highest value."""
    check(request.settings, request.policy)
    column, highest = request.get("cursor_column"), request.cursor.get("highest")

    def noted(rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        nonlocal highest
        for row in rows:
            time_limit.check()
            if column:
                highest = _higher(highest, row, column)
            yield row

    try:
        with _opened(request) as connection:
            bound = {"cursor": highest if highest is not None else request.get("cursor_start") or None} if column else {}
            result = connection.execution_options(stream_results=True, yield_per=_BATCH).execute(text(request.settings["query"]), bound)
            rows = write_rows(noted(dict(row) for row in result.mappings()), file)
    except (SQLAlchemyError, ImportError) as error:
        raise SourceProblem(f"the query failed: {_reason(error)}") from None
    return Delivery("query", {"highest": highest} if column else {}, whole=not column, rows=rows)


@contextmanager
def _opened(request: Request) -> Iterator[Connection]:
    url = _url(request.settings["url"]).set(password=request.get("password") or None)
    limits = _limits(url.get_backend_name(), round(request.policy.source_minutes * 60) or 1)
    engine = create_engine(url.set(drivername=_DRIVERS[url.get_backend_name()]), connect_args=limits)
    try:
        with engine.connect() as connection:
            if statement := _READ_ONLY.get(url.get_backend_name()):
                connection.exec_driver_sql(statement)
            yield connection
            connection.rollback()
    finally:
        engine.dispose()


def _limits(backend: str, seconds: int) -> dict[str, Any]:
    """How long a database may take to connect and to answer, in the words of its driver."""
    own: dict[str, dict[str, Any]] = {
        "postgresql": {"connect_timeout": _CONNECT, "options": f"-c statement_timeout={seconds * 1000}"},
        "mssql": {"login_timeout": _CONNECT, "timeout": seconds},
        "oracle": {"tcp_connect_timeout": _CONNECT},
    }
    return own.get(backend, {"connect_timeout": _CONNECT, "read_timeout": seconds})


def _url(written: str) -> URL:
    try:
        url = make_url(written)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        backend = ""
    if backend not in _DRIVERS:
        raise DomainError(
            "the database address must be like postgresql://user@host/name (also mysql, mariadb, mssql, oracle)", "bad_address"
        )
    return url


def _higher(highest: Any, row: Mapping[str, Any], column: str) -> Any:
    if column not in row:
        raise SourceProblem(f"the query gives no column {column[:60]!r}")
    value = row[column]
    if value is None:
        return highest
    value = value if isinstance(value, int) else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return value if highest is None or value > highest else highest


def _reason(error: Exception) -> str:
    first = str(getattr(error, "orig", None) or error).strip().splitlines()
    return first[0][:200] if first else type(error).__name__


SQL = SourceType(
    "sql",
    "SQL query",
    "a query of a database, in a transaction that can only read",
    (
        Setting("url", "Database", "postgresql://reader@db.example.com/erp", required=True),
        Setting("password", "Password", secret=True),
        Setting("query", "Query", "SELECT serial, maker, model FROM assets WHERE changed_at >= :cursor", required=True),
        Setting("cursor_column", "Cursor column", "changed_at; empty: every row each time"),
        Setting("cursor_start", "First cursor", "1970-01-01"),
    ),
    fetch,
    check,
)
