"""New values of a record that was merged are passed on to the record it was merged into, unless that has values of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import successors
from musterroll.usecases.audit import record as audit_record

_UNKNOWN = (None, "", Lifecycle.UNRECORDED)


def pass_on(
    session: Session, change: AuditChange, model: type[Account] | type[Unit], written: Sequence[audit_record.Row]
) -> dict[int, audit_record.Row]:
    """Write what changed in merged records to their successors, as part of the change. Returns the changed successors by merged row id."""
    rows = {row.key: row for row in written}
    into = successors.merged(session, model, rows) if rows else {}
    successors_by_id = {row["id"]: row for row in import_rows.rows_by(session, model, "id", set(into.values()))}
    changed = {}
    for merged_id, successor_id in into.items():
        successor = successors_by_id[successor_id]
        news = _news(rows[merged_id], successor)
        if news:
            before = {name: successor[name] for name in news}
            import_rows.update_rows(session, model, [(successor_id, news)])
            changed[merged_id] = audit_record.Row(str(model.__tablename__), successor_id, before, news)
    audit_record.record(session, change, changed.values())
    return changed


def _news(row: audit_record.Row, successor: Mapping[str, Any]) -> dict[str, Any]:
    before, after = row.before or {}, row.after or {}
    return {name: value for name, value in after.items() if value != before[name] and successor[name] in (*_UNKNOWN, before[name])}
