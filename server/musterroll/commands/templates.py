"""`musterroll template`: an empty list of a kind, to fill in."""

import csv
import io
from pathlib import Path

import click
import xlsxwriter

from musterroll.commands.tables import Column, Columns, print_list
from musterroll.readers.templates import TemplateColumn, names, template
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
    columns = template(KINDS[kind])
    content = _workbook(columns) if file and file.suffix.lower() == ".xlsx" else _csv(columns)
    with click.open_file(str(file or "-"), "wb", atomic=file is not None) as target:
        target.write(content)


def _csv(columns: list[TemplateColumn]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[column.heading for column in columns], [column.example for column in columns]])
    return text.getvalue().encode()


def _workbook(columns: list[TemplateColumn]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet = book.add_worksheet("Template")
        for place, column in enumerate(columns):
            sheet.set_column(place, place, max(12, len(column.heading) + 2), text)
            sheet.write_string(0, place, column.heading, bold)
            sheet.write_comment(0, place, column.note)
            sheet.write_string(1, place, column.example, text)
        sheet.freeze_panes(1, 0)
    return file.getvalue()
