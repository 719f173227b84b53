"""A query of a real PostgreSQL: read only, and on from the last run."""

import io
import json
from typing import Any

import psycopg
import pytest
from musterroll.domain.values.errors import DomainError
from musterroll.sources import Request, SourceProblem, SourceSettings
from musterroll.sources.sql import SQL, check

from tests.support.postgres import PostgresServer

POLICY = SourceSettings(source_hosts=["127.0.0.1"])
pytestmark = pytest.mark.postgres


@pytest.fixture
def erp(postgres_server: PostgresServer) -> Any:
    url = postgres_server.create()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE asset (serial text, cost numeric(10, 2), changed_at timestamptz)")
        connection.execute(
            "INSERT INTO asset SELECT 'SN' || n, n * 1.5, '2026-01-01Z'::timestamptz + n * interval '1 day' FROM generate_series(1, 5000) n"
        )
    yield url
    postgres_server.drop(url)


def fetched(url: str, query: str, cursor: dict[str, Any] | None = None, **more: str) -> tuple[list[Any], Any]:
    settings, file = {"url": url, "query": query, **more}, io.BytesIO()
    check(settings, POLICY)
    delivery = SQL.fetch(Request(settings, cursor or {}, POLICY), file)
    return [json.loads(line) for line in file.getvalue().splitlines()], delivery


def test_rows_come_as_documents_write_them(erp: str) -> None:
    rows, delivery = fetched(erp, "SELECT serial, cost, changed_at FROM asset ORDER BY changed_at")
    assert rows[0] == {"serial": "SN1", "cost": "1.50", "changed_at": "2026-01-02T00:00:00+00:00"} or rows[0]["cost"] == "1.50"
    assert (len(rows), delivery.whole) == (5000, True)


def test_a_query_goes_on_from_the_last_run(erp: str) -> None:
    query = "SELECT serial, changed_at FROM asset WHERE changed_at >= :cursor ORDER BY changed_at"
    rows, first = fetched(erp, query, cursor_column="changed_at", cursor_start="2026-01-01")
    assert (len(rows), first.whole) == (5000, False)
    rows, second = fetched(erp, query, first.cursor, cursor_column="changed_at")
    assert [row["serial"] for row in rows] == ["SN5000"]
    assert second.cursor == first.cursor


@pytest.mark.parametrize("query", ["DELETE FROM asset RETURNING serial", "SELECT 1; DROP TABLE asset"])
def test_a_query_cannot_change_anything(erp: str, query: str) -> None:
    with pytest.raises(SourceProblem, match="the query failed"):
        fetched(erp, query)
    assert len(fetched(erp, "SELECT serial FROM asset")[0]) == 5000


@pytest.mark.parametrize(
    ("url", "why"), [("postgresql://u:p@127.0.0.1/x", "password"), ("postgresql://u@127.0.0.1/x?sslmode=disable", "options")]
)
def test_an_address_with_a_password_or_options_is_refused(url: str, why: str) -> None:
    with pytest.raises(DomainError, match=why):
        check({"url": url, "query": "SELECT 1"}, POLICY)
