"""What every command does before its work: the data directory, its files, the log."""

import logging
import stat
from pathlib import Path

import pytest
from musterroll.commands.context import start_logging
from musterroll.settings import load

from tests.server.commands.conftest import Run


def test_the_embedded_database_is_for_its_owner_only(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert run("--data-dir", str(folder), "licences")[0] == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes["musterroll.db"] == 0o600
    assert {mode & 0o077 for mode in modes.values()} == {0}


def test_a_database_that_cannot_be_opened_is_said_in_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "musterroll.db").mkdir()
    status, _, error = run("licences")
    assert status == 1
    assert (
        error
        == f"musterroll: the database {tmp_path}/musterroll.db cannot be used: Is a directory; this user must be able to write to it\n"
    )


@pytest.mark.parametrize("form", ["plain", "json"])
def test_the_log_of_an_error_has_no_values_of_variables(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        start_logging(load({"MUSTERROLL_LOG_FORMAT": form}))
        _fail("hunter2")
    finally:
        root.handlers, root.level = handlers, level
    text = capsys.readouterr().err
    assert "ZeroDivisionError" in text
    assert "hunter2" not in text


def _fail(secret: str) -> None:
    try:
        1 // (len(secret) - len(secret))
    except ZeroDivisionError:
        logging.getLogger("musterroll").exception("it failed")
