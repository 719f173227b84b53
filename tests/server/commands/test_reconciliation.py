"""The commands that scripts rely on: JSON, errors, and decisions on findings from a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from musterroll.cli import cli
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.storage.engine.database import Database

from tests.support import unit_rows

HEARD = 1_793_534_370_000  # 2026-11-01T11:59:30Z


@pytest.fixture
def roll(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit that operates without a contract, in a database of its own."""
    (tmp_path / "roll.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{tmp_path / 'roll.db'}"
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", url)
    database = Database(url)
    with database.transaction() as session:
        unit_rows.unit(session, "SN1", lifecycle="deployed", status={"heard_at": HEARD, "first_heard_at": 1})
    database.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def json_of(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


@pytest.mark.usefixtures("roll")
def test_a_reconciliation_answers_with_all_eight_cells_summing_to_the_units() -> None:
    report = json_of("reconcile", "--on", "2026-11-01T12:00Z")
    assert (report["on"], report["units"], report["cells"]["011"]) == ("2026-11-01", 1, 1)
    assert report["cells"].keys() == CELLS.keys()
    assert sum(report["cells"].values()) == report["units"]
    assert report["findings"]["operating_uncovered"] == 1
    assert report["stored"] is None


@pytest.mark.usefixtures("roll")
@pytest.mark.parametrize(
    ("on", "says"), [("yesterday", "is not a day"), ("2026-11-01T12:00", "no time zone"), ("0001-01-01", "1970 to 2200")]
)
def test_a_day_that_is_none_is_refused_in_a_sentence(on: str, says: str) -> None:
    result = run("reconcile", "--on", on)
    assert (result.exit_code, says in result.output) == (2, True)


@pytest.mark.usefixtures("roll")
def test_findings_are_kept_listed_opened_and_decided() -> None:
    assert json_of("reconcile", "--on", "2026-11-01T12:00Z", "--store")["stored"] == {"new": 1, "changed": 0, "gone": 0}
    (listed,) = json_of("findings")["findings"]
    number = str(listed["id"])
    assert json_of("findings", "show", number)["says"].startswith("SN1 is deployed and operating without a contract")
    assert json_of("findings", "decide", number, "--accept", "--reason", "quoted")["state"] == "accepted"
    assert json_of("findings", "--state", "open")["total"] == 0
    assert "quoted" in run("findings", "show", number).output
    assert json_of("findings", "undo", number)["undone"]
    assert json_of("findings", "--state", "open")["total"] == 1


@pytest.mark.usefixtures("roll")
def test_a_verdict_says_what_is_missing() -> None:
    verdict = json_of("coverage", "sn1", "--on", "2026-11-01")
    assert (verdict["answer"], verdict["covered"]) == ("unknown", False)
    assert verdict["missing"]
    assert "coverage unknown" in run("coverage", "SN1").output


@pytest.mark.usefixtures("roll")
def test_licences_without_any_line_are_none() -> None:
    assert json_of("licences", "--on", "2026-11-01")["total"] == {"active": 0, "gross": 0, "listed": 0}
