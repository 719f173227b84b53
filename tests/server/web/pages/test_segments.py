"""Segments on pages, in REST and on the command line: the same accounts for all, and own ones for limited users."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from musterroll.cli import cli
from musterroll.domain.access import Role
from musterroll.metrics import Metrics
from musterroll.runtime.app import create_app
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import sessions
from musterroll.usecases.access import users as access_users
from musterroll.usecases.segments import count

from tests.server.web.conftest import Visitor
from tests.support import segment_fleet
from tests.support.sample_fleet import PASSWORD

RULED = [
    *("valuable-dormant", "at-risk", "lapsed", "near-end", "notice-due", "upsell", "cross-sell"),
    *("feature-unused", "low-engagement", "heavy-users", "frequent-buyers"),
]


def tally(database: Database) -> None:
    now = datetime.now(UTC)
    with database.snapshot() as session:
        counted = count.count(session, now)
    with database.transaction() as session:
        count.keep(session, counted, now)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("segments") / "roll.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    with database.transaction() as session:
        sessions.ensure_admin(session, PASSWORD, datetime.now(UTC))
        segment_fleet.fill(session, Random(1), datetime.now(UTC))
    yield database
    database.close()


@pytest.fixture(scope="module")
def planner(fleet: Database, tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    visitor = Visitor(create_app(Settings(data_dir=tmp_path_factory.mktemp("data")), fleet, Metrics(), {}).test_client())
    visitor.sign_in()
    assert "Not counted yet" in visitor.get("/segments").text
    assert "Not counted yet" in visitor.get("/segments/lapsed").text
    assert visitor.get("/api/v1/segments/lapsed").json["counted_at"] is None
    tally(fleet)
    return visitor


def test_page_rest_csv_and_command_show_the_same_accounts(planner: Visitor, fleet: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", str(fleet.url))
    overview, sizes = planner.get("/segments").text, {}
    for key in RULED:
        detail, page = planner.get(f"/api/v1/segments/{key}").json, planner.get(f"/segments/{key}").text
        rows = planner.get(f"/api/v1/segments/{key}/accounts?limit=500").json["items"]
        table = list(csv.DictReader(io.StringIO(planner.get(f"/api/v1/segments/{key}/accounts?format=csv").text)))
        assert len(rows) == len(table) == detail["accounts"]
        assert sum(row["units"] for row in rows) == detail["units"]
        assert [row["why"] for row in rows] == [row["why"] for row in table]
        assert all(row["why"] and row["entered_on"] for row in rows)
        assert f">{detail['name']}</h3>" in overview
        assert detail["rule"].split("(")[0].split("'")[0][:60] in page
        (day,) = planner.get(f"/api/v1/segments/{key}/history").json["items"]
        assert (day["accounts"], day["units"]) == (detail["accounts"], detail["units"])
        sizes[key] = detail["accounts"]
    printed = json.loads(CliRunner().invoke(cli, ["segments", "--json"]).output)
    assert {row["key"]: row["accounts"] for row in printed if row["key"] in RULED} == sizes
    listed = json.loads(CliRunner().invoke(cli, ["segments", "accounts", "low-engagement", "--json"]).output)
    assert len(listed) == sizes["low-engagement"] > 0
    assert planner.post("/segments/lapsed/delete", seen="/segments/lapsed").status_code == 409


def test_a_pair_is_confirmed_on_its_page_and_then_counted(planner: Visitor, fleet: Database) -> None:
    first = planner.get("/api/v1/segment-pairs").json["items"][0]
    a, b = first["a_id"], first["b_id"]
    assert first["confirmed"] is None
    assert f"{first['a']} <span" in planner.get("/segment-pairs").text
    before = planner.get("/api/v1/segments/cross-sell").json["accounts"]
    assert planner.post(f"/segment-pairs/{a}/{b}", seen="/segment-pairs", confirmed="yes").status_code == 303
    with fleet.snapshot() as session:
        assert count.due(session, datetime.now(UTC))
    tally(fleet)
    after = planner.get("/api/v1/segments/cross-sell").json
    assert before == 0
    assert after["accounts"] == first["own_a"] - first["own_both"] > 0


def test_a_segment_is_handed_over_on_its_page(planner: Visitor) -> None:
    form = {"seen": "/segments/heavy-users", "way": "export", "receiver": "Beta list"}
    assert planner.post("/segments/heavy-users/hand-over", **form).headers["Location"] == "/segments/heavy-users#hand-overs"
    (row,) = planner.get("/api/v1/segments/heavy-users/hand-overs").json["items"]
    accounts = planner.get(f"/api/v1/hand-overs/{row['number']}/accounts?limit=500").json["items"]
    assert row["accounts"] == row["still_in"] == len(accounts) == planner.get("/api/v1/segments/heavy-users").json["accounts"]
    assert "Export to Beta list" in planner.get("/segments/heavy-users").text
    nobody, soon = {"way": "assign", "receiver": "nobody"}, {"way": "assign", "receiver": "admin", "due_on": "soon"}
    for wrong in ({"way": "carrier pigeon"}, nobody, soon):
        assert planner.post("/segments/heavy-users/hand-over", seen="/segments/heavy-users", **wrong).status_code == 409
    assert planner.get("/api/v1/hand-overs/999/accounts").status_code == 404


def test_whoever_sees_some_accounts_sees_those_only(planner: Visitor, fleet: Database) -> None:
    rows = planner.get("/api/v1/segments/frequent-buyers/accounts?limit=500").json["items"]
    own = rows[0]["account"]
    with fleet.transaction() as session:
        reach = access_users.account_ids(session, Role.PLANNER, [own])
        kim = access_users.create(session, "kim", Role.PLANNER, reach, actor="admin", now=datetime.now(UTC))
        kim.password_hash, kim.must_change = access_users.named(session, "admin").password_hash, False
    limited = Visitor(planner.client.application.test_client())
    limited.sign_in(name="kim")
    mine = limited.get("/api/v1/segments/frequent-buyers/accounts").json["items"]
    assert mine == [rows[0]]
    detail = limited.get("/api/v1/segments/frequent-buyers").json
    assert (detail["accounts"], detail["units"]) == (1, rows[0]["units"])
    assert limited.get("/segment-pairs").status_code == 404
    assert rows[1]["name"] not in limited.get("/segments/frequent-buyers").text
    assert limited.post("/segments/frequent-buyers/hand-over", seen="/segments/frequent-buyers", way="export").status_code == 303
    (row,) = limited.get("/api/v1/segments/frequent-buyers/hand-overs").json["items"]
    assert row["accounts"] == 1
