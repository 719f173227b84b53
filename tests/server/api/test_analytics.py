"""The facts over REST: one archive, with what the caller may see."""

import io
from pathlib import Path
from zipfile import ZipFile

import duckdb
from musterroll.domain.access import Role
from musterroll.storage.tables.accounts import Account
from musterroll.usecases.access.sessions import Actor
from sqlmodel import col, select

from tests.server.api.conftest import RestClient
from tests.server.api.records import import_all


def facts(rest: RestClient, folder: Path, **headers: str) -> dict[str, set[str]]:
    """The texts of each table in the archive."""
    answer = rest.client.get("/api/v1/analytics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.content_type, ".zip" in answer.headers["Content-Disposition"]) == ("application/zip", True)
    with ZipFile(io.BytesIO(answer.data)) as archive:
        archive.extractall(folder)
    tables = sorted((folder / "musterroll").iterdir())
    read = "SELECT * FROM read_parquet('{}/**/*.parquet', hive_partitioning = true)"
    return {table.name: {str(cell) for row in duckdb.sql(read.format(table)).fetchall() for cell in row} for table in tables}


def test_a_person_limited_to_some_accounts_gets_their_facts_only(rest: RestClient, tmp_path: Path) -> None:
    headers = import_all(rest)
    everything = facts(rest, tmp_path / "all", **headers)
    assert {"SN1", "SN2", "SN3"} <= everything["units"]
    assert {"T1", "T2"} <= everything["incidents"]
    assert {"C1", "warranty"} <= everything["coverage"]
    with rest.database.snapshot() as session:
        account = session.exec(select(Account.id).where(col(Account.ref) == "A2")).one() or 0
    rest.user.actor = Actor(1, "kim", Role.PLANNER, (account,))
    mine = facts(rest, tmp_path / "mine")
    assert "SN2" in mine["units"]
    assert mine["accounts"] >= {"A2"}
    cells = set().union(*mine.values())
    assert cells & {"SN1", "SN3", "A1", "S1", "T1", "T2", "C1"} == set()
