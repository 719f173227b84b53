"""One record that a person adds or corrects, with the checks of its kind of document.

What a person enters counts as their decision: importing an older value again does not undo it.
"""

import csv
import io
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.readers.columns import Choices
from musterroll.readers.document import Document
from musterroll.readers.fields import BadRow, DocumentKind, DocumentRow, Field
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.document_kinds import IMPORTERS
from musterroll.usecases.imports.export import KINDS, Cells, cells_of
from musterroll.usecases.imports.importer import BY_HAND, Importer, KnownRecord, PlannedWrite, Source

_IRREGULAR = {"billing": "payment state", "deliveries": "planned delivery"}
SINGULAR = {kind: kind.removesuffix("s").replace("-", " ") for kind in KINDS} | _IRREGULAR


class Entry(NamedTuple):
    """What a person enters about one record: text by field. A field that is not named stays as it is; an empty one is cleared."""

    kind: str
    cells: Mapping[str, str]
    actor: str
    reason: str = ""


def add(session: Session, entry: Entry, now: datetime) -> AuditChange:
    """Add a record. Raises DomainError, Conflict where there is such a record already."""
    importer = _importer(session, entry, now)
    row = _row(importer, entry.cells)
    if importer.known(row) is not None:
        raise Conflict(f"{_subject(entry.kind, row)} exists already; correct it instead", "exists")
    return _store(importer, PlannedWrite(row, None, importer.accept(row, None).after), entry, now)


def correct(session: Session, entry: Entry, now: datetime) -> AuditChange | None:
    """Change a record. Returns the change, None where nothing is different. Raises DomainError, NotFound."""
    importer = _importer(session, entry, now)
    known, current = _current(importer, entry)
    cells = {**current, **entry.cells}
    row = _row(importer, cells)
    cleared = {name for name, cell in current.items() if cell and not cells[name].strip()}
    after = importer.accept(row, importer.emptied(row, known, cleared)).after
    return None if after == known.facts else _store(importer, PlannedWrite(row, known, after), entry, now)


def current(session: Session, entry: Entry, now: datetime) -> Cells:
    """The record with these identifying cells as it is, by field. Raises DomainError, NotFound."""
    return _current(_importer(session, entry, now), entry)[1]


def identifying(kind: DocumentKind) -> list[str]:
    """The fields that tell one record from another."""
    return list(kind.named_by) or [field.name for field in kind.fields if field.name in kind.key]


def _importer(session: Session, entry: Entry, now: datetime) -> Importer:
    kind = KINDS[entry.kind]
    names = [field.name for field in kind.fields]
    if unknown := [name for name in entry.cells if name not in names]:
        raise DomainError(f"{kind.title} have no field {unknown[0][:60]!r}; the fields are {', '.join(names)}", "no_field")
    return IMPORTERS[entry.kind](session, Source(BY_HAND, entry.actor, now))


def _current(importer: Importer, entry: Entry) -> tuple[KnownRecord, Cells]:
    kind = importer.kind
    names = identifying(kind)
    needed = [field for field in kind.fields if field.name in names and (field.required or field.name in kind.key)]
    if missing := [field.label for field in needed if not entry.cells.get(field.name, "").strip()]:
        raise DomainError(f"fill in the {' and the '.join(missing)}", "no_key")
    row = _row(importer, {name: entry.cells.get(name, "") for name in names}, partial=True)
    known = importer.known(row)
    if known is None:
        raise NotFound(f"there is no {_subject(entry.kind, row)}")
    (record,) = import_rows.records(importer.session, importer.model, [known.id])
    return known, cells_of(importer, [record])[0]


def _row(importer: Importer, cells: Mapping[str, str], partial: bool = False) -> DocumentRow:
    """The cells as a row that was looked up; a partial one names a record only. Raises DomainError."""
    kind = importer.kind
    if partial:
        kind = kind._replace(fields=tuple(_needed(field, cells[field.name]) for field in kind.fields if field.name in cells))
        kind = kind._replace(complete=None) if set(kind.key) <= {field.name for field in kind.fields} else kind
    document = _document(kind, cells)
    importer.scan(document)
    row = next(document.rows(), None)
    if row is None:  # an empty row is none
        raise DomainError(f"fill in the {' and the '.join(field.label for field in kind.required)}", "no_key")
    if isinstance(row, BadRow):
        raise DomainError(row.why, "bad_value")
    importer.follow_merges([row])
    importer.follow_names([row])
    importer.look_up([row])
    return row


def _needed(field: Field, cell: str) -> Field:
    """A field of a partial row: what is given must mean something."""
    return field._replace(required=field.required and bool(cell.strip()))


def _document(kind: DocumentKind, cells: Mapping[str, str]) -> Document:
    fields = [field for field in kind.fields if field in kind.required or cells.get(field.name, "").strip()]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[field.label for field in fields], [cells.get(field.name, "").strip() for field in fields]])
    return Document(io.BytesIO(text.getvalue().encode()), kind, Choices({field.label: field.name for field in fields}))


def _store(importer: Importer, planned: PlannedWrite, entry: Entry, now: datetime) -> AuditChange:
    subject = _subject(entry.kind, planned.row)
    change = audit_record.begin(importer.session, actor=entry.actor, kind="edit", subject=subject, reason=entry.reason, now=now)
    importer.store([planned], change)
    importer.finish(change)
    return change


def _subject(kind: str, row: DocumentRow) -> str:
    return f"{SINGULAR[kind]} {row.shown}"
