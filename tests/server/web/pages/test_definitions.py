"""The windows on the page of definitions, over REST and the command line; definitions and charts follow them."""

import json
from pathlib import Path

from click.testing import CliRunner
from musterroll.cli import cli
from musterroll.storage.engine.database import Database

from tests.server.web.conftest import Visitor


def test_an_admin_sets_a_window_and_every_place_shows_it(visitor: Visitor, fleet_database: Database, tmp_path: Path) -> None:
    env = {"MUSTERROLL_DATABASE_URL": str(fleet_database.engine.url), "MUSTERROLL_DATA_DIR": str(tmp_path)}
    form = {"name": "always_on.reports", "value": "10"}
    assert "3 min (always on, reporting every" in visitor.get("/definitions").text
    assert visitor.post("/definitions/windows", seen="/definitions", **form).headers["Location"] == "/definitions#windows"
    page = visitor.get("/definitions").text
    assert "missed reports until stale: from 3 to 10 reports (admin)" in page
    assert "10 min (always on, reporting every" in page
    assert "10 min (always on, reporting every" in visitor.get("/installed-base").text
    refused = visitor.post("/definitions/windows", seen="/definitions", **{**form, "value": "many"})
    assert refused.status_code == 422
    assert "whole number" in refused.text
    runner = CliRunner(env=env)
    assert "Saved" in runner.invoke(cli, ["windows", "set", "active_days", "14"]).output
    items = {item["name"]: item["value"] for item in json.loads(runner.invoke(cli, ["windows", "list", "--json"]).output)["items"]}
    assert (items["active_days"], items["always_on.reports"]) == (14, 10)
    answer = visitor.get("/api/v1/windows").json
    assert {item["name"]: item["value"] for item in answer["items"]} == items
    assert [change["actor"] for change in answer["changes"]] == ["admin", "command line"]
    assert "Active in 14 days" in visitor.get("/licences").text
