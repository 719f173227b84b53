"""Empty, migrated PostgreSQL databases for tests, emptied and given out again: making one takes far longer than emptying it."""

import psycopg
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database

from tests.support.postgres import PostgresServer

_LARGEST = 64 << 20  # bytes of a database that is worth emptying
_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
_SHAPE = """
SELECT count(*), pg_database_size(current_database()) < %s, (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384)
FROM pg_class WHERE relpersistence <> 't' AND relkind IN ('r', 'i', 'S', 'v')
"""
_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_USED = "SELECT seqrelid::regclass::text FROM pg_sequence WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"


class EmptyDatabases:
    """Those of one server. What a test has changed beyond rows (tables, statistics of the planner) ends its database."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._template = server.create()
        database = Database(self._template)
        migrate.upgrade(database)
        database.close()
        with psycopg.connect(self._template, autocommit=True) as connection:
            self._tables = [name for (name,) in connection.execute(_TABLES)]
            self._shape = connection.execute(_SHAPE, [_LARGEST]).fetchone()
            self._filled = {table: _copied(connection, table) for table in self._with_rows(connection)}
        self._spare: list[str] = []

    def take(self) -> str:
        """The URL of one."""
        return self._spare.pop() if self._spare else self._server.create(template=self._template.rsplit("/", 1)[1])

    def give_back(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(_OTHERS)
            reusable = connection.execute(_SHAPE, [_LARGEST]).fetchone() == self._shape
            if reusable:
                self._empty(connection)
        if reusable:
            self._spare.append(url)
        else:
            self._server.drop(url)

    def _empty(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        tables = ", ".join(f'"{table}"' for table in {*self._with_rows(connection), *self._filled})
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")  # type: ignore[call-overload]
        for table, content in self._filled.items():
            with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" FROM STDIN') as copy:  # type: ignore[call-overload]
                copy.write(content)
        for (sequence,) in connection.execute(_USED).fetchall():
            connection.execute(f"ALTER SEQUENCE {sequence} RESTART")  # type: ignore[call-overload]

    def _with_rows(self, connection: "psycopg.Connection[tuple[object, ...]]") -> list[str]:
        checks = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in self._tables)
        return [str(table) for (table,) in connection.execute(" UNION ALL ".join(checks))]  # type: ignore[call-overload]


def _copied(connection: "psycopg.Connection[tuple[object, ...]]", table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f'COPY "{table}" TO STDOUT') as copy:  # type: ignore[call-overload]
        return b"".join(bytes(part) for part in copy)
