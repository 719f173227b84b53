"""A whole database as SQL, schema and rows, and back again. Restoring needs nothing but the driver."""

import gzip
import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from tests.support.instances import program
from tests.support.postgres import PLACES

# Settings of the session that dumped, comments, and psql's own commands: not understood by every version, nor needed.
_NOISE = re.compile(r"^(SET |--|\\(un)?restrict ).*\n|^\n", re.MULTILINE)


def dump(url: str) -> str:
    """The database at a URL as SQL statements."""
    return _dump_sqlite(_path(url)) if url.startswith("sqlite") else _dump_postgres(url)


def restore(sql: str, url: str) -> None:
    """Put a dump into the empty database at a URL."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(_path(url))) as connection:
            connection.executescript(sql)
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]


def write(path: Path, sql: str) -> None:
    """Compress a dump; the same dump gives the same bytes."""
    path.write_bytes(gzip.compress(sql.encode(), 9, mtime=0))


def read(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode()


def _dump_sqlite(path: str) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def _dump_postgres(url: str) -> str:
    options = ["--no-owner", "--no-privileges", "--rows-per-insert=500", "--dbname", url]
    dumped = subprocess.run([program("pg_dump", *PLACES), *options], check=True, capture_output=True, text=True)
    return _NOISE.sub("", dumped.stdout)


def _path(url: str) -> str:
    return make_url(url).database or ""
