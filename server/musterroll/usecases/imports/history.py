"""What was imported, where a record came from, and taking an import back."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.values.errors import NotFound
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.imports.runs import Origin, RunRow
from musterroll.storage.tables.imports import ImportRow
from musterroll.usecases.imports.document_kinds import kinds_about
from musterroll.usecases.undo import undo as undo_changes


def provenance(session: Session, record_id: int, *tables: str) -> list[Origin]:
    """The rows of documents that made or changed a record, oldest first. `tables` are those of its rows, as evidence names them.

    A record that no document of its own named, such as an account created because a site referred to it, has none.
    """
    return import_runs.origins(session, kinds_about(*tables), record_id)


def runs(session: Session, before_id: int | None = None, limit: int = 100) -> list[RunRow]:
    """Imports, newest first."""
    return import_runs.runs(session, before_id, limit)


def run(session: Session, run_id: int) -> RunRow:
    """One import. Raises NotFound."""
    found = import_runs.run(session, run_id)
    if found is None:
        raise NotFound(f"there is no import {run_id}")
    return found


def rows(session: Session, run_id: int, after_line: int = 0, limit: int = 100) -> list[ImportRow]:
    """The verdicts on rows of an import that were not simply the same, by line."""
    return import_runs.rows_of(session, run_id, after_line, limit)


def undo(session: Session, run_id: int, actor: str, now: datetime, reason: str = "") -> int:
    """Put every record back to what it was before an import. Returns the change that did.

    Raises NotFound, and Conflict where something was built on it since.
    """
    return undo_changes.undo(session, run(session, run_id).change_id, actor, now, reason).id or 0
