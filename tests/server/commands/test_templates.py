"""Templates of lists, and the headings that are recognised."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from musterroll.commands.context import Context
from musterroll.commands.imports import import_
from musterroll.commands.templates import template_
from musterroll.readers.reference import reference
from musterroll.usecases.imports.document_kinds import KINDS


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_template_can_be_imported_as_it_is(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"accounts.{suffix}"
    assert CliRunner().invoke(template_, ["accounts", str(file)]).exit_code == 0
    answer = CliRunner().invoke(import_, ["accounts", str(file), "--yes"], obj=Context(data_dir=tmp_path / "data"))
    assert "1 new" in answer.stdout, answer


def test_the_recognised_headings_of_a_kind_are_listed() -> None:
    lines = CliRunner().invoke(template_, ["units", "--headings"]).stdout.splitlines()
    assert len(lines) == len(KINDS["units"].fields) + 1
    assert "numerodeserie" in lines[1]


def test_the_reference_in_the_documentation_is_what_readers_recognise() -> None:
    page = Path(__file__).parents[3] / "docs" / "import-columns.md"
    assert page.read_text() == reference(KINDS.values()), "make it again: musterroll columns > docs/import-columns.md"
