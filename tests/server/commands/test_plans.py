"""`musterroll plan` from a terminal: the plan, assumptions, scenarios, the back-test, the workbook."""

import json
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner, Result
from musterroll.cli import cli
from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database

from tests.support import fleet_history

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fleet(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fleet with a past, in a database of its own, as it stood on 2026-11-01."""
    (tmp_path / "roll.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{tmp_path / 'roll.db'}"
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", url)
    database = Database(url)
    fleet_history.fill(database, NOW, units=40)
    database.close()


def reliability(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["reliability", *arguments])


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plan", *arguments])


def test_the_plan_in_words_in_json_and_as_a_workbook(tmp_path: Path) -> None:
    words = run("--on", "2026-11-01T12:00Z", "--xlsx", str(tmp_path / "plan.xlsx"))
    assert "next quarter (from Nov 2026)" in words.output
    assert "80 % ranges. Products with the most visits" in words.output
    assert "Plan" in openpyxl.load_workbook(tmp_path / "plan.xlsx").sheetnames
    plain, more = (json.loads(run("--on", "2026-11-01T12:00Z", "--json", *rest).output) for rest in ((), ("--assume", "incident_rate=200")))
    assert more["spans"][1]["incidents"]["mean"] == pytest.approx(2 * plain["spans"][1]["incidents"]["mean"])


def test_scenarios_are_kept_and_compared() -> None:
    assert run("scenarios", "save", "Storm", "--assume", "incident_rate=150", "--note", "as in 2021").exit_code == 0
    assert "Storm  incident_rate=150.0  as in 2021" in run("scenarios", "list").output
    assert "Storm" in run("compare", "Storm", "--on", "2026-11-01T12:00Z").output.splitlines()[0]
    assert run("scenarios", "delete", "Storm").exit_code == 0
    assert isinstance(run("--scenario", "Storm").exception, DomainError)


def test_the_back_test_says_what_was_said_and_what_happened() -> None:
    trials = json.loads(run("backtest", "--on", "2026-11-01T12:00Z", "--json").output)
    assert {"mean", "low80", "actual", "naive"} <= trials[0]["periods"][0].keys()
    assert "fell within the 80 % range" in run("backtest", "--on", "2026-11-01T12:00Z").output


def test_a_bad_assumption_is_refused_in_words() -> None:
    assert "--assume is NAME=VALUE" in run("--assume", "absence").output
    assert isinstance(run("--on", "2026-11-01T12:00Z", "--assume", "absence=99").exception, DomainError)
    assert "deployments" in run("assumptions").output


def test_failure_rates_of_all_products_of_one_and_of_two_compared() -> None:
    at = ("--on", "2026-11-01T12:00Z")
    rates = json.loads(reliability(*at, "--json").output)
    assert len(rates) == 2
    assert rates[0]["afr"] == pytest.approx(rates[0]["failures"] / rates[0]["unit_years"])
    table = reliability(*at).output
    assert table.splitlines()[0].split() == ["PRODUCT", "OPERATING", "FAILURES", "UNIT-YEARS", "AFR", "95", "%", "RANGE"]
    assert f"{rates[0]['maker']} {rates[0]['model']}" in table
    shown = reliability("show", rates[0]["model"], *at).output
    assert f"{rates[0]['failures']} failures in {rates[0]['unit_years']:,.1f} unit-years" in shown
    assert "Units without a failure by age (Kaplan-Meier" in shown
    report = json.loads(reliability("show", rates[0]["model"], *at, "--json").output)
    assert {"ages", "survival", "steps", "weibull"} <= report.keys()
    compared = reliability("compare", rates[0]["model"], rates[1]["model"], *at).output
    assert "log-rank test, p = " in compared
    assert json.loads(reliability("compare", rates[0]["model"], rates[1]["model"], *at, "--json").output)["pairs"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "Tin opener"), "no product 'Tin opener' in the plan; musterroll reliability lists them"),
        (("compare", "Pump 3", "pump 3"), "a product cannot be compared with itself"),
    ],
)
def test_a_product_that_cannot_be_shown_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    answer = reliability(*arguments, "--on", "2026-11-01T12:00Z")
    assert isinstance(answer.exception, DomainError)
    assert sentence in str(answer.exception)


def test_deliveries_are_planned_listed_and_removed() -> None:
    added = run("deliveries", "add", "2199-03-01", "Acme", "Pump 3", "40", "--least", "30", "--order", "PO1")
    assert "To undo: musterroll changes undo" in added.output
    assert "2199-03-01  Acme Pump 3  PO1       40    30 to 40" in run("deliveries", "list").output
    assert json.loads(run("deliveries", "list", "--json").output)[0]["quantity"] == 40
    assert isinstance(run("deliveries", "add", "2199-03-01", "Acme", "Pump 77", "40").exception, DomainError)
    assert run("deliveries", "remove", "1").exit_code == 0
    assert "No planned deliveries" in run("deliveries", "list").output


def test_failures_of_a_product_by_cohort_site_and_firmware() -> None:
    at = ("--on", "2026-11-01T12:00Z")
    cohorts = json.loads(reliability("by", "cohort", "Pump 3", *at, "--json").output)
    assert [row["group"] for row in cohorts] == sorted(row["group"] for row in cohorts)
    total = {name: sum(row[name] for row in cohorts) for name in ("units", "failed", "unit_years")}
    (site,) = json.loads(reliability("by", "site", "Pump 3", *at, "--json").output)
    assert site["group"] == "S1"
    assert {name: site[name] for name in total} == pytest.approx(total)
    assert site["rate"] == pytest.approx(site["failed"] / site["unit_years"])
    assert site["low"] < site["rate"] < site["high"]
    assert "FIRMWARE  UNITS  FAILED" in reliability("by", "firmware", "Pump 3", *at).output


def test_a_plan_is_of_the_day_asked_for_and_of_none_to_come() -> None:
    assert run("--on", "2026-10-01").output.startswith("Plan of 2026-10-01:")
    refused = run("--on", "2199-01-01").exception
    assert "2199-01-01 is in the future" in str(refused)
