"""Products and policies on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from musterroll.cli import cli
from musterroll.storage.engine.database import Database

from tests.support import records


@pytest.fixture
def roll(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", str(sqlite_database.url))
    with sqlite_database.transaction() as session:
        records.unit(session, "SN1", records.product(session, "Acme", "Pump 3"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def json_of(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.mark.usefixtures("roll")
def test_a_product_is_given_a_price_and_a_policy_and_both_are_taken_back() -> None:
    json_of("policies", "set", "Long", "--start", "installed", "--start", "shipped+90", "--months", "36")
    assert "Long  installed, else shipped + 90 days on the shelf      36" in run("policies", "list").output
    change = json_of("products", "set", "acme", "pump 3", "--policy", "Long", "--list-price", "120.50", "--currency", "EUR")["change"]
    (product,) = json_of("products", "list")
    assert (product["policy"], product["list_price"], product["units"]) == ("Long", "120.5000", 1)
    assert "120.50 EUR  Long" in run("products", "list").output
    json_of("changes", "undo", str(change))
    assert json_of("products", "list")[0]["policy"] is None


@pytest.mark.usefixtures("roll")
def test_a_product_and_a_unit_are_given_an_interval() -> None:
    json_of("products", "set", "acme", "pump 3", "--interval", "1h")
    assert json_of("products", "list")[0]["interval"] == 3600
    assert "set to 5 min" in run("units", "interval", "SN1", "5min").output
    assert "is not a duration" in str(run("units", "interval", "SN1", "soon").exception)
    json_of("products", "set", "acme", "pump 3", "--interval", "none")
    assert json_of("products", "list")[0]["interval"] is None


@pytest.mark.usefixtures("roll")
def test_a_product_is_given_a_kind_a_licence_rule_and_a_reporting_class() -> None:
    json_of("products", "set", "acme", "pump 3", "--kind", "node", "--licence-rule", "host", "--reporting", "sleepy")
    (product,) = json_of("products", "list")
    assert (product["kind"], product["licence_rule"], product["reporting"]) == ("node", "host", "sleepy")


@pytest.mark.usefixtures("roll")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["products", "set", "Acme", "Pump 3", "--list-price", "dear"], "'dear' is not an amount; write it as 120.50, or none"),
        (["products", "set", "Acme", "Pump 3", "--list-price", "NaN"], "'NaN' is not an amount"),
        (["products", "set", "Acme", "Lorry", "--policy", ""], "there is no product Acme Lorry"),
        (["policies", "set", "P", "--start", "bought"], "'bought' is not a start rule"),
        (["policies", "set", "P", "--start", "shipped+x"], "'shipped+x' is not a start rule"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    result = run(*arguments)
    assert sentence in result.output + str(result.exception)
    assert result.exit_code != 0
