"""What documents newly say of a record that was merged reaches the one that took it over, where that one does not know otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from musterroll.domain.lifecycle import Lifecycle
from musterroll.registry import changing
from musterroll.storage import document_rows, successors
from musterroll.storage.audit_tables import Change
from musterroll.storage.tables import Account, Unit

_UNKNOWN = (None, "", Lifecycle.UNRECORDED)


def carry(session: Session, change: Change, model: type[Account] | type[Unit], written: Sequence[changing.Row]) -> dict[int, changing.Row]:
    """Let the rows that stay know what changed of those merged into them, as part of the change.

    Returns the rows that stay and changed, by the row that was merged into each.
    """
    rows = {row.key: row for row in written if row.before is not None}
    into = successors.merged(session, model, rows) if rows else {}
    stays = {row["id"]: row for row in document_rows.rows_by(session, model, "id", set(into.values()))}
    carried = {}
    for gone, one in into.items():
        news = _news(rows[gone], stays[one])
        if news:
            before = {name: stays[one][name] for name in news}
            document_rows.change(session, model, [(one, news)])
            carried[gone] = changing.Row(str(model.__tablename__), one, before, news)
    changing.record(session, change, carried.values())
    return carried


def _news(row: changing.Row, stays: Mapping[str, Any]) -> dict[str, Any]:
    before, after = row.before or {}, row.after or {}
    return {name: value for name, value in after.items() if value != before[name] and stays[name] in (*_UNKNOWN, before[name])}
