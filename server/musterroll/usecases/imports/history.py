"""The history of imports, and the documents a record came from."""

from sqlmodel import Session

from musterroll.domain.values.errors import NotFound
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.imports.runs import DocumentOrigin, RunRow
from musterroll.storage.tables.imports import ImportRow
from musterroll.usecases.imports.document_kinds import kinds_about


def provenance(session: Session, record_id: int, *tables: str) -> list[DocumentOrigin]:
    """The rows of documents that made or changed a record, oldest first. `tables`: the tables it is in, as evidence names them.

    A record that no document of its own named, such as an account created because a site referred to it, has none.
    """
    return import_runs.origins(session, kinds_about(*tables), record_id)


def runs(session: Session, before_id: int | None = None, limit: int = 100) -> list[RunRow]:
    """Imports, newest first."""
    return import_runs.runs(session, before_id, limit)


def run(session: Session, run_id: int) -> RunRow:
    """One import. Raises NotFound."""
    run = import_runs.run(session, run_id)
    if run is None:
        raise NotFound(f"there is no import {run_id}")
    return run


def imported_before(session: Session, kind: str, sha256: str) -> RunRow | None:
    """The newest import of a file with the same content that is not undone."""
    return import_runs.same_content(session, kind, sha256)


def rows(session: Session, run_id: int, after_line: int = 0, limit: int = 100) -> list[ImportRow]:
    """The new, changed and rejected rows of an import, by line."""
    return import_runs.rows_of(session, run_id, after_line, limit)
