"""The limits of contract lines that their document gives as one text, kept as rows of their own."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlmodel import Session

from musterroll.domain.contracts import limit_text
from musterroll.domain.contracts.limits import Limit
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.limits import LineLimit
from musterroll.usecases.audit import record as audit_record

_TABLE = str(LineLimit.__tablename__)


def known(session: Session, line_ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    """The limits of these lines as columns of the table."""
    by_line: dict[int, list[dict[str, Any]]] = {}
    for record in import_rows.rows_by(session, LineLimit, "line_id", line_ids):
        by_line.setdefault(record["line_id"], []).append(record)
    return by_line


def text(records: Iterable[dict[str, Any]]) -> str:
    return limit_text.written(map(_limit, records))


def after(records: Iterable[dict[str, Any]], given: Sequence[Limit]) -> str:
    """The text once some limits are set; those with an amount of 0 are removed."""
    return limit_text.written(limit_text.merged(map(_limit, records), given))


def store(session: Session, lines: Sequence[tuple[int, int, str]]) -> list[audit_record.Row]:
    """Write the limits of lines: each with its row id, that of its contract, and the text. Returns what changed."""
    rows: list[audit_record.Row] = []
    records, new = known(session, {line_id for line_id, _, _ in lines}), list[dict[str, Any]]()
    for line_id, contract_id, wanted in lines:
        before = {(record["kind"], record["counter"]): record for record in records.get(line_id, ())}
        limits = {(limit.kind, limit.counter): limit for limit in limit_text.read(wanted)}
        new += [{"contract_id": contract_id, "line_id": line_id, **limits[key]._asdict()} for key in limits if key not in before]
        for key, record in before.items():
            to = {**record, **limits[key]._asdict()} if key in limits else None
            if to != record:
                rows.append(audit_record.Row(_TABLE, record["id"], record, to))
    for row_id, record in zip(import_rows.reserve_ids(session, LineLimit, len(new)), new, strict=True):
        rows.append(audit_record.Row(_TABLE, row_id, None, {"id": row_id, **record}))
    _write(session, rows)
    return rows


def _write(session: Session, rows: Sequence[audit_record.Row]) -> None:
    added = [row.after for row in rows if row.before is None and row.after]
    import_rows.insert_columns(session, LineLimit, import_rows.by_column(added))
    import_rows.update_rows(session, LineLimit, [(row.key, row.after) for row in rows if row.before and row.after])
    import_rows.delete_rows(session, LineLimit, [row.key for row in rows if row.after is None])


def _limit(record: dict[str, Any]) -> Limit:
    return Limit(*(record[name] for name in Limit._fields))
