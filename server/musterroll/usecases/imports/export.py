"""Records as rows of their kind of document: a file of them, imported again, changes nothing."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from musterroll.readers import cells, units
from musterroll.readers.fields import DocumentKind
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports import unit_csv
from musterroll.storage.imports.unit_csv import CsvPage
from musterroll.usecases.imports.document_kinds import IMPORTERS
from musterroll.usecases.imports.importer import Importer, Source
from musterroll.usecases.imports.verdicts import cell_text

KINDS: dict[str, DocumentKind] = {name: importer.kind for name, importer in IMPORTERS.items() if importer.exported}

Cells = dict[str, str]  # by field
CSV_BY_DATABASE = frozenset({units.KIND.name})  # kinds that the database writes as CSV itself: they have the most records


def days(kind: DocumentKind) -> frozenset[str]:
    """The fields that are days."""
    return frozenset(field.name for field in kind.fields if field.read in (cells.day, cells.last_day))


def page(session: Session, kind: str, after: int, limit: int, now: datetime) -> list[tuple[int, Cells]]:
    """At most `limit` records behind the row id `after`, each with its row id."""
    importer = IMPORTERS[kind](session, Source("", "", now))
    records = import_rows.page(session, importer.model, after, limit)
    rows = cells_of(importer, [record for _, record in records])
    return [(row_id, cells) for (row_id, _), cells in zip(records, rows, strict=True)]


def csv_page(session: Session, after: int, limit: int) -> CsvPage:
    """The lines of a CSV file for at most `limit` units behind the row id `after`: those of `page`."""
    return unit_csv.page(session, [field.name for field in units.KIND.fields], units.DETAILS, after, limit)


def cells_of(importer: Importer, records: list[dict[str, Any]]) -> list[Cells]:
    """Records as the cells of their rows, by field; an empty text where there is no value."""
    names = [field.name for field in importer.kind.fields]
    return [{name: cell_text(name, values.get(name)) or "" for name in names} for values in importer.values_of(records)]
