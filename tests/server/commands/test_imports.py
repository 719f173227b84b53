import json
from pathlib import Path

import pytest
from click import Choice, Command
from click.testing import CliRunner, Result
from musterroll.commands.context import Context
from musterroll.commands.import_history import imports, mappings
from musterroll.commands.imports import import_
from musterroll.usecases.imports.document_kinds import KINDS

from tests.support.documents import FLEET

HEAD = "Serial,Maker,Model,Status,Colour\n"
GOOD = HEAD + "SN1,Acme,Pump,Installed,red\nSN2,Acme,Pump,In Stock,blue\n"


def run(folder: Path, content: str, *options: str, answer: str = "") -> Result:
    (folder / "units.csv").write_text(content)
    arguments = ["units", str(folder / "units.csv"), *options]
    return CliRunner().invoke(import_, arguments, obj=Context(data_dir=folder / "data"), input=answer)


def cli(folder: Path, command: Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments), obj=Context(data_dir=folder / "data"))


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MUSTERROLL_DATABASE_URL", "MUSTERROLL_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)


def test_yes_imports_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    first, second = (run(tmp_path, GOOD, "--yes") for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "2 rows: 2 new, 0 changed, 0 unchanged, 0 rejected" in first.stdout
    assert "2 rows: 0 new, 0 changed, 2 unchanged, 0 rejected" in second.stdout
    assert "This file was imported before" in second.stderr
    assert "Ignored columns: Colour" in first.stderr


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    assert "nothing imported yet" in run(tmp_path, GOOD, "--dry-run").stdout
    assert "2 new" in run(tmp_path, GOOD, "--dry-run").stdout


@pytest.mark.usefixtures("_terminal")
@pytest.mark.parametrize(("answer", "then"), [("y\n", "2 unchanged"), ("n\n", "2 new"), ("", "2 new")])
def test_on_a_terminal_it_shows_what_would_happen_and_asks(tmp_path: Path, answer: str, then: str) -> None:
    asked = run(tmp_path, GOOD, answer=answer)
    assert "2 new" in asked.stdout
    assert "Import this?" in asked.stderr
    assert then in run(tmp_path, GOOD, "--dry-run").stdout


def test_without_a_terminal_nothing_is_imported_without_yes(tmp_path: Path) -> None:
    answer = run(tmp_path, GOOD)
    assert answer.exit_code == 1
    assert "--yes" in answer.stderr
    assert "2 new" in run(tmp_path, GOOD, "--dry-run").stdout


def test_rejected_rows_are_listed_with_their_lines_and_give_status_3(tmp_path: Path) -> None:
    answer = run(tmp_path, GOOD + "Default string,Acme,Pump,,\n" + "broken\n" * 30, "--yes")
    assert answer.exit_code == 3
    assert "   4  rejected  Default string  the serial 'Default string' is a placeholder" in answer.stdout
    assert "... and 11 more rejected; --json lists them all" in answer.stdout
    assert "2 new" in answer.stdout


def test_json_gives_every_verdict_and_the_counts(tmp_path: Path) -> None:
    run(tmp_path, GOOD, "--yes")
    report = json.loads(run(tmp_path, HEAD + "SN1,Acme,Pump,Retired,\nSN9,Acme,Pump,,\nx\n", "--yes", "--json").stdout)
    assert [verdict["outcome"] for verdict in report["verdicts"]] == ["changed", "new", "refused"]
    assert report["verdicts"][0]["changed"] == [{"field": "lifecycle", "old": "deployed", "new": "retired"}]
    assert (report["rows"], report["new"], report["changed"], report["same"], report["refused"]) == (3, 1, 1, 0, 1)
    assert (report["committed"], report["ignored_columns"]) == (True, ["Colour"])
    assert json.loads(run(tmp_path, HEAD, "--dry-run", "--json").stdout)["verdicts"] == []


def test_all_kinds_go_in_and_come_out_again(tmp_path: Path) -> None:
    for kind, content in FLEET.items():
        (tmp_path / f"{kind}.csv").write_text(content)
        answer = cli(tmp_path, import_, kind, str(tmp_path / f"{kind}.csv"), "--yes")
        assert (answer.exit_code, "0 rejected" in answer.stdout) == (0, True), answer.output
    listed = json.loads(cli(tmp_path, imports, "list", "--json").stdout)
    assert [run["kind"] for run in listed] == list(reversed(FLEET))
    shown = cli(tmp_path, imports, "show", str(next(run["id"] for run in listed if run["kind"] == "telemetry"))).stdout
    assert "   4  new      Last Seen is before First Seen" in shown
    assert ["serial", "serial"] in [line.split() for line in shown.splitlines()]
    for run in listed:
        assert "undone by change" in cli(tmp_path, imports, "undo", str(run["id"]), "--reason", "a test").stdout
    assert cli(tmp_path, imports, "list").stdout.count("  change ") == len(FLEET)


def test_a_mapping_is_saved_used_shown_and_deleted(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("Teil;Vendor;Bauart\nSN1;Acme;Pump\n")
    arguments = ["units", str(tmp_path / "units.csv"), "--yes"]
    lost = cli(tmp_path, import_, *arguments)
    assert "no column Serial Number and no column Model" in str(lost.exception)
    saved = cli(tmp_path, import_, *arguments, "--map", "Teil=serial", "--map", "Bauart=model", "--save-mapping", "Lager")
    assert "1 new" in saved.stdout
    assert "1 unchanged" in cli(tmp_path, import_, *arguments, "--mapping", "Lager").stdout
    assert cli(tmp_path, mappings, "list").stdout == "NAME   KIND   COLUMNS\nLager  units        2\n"
    assert cli(tmp_path, mappings, "show", "Lager").stdout == "HEADING  FIELD\nTeil     serial\nBauart   model\n"
    assert "is for units, not for sites" in str(cli(tmp_path, import_, "sites", arguments[1], "--mapping", "Lager").exception)
    assert "deleted" in cli(tmp_path, mappings, "delete", "Lager").stdout
    assert "no mapping 'Lager'" in str(cli(tmp_path, import_, *arguments, "--mapping", "Lager").exception)


def test_dates_and_sheets_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("Serial,Maker,Model,Ship Date\nSN1,Acme,Pump,05/06/2025\n")
    arguments = ["units", str(tmp_path / "units.csv"), "--yes"]
    assert "--dates dmy" in cli(tmp_path, import_, *arguments).stdout
    assert "1 new" in cli(tmp_path, import_, *arguments, "--dates", "dmy").stdout
    assert "has no sheets" in str(cli(tmp_path, import_, *arguments, "--sheet", "Units").exception)


def test_wrong_use_is_status_2(tmp_path: Path) -> None:
    assert CliRunner().invoke(import_, ["units", str(tmp_path / "none.csv")], obj=Context()).exit_code == 2
    assert CliRunner().invoke(import_, ["lorries", __file__], obj=Context()).exit_code == 2


def test_every_kind_can_be_imported_and_is_offered_in_the_order_of_the_list() -> None:
    choice = next(parameter.type for parameter in import_.params if parameter.name == "kind")
    assert isinstance(choice, Choice)
    assert list(choice.choices) == list(KINDS)


def test_guesses_values_and_words_are_accepted_and_saved_with_the_mapping(tmp_path: Path) -> None:
    text = "Serial,Model,Status,Instalation Dat\nSN1,Pump,Quux,2025-01-05\n"
    lost = run(tmp_path, text, "--dry-run")
    assert "or give one value for the whole file (--set 'Manufacturer=" in str(lost.exception)
    shown = run(tmp_path, text, "--dry-run", "--set", "maker=Acme").stdout
    assert "'Instalation Dat' may be the Install Date" in shown
    assert "Status not recognised: 'Quux' (once)" in shown
    chosen = ["--set", "maker=Acme", "--word", "Quux=in use", "--accept-guesses", "--save-mapping", "Theirs"]
    assert "1 new" in run(tmp_path, text, "--yes", *chosen).stdout
    again = json.loads(run(tmp_path, text, "--dry-run", "--mapping", "Theirs", "--json").stdout)
    assert (again["same"], again["columns"]["Instalation Dat"]) == (1, "installed_on")
    assert again["notes"] == ["rows without a Manufacturer are given Acme"]


def test_the_preview_shows_new_values_and_what_only_rows_name(tmp_path: Path) -> None:
    head = "Serial,Maker,Model,Account ID\n"
    text = run(tmp_path, head + "SN1,Acme,Pump,A1\nSN2,Acme,Pump,A1\nSN2,Acme,Pump,A1\nSN2,Acme,Pump,A2\n", "--dry-run").stdout
    assert "New, line 2: Serial Number SN1, Manufacturer Acme, Model Pump, Status unrecorded, Account ID A1" in text
    assert "Created with the import, as only rows name them: 1 account: A1 (2 rows) (--no-create-missing: reject these rows)." in text
    assert "1 row about a record that an earlier row of the file is about, with other values." in text
    assert "1 row repeats an earlier row in every value, counted as unchanged." in text
    answer = run(tmp_path, head + "SN1,Acme,Pump,A1\n", "--yes", "--no-create-missing")
    assert (answer.exit_code, "account A1 is not registered" in answer.stdout) == (3, True)
    report = json.loads(run(tmp_path, head + "SN1,Acme,Pump,A1\n", "--dry-run", "--json").stdout)
    assert report["created"] == [{"table": "account", "name": "A1", "rows": 1}, {"table": "product", "name": "Acme Pump", "rows": 1}]
    assert report["new_records"][0]["values"]["Model"] == "Pump"


def test_fields_are_named_as_people_call_them_and_the_whole_reading_is_saved(tmp_path: Path) -> None:
    content = "Teil;Bauart;Seit\nSN1;Pump;1/2/2026\n"
    chosen = ["--map", "Teil=Serial Number", "--map", "Bauart=Model", "--map", "Seit=Install Date", "--set", "Manufacturer=Acme"]
    saved = run(tmp_path, content, *chosen, "--dates", "mdy", "--separator", "semicolon", "--save-mapping", "Lager", "--dry-run")
    assert "1 new" in saved.stdout, saved
    again = run(tmp_path, content, "--mapping", "Lager", "--dry-run")
    assert "Install Date 2026-01-02" in again.stdout
    wrong = run(tmp_path, content, "--map", "Teil=Quux")
    assert "Units have no column 'Quux'; the columns are Serial Number, Manufacturer" in str(wrong.exception)
