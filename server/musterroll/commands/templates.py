"""`musterroll template`: an empty list of a kind, to fill in."""

from pathlib import Path

import click

from musterroll.commands.tables import Column, Columns, print_list
from musterroll.readers.reference import reference
from musterroll.readers.template_files import csv_template, xlsx_template
from musterroll.readers.templates import names
from musterroll.usecases.imports.document_kinds import KINDS

_HEADINGS: Columns[tuple[str, str]] = (Column("FIELD", lambda pair: pair[0]), Column("RECOGNISED HEADINGS", lambda pair: pair[1]))


@click.command("template")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--headings", is_flag=True, help="List every recognised heading instead, in letters and digits.")
def template_(kind: str, file: Path | None, headings: bool) -> None:
    """Write a template of a KIND to FILE, .csv or .xlsx (default: CSV on standard output): headings and an example row.

    In a workbook each heading has a note on its column.
    """
    if headings:
        rows = [(field.name, " ".join(names(field))) for field in KINDS[kind].fields]
        print_list(rows, _HEADINGS, empty="", as_json=False, shape=lambda pair: pair)
        return
    content = (xlsx_template if file and file.suffix.lower() == ".xlsx" else csv_template)(KINDS[kind])
    with click.open_file(str(file or "-"), "wb", atomic=file is not None) as target:
        target.write(content)


@click.command("columns")
def columns_() -> None:
    """Print the reference of every kind of document, its columns and the headings they are recognised by, as Markdown."""
    click.echo(reference(KINDS.values()), nl=False)
