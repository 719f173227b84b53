"""Exports and records by hand on the command line."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from musterroll.cli import cli
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports.export import KINDS

from tests.support import documents


@pytest.fixture
def fleet(sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", str(sqlite_database.url))
    documents.take_all(sqlite_database, now)
    return sqlite_database


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def assert_unchanged(kind: str, file: Path) -> None:
    answer = run("import", kind, str(file), "--dry-run", "--json")
    assert answer.exit_code == 0, answer.output
    verdicts = json.loads(answer.output)["verdicts"]
    assert {verdict["outcome"] for verdict in verdicts} == {"same"}, verdicts


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_an_exported_file_imports_again_without_a_change(kind: str, format_: str, tmp_path: Path) -> None:
    file = tmp_path / f"records.{format_}"
    assert run("export", kind, str(file)).exit_code == 0
    assert_unchanged(kind, file)


@pytest.mark.usefixtures("fleet")
def test_names_that_a_spreadsheet_would_compute_come_back_as_they_were(tmp_path: Path) -> None:
    for number, name in enumerate(("=1+1", "+49 30 1234", "-5", "@home")):
        assert run("records", "add", "accounts", f"ref=F{number}", f"name={name}").exit_code == 0
    for format_ in ("csv", "xlsx"):
        file = tmp_path / f"accounts.{format_}"
        run("export", "accounts", str(file))
        assert_unchanged("accounts", file)


@pytest.mark.usefixtures("fleet")
def test_a_record_is_added_shown_corrected_and_taken_back() -> None:
    added = run("records", "add", "accounts", "ref=A9", "name=Nine Ltd", "--json")
    assert added.exit_code == 0, added.output
    assert run("records", "set", "accounts", "ref=A9", "country=GB", "name=Nine").output.startswith("Saved account A9.")
    shown = json.loads(run("records", "show", "accounts", "ref=A9", "--json").output)
    assert (shown["name"], shown["country"]) == ("Nine", "GB")
    assert run("records", "set", "accounts", "ref=A9", "country=GB").output == "Nothing to change.\n"
    assert "A9" not in json.dumps([json.loads(line) for line in run("export", "accounts", "--format", "json").output.splitlines()][:3])
    assert run("changes", "undo", str(json.loads(added.output)["change"])).exit_code != 0, "it was corrected since"


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "accounts", "name"], "'name' is not of the form FIELD=VALUE"),
        (["set", "accounts", "ref=A99", "name=x"], "there is no account A99"),
        (["add", "sites", "ref=S1"], "site S1 exists already"),
        (["set", "contract-lines", "contract=C1", "quantity=2"], "fill in the Line"),
        (["add", "units", "serial=X1Y2Z3", "maker=Acme"], "the Model is empty"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], sentence: str) -> None:
    answer = run("records", *arguments)
    assert sentence in answer.output + str(answer.exception)
    assert answer.exit_code != 0


@pytest.mark.usefixtures("fleet")
def test_facts_are_exported_as_parquet_with_a_summary(tmp_path: Path) -> None:
    folder = tmp_path / "facts"
    answer = run("export", "--parquet", str(folder), "--json")
    assert answer.exit_code == 0, answer.output
    summary = json.loads(answer.output)
    assert (summary["folder"], summary["rows"]["units"] > 0) == (str(folder), True)
    assert sorted(summary["rows"]) == sorted(path.name for path in folder.iterdir())
    again = run("export", "--parquet", str(folder))
    assert "exists and is not empty: name a folder that is empty or not there yet" in again.output + str(again.exception)
    assert "tables as of" in run("export", "--parquet", str(tmp_path / "more")).output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name a KIND of records, or --parquet DIR"),
        (["units", "--parquet", "facts"], "--parquet DIR writes every table: leave out KIND, FILE and --format"),
        (["units", "--json"], "--json goes with --parquet DIR only"),
    ],
)
def test_an_export_of_nothing_or_of_both_is_explained(arguments: list[str], sentence: str) -> None:
    assert sentence in run("export", *arguments).output
