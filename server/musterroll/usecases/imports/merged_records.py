"""What documents newly say of a record that was merged reaches the one that took it over, where that one does not know otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import Change
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import successors
from musterroll.usecases.audit import record as audit_record

_UNKNOWN = (None, "", Lifecycle.UNRECORDED)


def carry(
    session: Session, change: Change, model: type[Account] | type[Unit], written: Sequence[audit_record.Row]
) -> dict[int, audit_record.Row]:
    """Let the rows that stay know what changed of those merged into them, as part of the change.

    Returns the rows that stay and changed, by the row that was merged into each.
    """
    rows = {row.key: row for row in written if row.before is not None}
    into = successors.merged(session, model, rows) if rows else {}
    stays = {row["id"]: row for row in import_rows.rows_by(session, model, "id", set(into.values()))}
    carried = {}
    for gone, one in into.items():
        news = _news(rows[gone], stays[one])
        if news:
            before = {name: stays[one][name] for name in news}
            import_rows.change(session, model, [(one, news)])
            carried[gone] = audit_record.Row(str(model.__tablename__), one, before, news)
    audit_record.record(session, change, carried.values())
    return carried


def _news(row: audit_record.Row, stays: Mapping[str, Any]) -> dict[str, Any]:
    before, after = row.before or {}, row.after or {}
    return {name: value for name, value in after.items() if value != before[name] and stays[name] in (*_UNKNOWN, before[name])}
