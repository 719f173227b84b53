"""Records as rows of their kind of document: a file of them, imported again, changes nothing."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from musterroll.readers.fields import DocumentKind
from musterroll.storage.imports import rows as import_rows
from musterroll.usecases.imports.document_kinds import IMPORTERS
from musterroll.usecases.imports.importer import Importer, Source
from musterroll.usecases.imports.verdicts import cell_text

KINDS: dict[str, DocumentKind] = {name: importer.kind for name, importer in IMPORTERS.items() if importer.exported}

Cells = dict[str, str]  # by field


def page(session: Session, kind: str, after: int, limit: int, now: datetime) -> list[tuple[int, Cells]]:
    """At most `limit` records behind the row id `after`, each with its row id."""
    importer = IMPORTERS[kind](session, Source("", "", now))
    records = import_rows.page(session, importer.model, after, limit)
    rows = cells_of(importer, [record for _, record in records])
    return [(row_id, cells) for (row_id, _), cells in zip(records, rows, strict=True)]


def cells_of(importer: Importer, records: list[dict[str, Any]]) -> list[Cells]:
    """Records as the cells of their rows, by field; an empty text where there is no value."""
    names = [field.name for field in importer.kind.fields]
    return [{name: cell_text(name, values.get(name)) or "" for name in names} for values in importer.values_of(records)]
