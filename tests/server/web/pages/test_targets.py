"""The page of targets, REST and the command line: setting, ending, benchmarks, and what limited people see."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner
from flask import Flask
from musterroll.cli import cli
from musterroll.storage.engine.database import Database
from musterroll.usecases.installed_base import target_figures
from musterroll.usecases.operations import figure_cache

from tests.server.web.conftest import Visitor

FORM = {"measure": "operating_share", "scope": "fleet", "value": "95", "tolerance": "2", "period": "month", "from_on": ""}


def compute(database: Database) -> None:
    """As the schedule does."""
    now = datetime.now(UTC)
    with database.transaction() as session:
        figure_cache.keep(session, target_figures.FIGURES, target_figures.FIGURES.count(session, now), now)


def test_a_target_is_set_shown_and_ended(visitor: Visitor, fleet_database: Database) -> None:
    assert "No targets yet" in visitor.get("/targets").text
    assert visitor.post("/targets", seen="/targets", **FORM).headers["Location"] == "/targets"
    compute(fleet_database)
    page, (item,) = visitor.get("/targets").text, visitor.get("/api/v1/targets").json["items"]
    assert f"{item['numerator']} of {item['denominator']}" in page
    assert "Below target" in page
    assert (item["level"], item["target"], item["set_by"]) == ("below", "95", "admin")
    detail = visitor.get(f"/targets/{item['id']}").text
    assert all(text in detail for text in ("What changed since", "Set by", "95 % ± 2 points"))
    full = visitor.get(f"/api/v1/targets/{item['id']}").json
    assert sum(move["effect"] for move in full["bridge"]["reasons"]) - (full["value"] - full["last_period"]) < 0.1
    wrongs = {"such as 95": {"value": "high"}, "no account": {"scope": "account", "key": "A9"}, "one of": {"measure": "x"}}
    for answer, wrong in wrongs.items():
        refused = visitor.post("/targets", seen="/targets", **{**FORM, **wrong})
        assert refused.status_code == 422
        assert answer in refused.text
    assert visitor.post(f"/targets/{item['id']}/end", seen="/targets").status_code == 303
    assert visitor.get("/api/v1/targets").json["items"] == []
    assert "no target" in visitor.get(f"/targets/{item['id']}").text
    assert visitor.get("/targets/999").status_code == 404


def test_a_benchmark_stands_beside_the_target(visitor: Visitor) -> None:
    figure = {"measure": "operating_share", "industry": "Pumps", "year": "2025", "value": "93.5", "source": "IDC"}
    visitor.post("/targets", seen="/targets", **FORM)
    assert visitor.post("/targets/benchmarks", seen="/targets", **figure).status_code == 303
    assert visitor.post("/targets/benchmarks", seen="/targets", **{**figure, "year": "soon"}).status_code == 422
    (item,) = visitor.get("/api/v1/benchmarks").json["items"]
    assert (item["value"], item["source"]) == ("93.5", "IDC")
    assert "Benchmark 2025, Pumps" in visitor.get("/targets/1").text
    assert visitor.post(f"/targets/benchmarks/{item['id']}/remove", seen="/targets").status_code == 303
    assert visitor.get("/api/v1/benchmarks").json["items"] == []


def test_the_command_line_sets_and_lists_targets(make_app: Callable[..., Flask], fleet_database: Database, tmp_path: Path) -> None:
    make_app()
    env = {"MUSTERROLL_DATABASE_URL": str(fleet_database.engine.url), "MUSTERROLL_DATA_DIR": str(tmp_path)}

    def run(*arguments: str) -> str:
        result = CliRunner(env=env).invoke(cli, ["targets", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "Saved" in run("set", "active_licences", "200", "--tolerance", "5", "--from", "2026-01")
    assert "Saved" in run("set", "coverage_rate", "80", "--scope", "country", "--key", "DE", "--by", "quarter")
    compute(fleet_database)
    licences, coverage = json.loads(run("list", "--json"))
    assert (licences["level"], licences["target"], coverage["key"], coverage["period"]) == ("below", "200", "DE", "quarter")
    assert "200 ± 5 %" in run("list")
    assert "Change since" in run("show", str(licences["id"]))
    assert json.loads(run("show", str(coverage["id"]), "--json"))["history"][0]["set_by"] == "command line"
    assert "Saved" in run("benchmarks", "set", "attach_rate", "2025", "64", "Survey")
    assert json.loads(run("benchmarks", "list", "--json"))[0]["source"] == "Survey"
    assert "Saved" in run("remove", str(coverage["id"]))
    assert len(json.loads(run("list", "--json"))) == 1


def test_review_packs_are_made_listed_and_saved(visitor: Visitor, fleet_database: Database, tmp_path: Path) -> None:
    env = {"MUSTERROLL_DATABASE_URL": str(fleet_database.engine.url), "MUSTERROLL_DATA_DIR": str(tmp_path)}
    label = f"{datetime.now(UTC).replace(day=1) - timedelta(days=1):%Y-%m}"

    def run(*arguments: str) -> str:
        result = CliRunner(env=env).invoke(cli, ["review-pack", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "No review packs yet" in visitor.get("/review-packs").text
    assert f"Made the review pack of {label}" in run("make", label)
    assert f"review-{label}.pdf" in run("save", label, str(tmp_path))
    (item,) = visitor.get("/api/v1/review-packs").json["items"]
    assert json.loads(run("list", "--json"))[0]["label"] == item["label"] == label
    for form, start in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        body = visitor.get(f"/review-packs/{label}.{form}").data
        assert body.startswith(start)
        assert body == visitor.get(f"/api/v1/review-packs/{label}?format={form}").data == (tmp_path / f"review-{label}.{form}").read_bytes()
    assert f"/review-packs/{label}.pdf" in visitor.get("/review-packs").text
    assert visitor.get("/review-packs/2020-01.pdf").status_code == 404
