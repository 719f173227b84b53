"""What was imported, where a record came from, and taking an import back."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from musterroll.domain.values.errors import NotFound
from musterroll.storage import reconcile_queue
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.imports.runs import Origin, RunRow
from musterroll.storage.tables.imports import ImportRow
from musterroll.usecases.undo import undo as undo_changes

# The kinds of documents a record of each table can come from.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "account": ("accounts",),
    "site": ("sites",),
    "unit": ("units",),
    "contract": ("contracts",),
    "contract_line": ("contract-lines",),
    "invoice": ("billing",),
    "unit_status": ("telemetry",),
    "incident": ("incidents",),
}


def provenance(session: Session, table: str, key: int) -> list[Origin]:
    """The rows of documents that made or changed a record, oldest first.

    Tables: account, site, unit, contract, contract_line, invoice (by contract), unit_status (by unit), incident. A record that no
    document of its own named, such as an account created because a site referred to it, has none.
    """
    return import_runs.origins(session, _KINDS[table], key)


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
    change = undo_changes.undo(session, run(session, run_id).change_id, actor, now, reason)
    reconcile_queue.mark_all(session)
    return change.id or 0
