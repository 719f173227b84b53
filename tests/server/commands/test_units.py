"""Units moved and replaced from a terminal, and the contracts due and segments that planners list."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from musterroll.cli import cli
from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database
from musterroll.usecases.reconciliation import run as reconciliation_run

from tests.support.documents import take
from tests.support.enrolment import enrol_unit

NOW = datetime.now(UTC)
UNITS = "Serial Number,Manufacturer,Model,Status\nSN1001,Acme,Pump,Installed\nSN1002,Acme,Pump,In Stock\n"
CONTRACTS = f"Contract Number,Account ID,Start Date,End Date,Status,Currency\nC1,A1,2020-01-01,{NOW + timedelta(60):%Y-%m-%d},Active,EUR\n"
LINES = "Contract Number,Line,Serial Number,Quantity,Price Per Year\nC1,1,SN1001,1,120\nC1,2,SN1002,1,\n"


@pytest.fixture(autouse=True)
def fleet(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "roll.db").write_bytes(sqlite_template.read_bytes())
    url = f"sqlite:///{tmp_path / 'roll.db'}"
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", url)
    database = Database(url)
    for kind, content in (("units", UNITS), ("contracts", CONTRACTS), ("contract-lines", LINES)):
        take(database, NOW, kind, content)
    with database.transaction() as session:
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    database.close()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def data(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").output)


def test_a_unit_is_moved_and_another_put_in_its_place() -> None:
    moved = run("units", "move", "SN1001", "returned", "--reason", "broken")
    assert moved.output.startswith("Saved: SN1001 returned. To undo: musterroll changes undo ")
    assert isinstance(run("units", "move", "SN1001", "deployed", "--on", "2199-01-01").exception, DomainError)
    assert run("changes", "undo", moved.output.split()[-1]).exit_code == 0
    assert data("units", "replace", "SN1001", "SN1002", "--becomes", "retired")["change"]
    assert data("records", "show", "units", "serial=SN1002", "maker=Acme", "model=Pump")["lifecycle"] == "deployed"


def test_contracts_due_and_segments_are_listed_with_what_their_value_is_of() -> None:
    due = data("renewals", "--within", "90")
    assert (due["contracts"], due["seats"], due["priced"], due["worth"]) == (1, 2, 1, {"EUR": "120.00"})
    assert "annual value 120.00 EUR of 1 of 2 units that have a price" in run("renewals").output
    assert data("renewals", "--within", "30")["items"] == []
    assert "dormant" in [segment["key"] for segment in data("segments")]
    assert "At-risk revenue" in run("segments").output


def test_a_credential_is_revoked_and_a_new_one_offered() -> None:
    assert isinstance(run("units", "revoke", "SN1001", "--reason", "stolen").exception, DomainError)
    database = Database(os.environ["MUSTERROLL_DATABASE_URL"])
    unit = enrol_unit(database, NOW, "SN1001")
    database.close()
    done = run("units", "revoke", unit.uid, "--reason", "stolen")
    assert done.output == f"The credential of SN1001 is revoked. To issue a new one: musterroll units readmit {unit.uid}\n"
    assert data("units", "readmit", unit.uid).keys() == {"unit", "token", "expires_at"}
    offered = run("units", "readmit", unit.uid).output
    assert "valid once" in offered
    assert "musterroll-agent enroll --force" in offered
