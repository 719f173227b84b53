"""Products and policies on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from musterroll.cli import cli
from musterroll.storage.engine.database import Database

from tests.support import papers


@pytest.fixture
def roll(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", str(sqlite_database.url))
    with sqlite_database.transaction() as session:
        papers.unit(session, "SN1", papers.product(session, "Acme", "Pump 3"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def told(*arguments: str) -> Any:
    found = run(*arguments, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.output)


@pytest.mark.usefixtures("roll")
def test_a_product_is_given_a_price_and_a_policy_and_both_are_taken_back() -> None:
    told("policies", "set", "Long", "--start", "installed", "--start", "shipped+90", "--months", "36")
    assert "Long  installed, else shipped + 90 days on the shelf      36" in run("policies", "list").output
    change = told("products", "set", "acme", "pump 3", "--policy", "Long", "--list-price", "120.50")["change"]
    (one,) = told("products", "list")
    assert (one["policy"], one["list_price"], one["units"]) == ("Long", "120.5000", 1)
    assert "120.50 EUR  Long" in run("products", "list").output
    told("changes", "undo", str(change))
    assert told("products", "list")[0]["policy"] is None


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
    found = run(*arguments)
    assert sentence in found.output + str(found.exception)
    assert found.exit_code != 0
