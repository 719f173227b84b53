"""Templates as files: the headings of a kind of document and an example row, in a workbook with a note on each column."""

import csv
import io

import xlsxwriter

from musterroll.readers.fields import DocumentKind
from musterroll.readers.templates import TemplateColumn, template

TEMPLATE_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def csv_template(kind: DocumentKind) -> bytes:
    return _csv(template(kind))


def xlsx_template(kind: DocumentKind) -> bytes:
    return _workbook(template(kind))


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
