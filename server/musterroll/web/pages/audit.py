"""The audit log: who changed which record, before and after; undo; and the check that no entry was altered."""

from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, abort, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from musterroll.domain.access import Role, needs
from musterroll.domain.audit import record_word
from musterroll.domain.values import cursors
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit.changes import ChangeFilter
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contracts import Contract
from musterroll.storage.tables.units import Unit
from musterroll.usecases.audit import verify as audit_verify
from musterroll.web.http.context import clock, page, read_only, transaction

pages = Blueprint("audit", __name__)

PAGE, ENTRIES = 50, 40
_KINDS = {
    **{"decision": "finding decision", "notification": "notification rule", "person": "user", "policy": "warranty policy"},
    **{"proposal": "possible duplicate", "token": "API token"},
}


def kind_word(kind: str) -> str:
    """The name of a kind of change on the pages."""
    return _KINDS.get(kind, kind.replace("_", " "))


@pages.get("/audit")
@needs(Role.ADMIN)
def overview() -> str:
    filters, before = _filters(), request.args.get("before") or None
    with read_only() as session:
        fetched = audit_changes.changes(session, cursors.number(before), PAGE + 1, filters)
        kinds, actors = audit_changes.kinds_and_actors(session)
        proof = audit_verify.proof(session)
    changes, older = cursors.cut(fetched, PAGE, lambda row: (row[0].id,))
    words = {"filters": filters, "kinds": kinds, "actors": actors, "before": before, "older": older, "query": _query(filters)}
    return page("audit.html", clock(), kind_word=kind_word, record_word=record_word, changes=changes, proof=proof, **words)


@pages.get("/audit/<int:number>")
@needs(Role.ADMIN)
def change(number: int) -> str:
    before = request.args.get("before") or None
    with read_only() as session:
        row = session.get(AuditChange, number)
        if row is None:
            abort(404)
        undone_by = audit_changes.undone_by(session, number)
        fetched = audit_changes.entries_back(session, number, cursors.number(before), ENTRIES + 1)
        entries, older = cursors.cut(fetched, ENTRIES, lambda entry: (entry.id,))
        rows = [_row(session, *entry) for entry in entries]
    return page(
        "change.html",
        clock(),
        kind_word=kind_word,
        record_word=record_word,
        change=row,
        undone_by=undone_by,
        rows=rows,
        older=older,
        before=before,
    )


@pages.post("/audit/verify")
@needs(Role.ADMIN)
def verify() -> Response:
    now = clock()
    with transaction() as session:
        audit_verify.begin_anew(session, now)
        audit_verify.prove(session, now)
    return redirect("/audit", 303)


def _filters() -> ChangeFilter:
    return ChangeFilter(*(request.args.get(name, "").strip()[:200].replace("\0", "") for name in ChangeFilter._fields))


def _query(filters: ChangeFilter) -> str:
    return urlencode({name: value for name, value in filters._asdict().items() if value})


def _row(
    session: Session, entry_id: int, table: str, key: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> dict[str, Any]:
    """An entry for the page: changed columns before and after, name and path of the record."""
    names = list(dict.fromkeys([*(before or {}), *(after or {})]))
    values = [(name, (before or {}).get(name), (after or {}).get(name)) for name in names]
    differing = [value for value in values if value[1] != value[2] and not (before is None and value[2] in (None, "", "[]"))]
    what = "added" if before is None else "deleted" if after is None else "changed"
    name, path = _record(session, table, key, after or before or {})
    return {"id": entry_id, "table": table, "key": key, "what": what, "values": differing, "name": name, "path": path}


def _record(session: Session, table: str, key: str, image: dict[str, Any]) -> tuple[str, str | None]:
    """The name of a record, and the path of its page if it has one."""
    if table == "unit" and (unit := session.get(Unit, int(key))) is not None:
        return unit.serial, f"/units/{unit.uid}"
    if table == "contract" and (contract := session.get(Contract, int(key))) is not None:
        return contract.ref, f"/contracts/{quote(contract.ref, safe='')}"
    name = next((str(image[name]) for name in ("ref", "name", "serial", "model") if image.get(name)), key)
    return name, f"/products/{key}" if table == "product" else None
